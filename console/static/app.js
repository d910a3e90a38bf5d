// Keyboard shortcuts and small courtesies. Everything works without this file.
"use strict";
(() => {
  let waiting = false;
  const typing = (target) => target.matches("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (waiting) {
      waiting = false;
      const place = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
      if (place) { event.preventDefault(); place.click(); }
      return;
    }
    if (event.key === "g") { waiting = true; setTimeout(() => { waiting = false; }, 1200); return; }
    if (event.key === "/") {
      const box = document.querySelector("input[type=search]");
      if (box) { event.preventDefault(); box.focus(); box.select(); }
    }
    const pressed = document.querySelector(`[data-hotkey="${CSS.escape(event.key)}"]`);
    if (pressed) { event.preventDefault(); pressed.click(); return; }
    if (event.key === "?") document.getElementById("help").togglePopover();
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
    document.getElementById("notice").textContent = button.dataset.copied;
    setTimeout(() => { document.getElementById("notice").textContent = ""; }, 2000);
  });
  // An edge of a graph leads to its evidence in the list, which may be folded.
  document.addEventListener("click", (event) => {
    const edge = event.target.closest('a[href^="#"]');
    const row = edge && document.getElementById(edge.getAttribute("href").slice(1));
    const folded = row && row.closest("details");
    if (folded) folded.open = true;
  });
  // A search box that hides what does not hold its words; Enter takes the first that is left.
  const filtered = (box) => [...document.querySelectorAll(`${box.dataset.filter} [data-words]`)];
  document.addEventListener("input", (event) => {
    const box = event.target.closest("[data-filter]");
    if (!box) return;
    const words = box.value.toLowerCase().split(/\s+/);
    for (const one of filtered(box)) {
      const text = one.dataset.words.toLowerCase();
      one.hidden = !words.every((word) => text.includes(word));
    }
    for (const group of document.querySelectorAll(`${box.dataset.filter} .pick-group`)) {
      group.hidden = !group.querySelector("[data-words]:not([hidden])");
    }
  });
  document.addEventListener("keydown", (event) => {
    const box = event.target.closest("[data-filter]");
    if (!box || event.key !== "Enter") return;
    event.preventDefault();
    filtered(box).find((one) => !one.hidden)?.click();
  });
  // What was unfolded stays so when its part is drawn again.
  let unfolded = [];
  document.addEventListener("htmx:beforeSwap", (event) => {
    const open = event.detail.target.querySelectorAll("details[open][data-keep]");
    unfolded = [...open].map((one) => one.dataset.keep);
  });
  document.addEventListener("htmx:afterSwap", () => {
    // The part that was drawn may have taken the place of the one that was asked for.
    for (const one of document.querySelectorAll("details[data-keep]")) {
      if (unfolded.includes(one.dataset.keep)) one.open = true;
    }
  });
  // A form that only chooses what is shown is sent by the choice itself.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-send-on-change]");
    if (form) form.requestSubmit();
  });
  // A refusal is an answer too: its page is shown in place of what was asked for.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status >= 400) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
})();
