"""Working ahead: the next element of a stream is worked out while the one before it is used.

So reading, decoding, taking apart and writing of one file go on side by side, each a block ahead of the next.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

_Element = TypeVar("_Element")
_END: Final[Any] = object()
_AT_ONCE: Final = 2


def ahead(elements: Iterator[_Element]) -> Iterator[_Element]:
    """The same elements in the same order; what the stream raises is raised where its element would have come."""
    begun: list[_Element] = []
    # The stream of a small file ends here: a thread would cost more than it saves.
    while len(begun) < _AT_ONCE:
        try:
            found = next(elements, _END)
        except Exception:
            yield from begun
            raise
        if found is _END:
            yield from begun
            return
        begun.append(found)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, elements, _END)
        yield from begun
        while (found := coming.result()) is not _END:
            coming = pool.submit(next, elements, _END)
            yield found
