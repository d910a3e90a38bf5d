"""Rate limit of signing in: guessing is slow, for each name at each address, and in all.

People of an office come from one address: one who mistypes keeps nobody else out. So the tight limit is that of a name
at an address, and the wide ones, of an address and of a name wherever it is tried, stop only guessing at large.
"""

import datetime as dt
import threading
from collections import defaultdict, deque
from typing import Final, NamedTuple

WINDOW: Final = dt.timedelta(minutes=5)
MOST_FAILURES: Final = 5
MOST_OF_NAME: Final = 50
MOST_OF_ADDRESS: Final = 100
_MOST_KEYS: Final = 20_000
_LONGEST: Final = 64


class Key(NamedTuple):
    """What failures are counted by, and how many there may be."""

    text: str
    most: int


class Keys(NamedTuple):
    """What a try counts for."""

    pair: Key
    name: Key
    address: Key


class Wait(NamedTuple):
    """Whether a try must wait: the seconds, 0 when it may be made, and whether it is the whole address that must."""

    seconds: int
    is_of_address: bool


def keys_of(name: str, address: str) -> Keys:
    """What a try of a name from an address counts for; the same for names that exist and that do not."""
    said = name[:_LONGEST].lower()
    return Keys(
        Key(f"{said} at {address}", MOST_FAILURES), Key(f"name {said}", MOST_OF_NAME),
        Key(f"address {address}", MOST_OF_ADDRESS),
    )  # fmt: skip


class SignInLimit:
    """Tries of the last five minutes that did not get in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tries: dict[str, deque[dt.datetime]] = defaultdict(deque)

    def begin(self, keys: Keys, now: dt.datetime) -> Wait:
        """Asks for a try. One that may be made counts as failed at once, so that many at the same time gain nothing."""
        with self._lock:
            if len(self._tries) > _MOST_KEYS:
                self._forget(now)
            waits = {key: self._wait_of(key, now) for key in keys}
            seconds = max(waits.values())
            if seconds == 0:
                for key in keys:
                    self._tries[key.text].append(now)
            return Wait(seconds, waits[keys.address] > 0)

    def succeeded(self, keys: Keys) -> None:
        """Forgets the failures of who has signed in there; of the name elsewhere and of others there only this try."""
        with self._lock:
            self._tries.pop(keys.pair.text, None)
            for key in (keys.name, keys.address):
                if self._tries.get(key.text):
                    self._tries[key.text].pop()

    def _wait_of(self, key: Key, now: dt.datetime) -> int:
        times = self._tries.get(key.text)
        while times and now - times[0] > WINDOW:
            times.popleft()
        if not times:
            self._tries.pop(key.text, None)
            return 0
        if len(times) < key.most:
            return 0
        return int((times[-key.most] + WINDOW - now).total_seconds()) + 1

    def _forget(self, now: dt.datetime) -> None:
        old = [key for key, times in self._tries.items() if not times or now - times[-1] > WINDOW]
        for key in old:
            del self._tries[key]
