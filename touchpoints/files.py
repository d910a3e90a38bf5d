"""Landing files: which there are, also inside archives, what their bytes are, in which encoding their text is.

Nothing here knows contracts; what the text means is for the readers.
"""

import codecs
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from touchpoints.archives import BLOCK, ArchiveError, is_archive, member_blocks, members
from touchpoints.saying import say

HEAD_BYTES: Final = 256 * 1024
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
    """A file of the landing folder, or one inside an archive there, and what its bytes are known by."""

    path: Path  # on disk: of the archive, where it lies in one
    name: str  # below the landing folder, with forward slashes; `bills.zip/a.csv` inside an archive
    sha256: str
    n_bytes: int
    mtime: float  # of what is on disk: archives tell local times without a zone
    member: int | None = None  # its number inside the archive

    @property
    def own_names(self) -> str:
        """Its name without folders; below that the archive's, which may tell what its own does not."""
        return self.path.name if self.member is None else f"{Path(self.name).name}\n{self.path.name}"

    def blocks(self) -> Iterator[bytes]:
        """Its bytes, some megabytes at a time.

        Raises:
            ArchiveError: it lies in an archive that cannot be read.
        """
        if self.member is not None:
            yield from member_blocks(self.path, self.member)
            return
        with self.path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block

    def head(self) -> bytes:
        """Its first bytes, at most `HEAD_BYTES`."""
        return next(self.blocks(), b"")[:HEAD_BYTES]

    def read(self) -> bytes:
        """All its bytes."""
        return self.path.read_bytes() if self.member is None else b"".join(self.blocks())


@dataclass(frozen=True)
class Unread:
    """A file that cannot be opened, and why."""

    file: LandingFile
    trouble: str
    status: str = "unreadable"  # or empty


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


def fingerprints(path: Path, landing: Path) -> Iterator[LandingFile | Unread]:
    """The file with its content hash and size, or each file in it where it is an archive.

    Always read whole: a time or size that did not change proves nothing.
    """
    name = relative_name(path, landing)
    nothing = LandingFile(path, name, "", 0, 0.0)
    try:
        with path.open("rb") as opened:
            head = opened.read(512)
            stat = path.stat()
            inside = members(path) if is_archive(head) else None
            if inside is None:
                opened.seek(0)
                digest = hashlib.file_digest(opened, "sha256")
                yield LandingFile(path, name, digest.hexdigest(), stat.st_size, stat.st_mtime)
                return
        if not inside:
            yield Unread(nothing, say("no_members"), "empty")
        for member in inside:
            file = LandingFile(path, f"{name}/{member.name}", "", 0, stat.st_mtime, member.number)
            yield Unread(file, member.trouble) if member.trouble else _fingerprint_of(file)
    except ArchiveError as error:
        yield Unread(nothing, error.args[0])
    except OSError as error:
        yield Unread(nothing, say("cannot_be_opened", why=error.strerror))


def _fingerprint_of(file: LandingFile) -> LandingFile | Unread:
    digest, n_bytes = hashlib.sha256(), 0
    try:
        for block in file.blocks():
            digest.update(block)
            n_bytes += len(block)
    except ArchiveError as error:
        return Unread(file, error.args[0])
    return replace(file, sha256=digest.hexdigest(), n_bytes=n_bytes)


def head_texts(head: bytes, *, complete: bool) -> list[tuple[str, str]]:
    """The ways in which the beginning of a file can be read: (encoding, text), the likeliest first.

    Args:
        head: the first bytes of the file.
        complete: whether that is the whole file; else the last line, which is cut, is left out.
    """
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return [(encoding, _cut(head[len(mark) :].decode(encoding, "replace"), complete))]
    wide = _utf16_without_mark(head)
    encodings = (wide, *_ENCODINGS) if wide else _ENCODINGS
    texts = ((encoding, _cut(head.decode(encoding, "replace"), complete)) for encoding in encodings)
    return sorted(texts, key=lambda pair: REPLACEMENT in pair[1])


def is_text(head: bytes) -> bool:
    """Whether a file that begins so is text in an encoding that is read here."""
    return (
        b"\x00" not in head[:1024]
        or head.startswith(_BOMS[1][0])
        or head.startswith(_BOMS[2][0])
        or bool(_utf16_without_mark(head))
    )


def _utf16_without_mark(head: bytes) -> str | None:
    """UTF-16 that has no byte order mark: text with ASCII in it has a zero in every other place."""
    even, odd = head[:2048:2].count(0), head[1:2048:2].count(0)
    if max(even, odd) < len(head[:2048]) // 8 or min(even, odd) > max(even, odd) // 4:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _cut(text: str, complete: bool) -> str:
    return text if complete or "\n" not in text else text[: text.rindex("\n") + 1]


def marked(data: bytes) -> int:
    """The length of the byte order mark at the beginning; 0 without one."""
    return next((len(mark) for mark, _ in _BOMS if data.startswith(mark)), 0)


def ways_to_read(head: bytes, likely: str) -> list[tuple[str, str]]:
    """Encodings in which a file may be, with how its errors are met; see `to_utf8` for their order."""
    likely = next((encoding for mark, encoding in _BOMS if head.startswith(mark)), likely)
    order = dict.fromkeys((likely, *(_ENCODINGS if likely in _ENCODINGS else ())))
    return [*((encoding, "strict") for encoding in order), (likely, "replace")]


def to_utf8(data: bytes, likely: str) -> tuple[bytes, str]:
    """A whole file's text as UTF-8 without byte order mark, and the encoding that it was in.

    Each encoding is tried strictly over the whole file, the likely one first. When none fits, the likely one is
    used and what it cannot read becomes U+FFFD, by which the readers refuse the rows that have it.
    """
    *strict, (last, errors) = ways_to_read(data, likely)
    data = data[marked(data) :]
    for encoding, way in strict:
        try:
            return _transcode(data, encoding, way), encoding
        except UnicodeDecodeError:
            continue
    return _transcode(data, last, errors), last


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
    for start in range(0, max(len(data), 1), BLOCK):
        use(data[start : start + BLOCK], start + BLOCK >= len(data))
