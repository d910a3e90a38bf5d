"""Sessions: who a browser is. Kept in memory, so that a restart signs everybody out and nothing can be forged.

A session's cookie is unguessable and unreadable for scripts; its CSRF token goes into forms and htmx headers, and every
request that changes something must bring it back.
"""

import datetime as dt
import secrets
import threading
from dataclasses import dataclass, replace
from typing import Final

from console.security.users import User

COOKIE: Final = "guiyi_session"
IDLE: Final = dt.timedelta(hours=12)
_MOST: Final = 10_000


@dataclass(frozen=True)
class Session:
    """One browser.

    Attributes:
        user: who signed in; None while nobody has.
        csrf: what a changing request must bring.
        seen_at: UTC, of the last request.
    """

    token: str
    user: User | None
    csrf: str
    seen_at: dt.datetime


class Sessions:
    """All sessions of a console."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_token: dict[str, Session] = {}

    def find(self, token: str | None, now: dt.datetime) -> Session | None:
        """The session of a cookie, noted as seen; None when there is none or it slept too long."""
        with self._lock:
            session = self._by_token.get(token or "")
            if session is None or now - session.seen_at > IDLE:
                self._by_token.pop(token or "", None)
                return None
            self._by_token[session.token] = replace(session, seen_at=now)
            return self._by_token[session.token]

    def begin(self, user: User | None, now: dt.datetime) -> Session:
        """A new session; signing in always makes one, so that a cookie planted before is worth nothing."""
        session = Session(secrets.token_urlsafe(32), user, secrets.token_urlsafe(32), now)
        with self._lock:
            if len(self._by_token) >= _MOST:
                self._drop_idle(now)
            self._by_token[session.token] = session
        return session

    def end(self, token: str) -> None:
        """Forgets a session."""
        with self._lock:
            self._by_token.pop(token, None)

    def end_all_of(self, name: str) -> None:
        """Forgets every session of a user."""
        with self._lock:
            mine = [token for token, one in self._by_token.items() if one.user and one.user.name == name]
            for token in mine:
                del self._by_token[token]

    def _drop_idle(self, now: dt.datetime) -> None:
        """Makes room: the idle first, then half of the oldest that nobody is signed in to."""
        self._by_token = {token: one for token, one in self._by_token.items() if now - one.seen_at <= IDLE}
        if len(self._by_token) >= _MOST:
            nobody = sorted((one.seen_at, token) for token, one in self._by_token.items() if one.user is None)
            for _, token in nobody[: len(nobody) // 2 + 1]:
                del self._by_token[token]
