"""Rate limit of signing in: guessing is slow, for each name and for each address."""

import datetime as dt
import threading
from collections import defaultdict, deque
from typing import Final

WINDOW: Final = dt.timedelta(minutes=5)
MOST_FAILURES: Final = 5
_MOST_KEYS: Final = 20_000


class SignInLimit:
    """Failures of the last five minutes, by name and by address."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: dict[str, deque[dt.datetime]] = defaultdict(deque)

    def wait(self, keys: tuple[str, ...], now: dt.datetime) -> int:
        """Seconds to wait before the next try; 0 when it may be made now."""
        with self._lock:
            waits = [self._wait_of(key, now) for key in keys]
        return max(waits, default=0)

    def failed(self, keys: tuple[str, ...], now: dt.datetime) -> None:
        """Notes a failure."""
        with self._lock:
            if len(self._failures) > _MOST_KEYS:
                self._forget(now)
            for key in keys:
                self._failures[key].append(now)

    def succeeded(self, keys: tuple[str, ...]) -> None:
        """Forgets the failures of who has signed in."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    def _wait_of(self, key: str, now: dt.datetime) -> int:
        times = self._failures.get(key)
        while times and now - times[0] > WINDOW:
            times.popleft()
        if not times:
            self._failures.pop(key, None)
            return 0
        if len(times) < MOST_FAILURES:
            return 0
        return int((times[-MOST_FAILURES] + WINDOW - now).total_seconds()) + 1

    def _forget(self, now: dt.datetime) -> None:
        old = [key for key, times in self._failures.items() if not times or now - times[-1] > WINDOW]
        for key in old:
            del self._failures[key]
