"""Landing files: which there are, what their bytes are, in which encoding their text is.

Nothing here knows contracts; what the text means is for the readers.
"""

import codecs
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HEAD_BYTES: Final = 256 * 1024
_BLOCK: Final = 4 * 1024 * 1024
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What a file can be in; GB18030 also reads GBK and GB2312, and nearly anything else, so it comes last.
_ENCODINGS: Final = ("utf-8", "gb18030")
ACCOUNTS_FILE: Final = "accounts.yml"
_NOT_DATA: Final = (".", "~$")  # hidden files, and the lock files of a spreadsheet that is open
REPLACEMENT: Final = "\ufffd"


@dataclass(frozen=True)
class LandingFile:
    """A file of the landing folder and what its bytes are known by."""

    path: Path
    name: str  # below the landing folder, with forward slashes
    sha256: str
    n_bytes: int
    mtime: float


def discover(landing: Path) -> list[Path]:
    """Every data file below the landing folder, ordered by its relative path."""
    found = (path for path in landing.rglob("*") if path.is_file())
    return sorted((path for path in found if _is_data(path, landing)), key=lambda p: relative_name(p, landing))


def relative_name(path: Path, landing: Path) -> str:
    """The path below the landing folder, with forward slashes on every system."""
    return path.relative_to(landing).as_posix()


def _is_data(path: Path, landing: Path) -> bool:
    parts = path.relative_to(landing).parts
    hidden = any(part.startswith(_NOT_DATA) for part in parts)
    return not hidden and parts != (ACCOUNTS_FILE,)


def fingerprint(path: Path, landing: Path) -> LandingFile:
    """The file's content hash and size. Always read whole: a time or size that did not change proves nothing."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    stat = path.stat()
    return LandingFile(path, relative_name(path, landing), digest, stat.st_size, stat.st_mtime)


def head_texts(head: bytes, *, complete: bool) -> list[tuple[str, str]]:
    """The ways in which the beginning of a file can be read: (encoding, text), the likeliest first.

    Args:
        head: the first bytes of the file.
        complete: whether that is the whole file; else the last line, which is cut, is left out.
    """
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return [(encoding, _cut(head[len(mark) :].decode(encoding, "replace"), complete))]
    texts = ((encoding, _cut(head.decode(encoding, "replace"), complete)) for encoding in _ENCODINGS)
    return sorted(texts, key=lambda pair: REPLACEMENT in pair[1])


def _cut(text: str, complete: bool) -> str:
    return text if complete or "\n" not in text else text[: text.rindex("\n") + 1]


def to_utf8(data: bytes, likely: str) -> tuple[bytes, str]:
    """A whole file's text as UTF-8 without byte order mark, and the encoding that it was in.

    Each encoding is tried strictly over the whole file, the likely one first. When none fits, the likely one is
    used and what it cannot read becomes U+FFFD, by which the readers refuse the rows that have it.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            data, likely = data[len(mark) :], encoding
            break
    order = dict.fromkeys((likely, *(_ENCODINGS if likely in _ENCODINGS else ())))
    for encoding in order:
        try:
            return _transcode(data, encoding, "strict"), encoding
        except UnicodeDecodeError:
            continue
    return _transcode(data, likely, "replace"), likely


def _transcode(data: bytes, encoding: str, errors: str) -> bytes:
    """In blocks: one string of a whole file would take up to four bytes a character."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    if encoding == "utf-8" and errors == "strict":
        _each_block(data, lambda block, last: decoder.decode(block, last))
        return data
    parts: list[bytes] = []
    _each_block(data, lambda block, last: parts.append(decoder.decode(block, last).encode("utf-8", "replace")))
    return b"".join(parts)


def _each_block(data: bytes, use: Callable[[bytes, bool], object]) -> None:
    for start in range(0, max(len(data), 1), _BLOCK):
        use(data[start : start + _BLOCK], start + _BLOCK >= len(data))
