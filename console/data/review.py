"""The review queue of a home as the pages show it: the questions, one with both sides aligned, the answers."""

from itertools import accumulate
from typing import Any, Final

from console import words
from console.data.rows import Row, rows
from identity.showing.parts import weighed
from identity.showing.queue import Queue, evidence, read_queue
from identity.showing.sides import FACTS, SAME, Compared
from identity.showing.verdicts import AGREE, NOT_COMPARED
from segments.api import Published
from warehouse.home import Home


def queue(home: Home) -> Queue:
    """The questions of the published run and the answers so far.

    Raises:
        UsageError: nothing is published, or the run asks nothing yet.
    """
    run_id = home.require_published()
    tables = home.snapshot(run_id) / "tables" / "identity"
    return read_queue(tables, home.vault / run_id / "touchpoints", home.identity, run_id)


def beside(found: Queue, item_id: str) -> tuple[str | None, str | None]:
    """The open questions before and after one in the order of value; after the last comes the first that is open."""
    order = found.items["item_id"].to_list()
    is_open = [one for one in order if one not in found.answered and one != item_id]
    if item_id not in order:
        return None, is_open[0] if is_open else None
    at = order.index(item_id)
    rank = {one: n for n, one in enumerate(order)}
    before = [one for one in is_open if rank[one] < at]
    after = [one for one in is_open if rank[one] > at]
    following = after[0] if after else (before[0] if before else None)
    return (before[-1] if before else None), following


def question(published: Published, found: Queue, item: Row) -> dict[str, Any]:
    """One question as it is shown.

    Returns:
        facts: rows of both sides' masked values, aligned, each with the verdict of the evidence or one-sided; parts:
        the weights as rows of a waterfall; one_ids and n_records of the sides.
    """
    step = evidence(published.con, item)
    step = step if step is not None and step.match_weight is not None else None
    compared = found.compared(item, step)
    a, b = compared.a, compared.b
    return {
        "facts": [row for key in FACTS if (row := _aligned(key, compared)) is not None],
        "parts": _waterfall(step) if step is not None else [],
        "one_ids": (a.one_id, b.one_id),
        "n_records": (a.n_records, b.n_records),
    }


def _aligned(key: str, compared: Compared) -> Row | None:
    left, right = compared.a.facts.get(key, []), compared.b.facts.get(key, [])
    if not left and not right:
        return None
    zh, en = FACTS[key]
    verdict = compared.verdicts.get(key)
    if key == "accounts" and left and right:
        # No clue of the model's: one that both carry is told as it is, and two cards are two things.
        verdict = AGREE if any(text.startswith(SAME) for text in left) else NOT_COMPARED
    state = verdict.state if verdict else ("" if key in _BESIDE else "one")
    is_compared = key in compared.verdicts and state != NOT_COMPARED.state
    return {
        "label_zh": zh, "label_en": en, "a": _values(key, left, is_compared), "b": _values(key, right, is_compared),
        "state": state, "verdict": verdict, "tone": _TONES.get(state, ""),
        # Where the masks look alike, a reader must be told that what they hide is not.
        "hides": is_compared and state == "differ" and left[0] == right[0],
    }  # fmt: skip


# Told beside the facts; they agree or differ with nothing.
_BESIDE: Final = ("sources", "seen")
_TONES: Final = {"agree": "good", "partly": "warn", "differ": "bad"}
_MARK: Final = f"{SAME} "


def _values(key: str, texts: list[str], is_compared: bool) -> list[Row]:
    found = []
    for n, text in enumerate(texts):
        zh, en = _named(key, text.removeprefix(_MARK))
        found.append({"zh": zh, "en": en, "is_same": text.startswith(_MARK), "is_compared": is_compared and n == 0})
    return found


def _named(key: str, text: str) -> words.Pair:
    """A value with its codes as words: `pos_card 800***97`, `aliyun_sms contact × 15`, `male`."""
    first, _, rest = text.partition(" ")
    if key == "accounts":
        zh, en = words.label("id_type", first)
        return f"{zh} {rest}", f"{en} {rest}"
    if key == "sources" and rest:
        role, _, many = rest.partition(" ")
        named, said = words.source(first), words.label("role", role)
        return f"{named[0]} {said[0]} {many}", f"{named[1]} {said[1]} {many}"
    return words.label("gender", text) if key == "genders" else (text, text)


def _waterfall(step: Any) -> list[Row]:
    """Rows of a waterfall: each part from where the one before it ended, then the sum, on one scale."""
    parts = weighed(step)
    ends = list(accumulate((part.weight for part in parts), initial=0.0))
    low, high = min(ends), max(ends)
    found = [
        {
            "zh": part.zh, "en": part.en, "weight": part.weight, "start": ends[n], "end": ends[n + 1],
            "tone": "chance" if not part.comparison else ("for" if part.weight >= 0 else "against"),
        }
        for n, part in enumerate(parts)
    ]  # fmt: skip
    total = step.match_weight
    found.append({"zh": "合计", "en": "sum", "weight": total, "start": 0.0, "end": total, "tone": "sum"})
    return [row | {"low": low, "high": high} for row in found]


def answers(published: Published, found: Queue) -> list[Row]:
    """The answers that stand, newest first, with whether the published run has applied them and who is meant."""
    given = list(reversed(list(found.answered.values())))
    people = rows(
        published.con,
        "select record_id, role, one_id from identity.record_map where record_id in (select unnest(?))",
        [[end for one in given for end in (one.record_a, one.record_b)]],
    )
    person = {(row["record_id"], row["role"]): row["one_id"] for row in people}
    status = {
        row["origin"]: row["status"] for row in rows(published.con, "select origin, status from identity.override")
    }
    return [
        vars(one)
        | {
            "one_id_a": person.get((one.record_a, one.role_a)),
            "one_id_b": person.get((one.record_b, one.role_b)),
            "status": status.get(f"review {one.item_id}"),
        }
        for one in given
    ]
