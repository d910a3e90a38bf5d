"""Every page of the menu in a real browser: it opens, fits, is accessible, speaks both languages."""

import pytest

from console.navigation import NAVIGATION

WIDTHS = (390, 1440)

PAGES = [place.path for place in NAVIGATION]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_the_screen_and_has_no_serious_accessibility_fault(watch, console, path, width):
    seen = watch(console + path, width=width, dark=width == 390)
    assert seen.page.locator("h1").inner_text()
    assert not seen.is_wider_than_the_screen()
    assert seen.serious_faults() == []


def test_the_language_is_switched_and_kept(watch, console):
    page = watch(console).page
    assert page.locator("h1").inner_text() == "今日"
    page.get_by_role("button", name="English").click()
    assert page.locator("h1").inner_text() == "Today"
    page.goto(console + "/")
    assert page.locator("html").get_attribute("lang") == "en"


def test_a_browser_that_speaks_english_is_answered_in_english(watch, console):
    assert watch(console, language="en").page.locator("h1").inner_text() == "Today"


def test_g_and_a_letter_open_a_page_and_the_help_names_them(watch, console):
    page = watch(console + "/").page
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_load_state()
    assert page.url == console + "/"


def test_a_page_that_is_not_there_says_so(watch, console):
    page = watch(console + "/").page
    answer = page.request.get(console + "/nowhere")
    assert answer.status == 404
    assert "没有这个页面" in answer.text()


def test_on_a_phone_a_short_page_leaves_its_menu_as_it_is_and_no_tile_empty(watch, console):
    page = watch(console + "/audiences/-/compare", width=390).page
    short = page.locator(".side").bounding_box()["height"]
    page.goto(console + "/health")
    assert page.locator(".side").bounding_box()["height"] == short
    page.goto(console + "/audiences/silent_high_value")
    page.wait_for_load_state("networkidle")
    row, last = page.locator(".tiles").first, page.locator(".tiles").first.locator(".tile").last
    right = [one.bounding_box()["x"] + one.bounding_box()["width"] for one in (row, last)]
    assert abs(right[0] - right[1]) < 2
