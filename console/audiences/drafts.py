"""Drafts: audiences that somebody is putting together, so that a page that is loaded again is as it was.

Kept in memory; the form itself holds the whole state, so a draft that is forgotten is known again with its next change.
"""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from console.audiences.sheet import Sheet

MOST: Final = 500


@dataclass
class Kept:
    """A draft.

    Attributes:
        who: whose it is; others do not see it.
        sheet: its form.
        base: the audience that it began with, if any.
        replaces: sha256 of the own file that it began with.
    """

    who: str
    sheet: Sheet
    base: str = ""
    replaces: str | None = None
    is_new: bool = field(default=True)


class Drafts:
    """The drafts of a console; the least used go first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def begin(self, draft: Kept) -> str:
        """A new draft; gives its id."""
        draft_id = secrets.token_urlsafe(9)
        self.keep(draft_id, draft)
        return draft_id

    def find(self, draft_id: str, who: str) -> Kept | None:
        """The draft of that id, if it is theirs."""
        with self._lock:
            draft = self._kept.get(draft_id)
            if draft is None or draft.who != who:
                return None
            self._kept.move_to_end(draft_id)
            return draft

    def keep(self, draft_id: str, draft: Kept) -> None:
        """Keeps a draft as it is now."""
        with self._lock:
            self._kept[draft_id] = draft
            self._kept.move_to_end(draft_id)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
