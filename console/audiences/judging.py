"""What is said of a draft: its sizes where it can be counted, and every fault at the field that it belongs to."""

from dataclasses import dataclass, field
from typing import Any

from common.errors import DefinitionError, GuiyiError
from console.audiences.sheet import Draft, Sheet, draft_of
from console.audiences.vocabulary import Vocabulary
from segments.api import Audience, Preview, Published, RuleFault, audience_from, preview

Location = tuple[str | int, ...]
Told = tuple[str, str]


@dataclass
class Judged:
    """A draft on the published run.

    Attributes:
        draft: the definition with its gaps.
        audience: it, checked; None where it has a fault.
        seen: its sizes; None where it has a fault.
        faults: by node id or field, problem and remedy; what has no place of its own is under `all`.
    """

    draft: Draft
    audience: Audience | None = None
    seen: Preview | None = None
    faults: dict[str, Told] = field(default_factory=dict)


def judge(published: Published, sheet: Sheet, vocabulary: Vocabulary, *, people: int = 0) -> Judged:
    """Counts a draft, or says where its faults are.

    Args:
        published: the open run.
        sheet: the form.
        vocabulary: of that run.
        people: how many masked people to show.
    """
    judged = Judged(draft_of(sheet, vocabulary))
    try:
        judged.audience = audience_from(judged.draft.raw, published.home.audiences / f"{judged.draft.raw['name']}.yml")
        judged.seen = preview(published, judged.audience, people=people, has_notes=False)
    except RuleFault as error:
        for one in (error, *error.others):
            judged.faults.setdefault(place(one.location, judged.draft, sheet), (one.problem, one.remedy))
    except DefinitionError as error:
        judged.faults["all"] = (error.problem, error.remedy)
    except GuiyiError as error:
        judged.faults["all"] = (error.args[0], "")
    return judged


def checked(published: Published, sheet: Sheet, vocabulary: Vocabulary) -> Audience | None:
    """The audience that a sheet says; None where it has a fault."""
    raw = draft_of(sheet, vocabulary).raw
    try:
        return audience_from(raw, published.home.audiences / f"{raw['name']}.yml")
    except GuiyiError:
        return None


def place(location: Location, draft: Draft, sheet: Sheet) -> str:
    """The node or the field of the form that a place of the file belongs to."""
    head: Any = location[0] if location else ""
    if head == "where":
        return draft.built.node_at(location) or "all"
    if head == "parameters" and len(location) > 1:
        names = [row.name for row in sheet.parameters]
        return f"p{names.index(location[1])}" if location[1] in names else "all"
    fields = {"label": "label_zh", "description": "description_zh", "personal": "channel", "order_by": "order"}
    known = ("name", "owner", "channel", "limit", "columns", "order", "label_zh", "description_zh")
    found = fields.get(head, head)
    return found if found in known else "all"
