"""Archives: the files inside zip, gz and tar, read where they lie and never unpacked to disk.

What the files mean is for the readers. An archive inside an archive is not opened, and one that grows beyond reason
while it is read is refused: the sizes that it tells of itself are not believed.
"""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from common.errors import GuiyiError
from touchpoints.saying import say

_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP: Final = b"\x1f\x8b"
_TAR: Final = (257, b"ustar")  # where a tar says what it is
_WORKBOOK: Final = frozenset({"[Content_Types].xml", "mimetype", "xl/workbook.xml"})
_NOT_DATA: Final = (".", "~$", "__MACOSX")
_UTF8_FLAG: Final = 0x800
_ENCRYPTED_FLAG: Final = 0x1
# Text shrinks ten- to thirtyfold; what grows two hundredfold is made to do harm.
_MOST_TIMES: Final = 200
_ALWAYS_ALLOWED: Final = 64 * 1024 * 1024
_MOST_BYTES: Final = 16 * 1024**3
BLOCK: Final = 16 * 1024 * 1024
_MOST_MEMBERS: Final = 10_000


class ArchiveError(GuiyiError):
    """An archive, or one file in it, that is not read; the message says why."""


@dataclass(frozen=True)
class Member:
    """A file inside an archive.

    Attributes:
        number: its place among all entries of the archive.
        name: its path inside the archive, forward slashes, as a person would read it; each name is there once.
        trouble: why it is not read; None where it can be.
    """

    number: int
    name: str
    trouble: str | None = None


def is_archive(head: bytes) -> bool:
    """Whether a file that begins so may be an archive; workbooks begin as zip does too."""
    return head.startswith((*_ZIP, _GZIP)) or _is_tar(head)


def members(path: Path) -> list[Member] | None:
    """The files inside an archive, by name; None when it is a workbook.

    Raises:
        ArchiveError: it is damaged, or holds too many files.
    """
    try:
        found = _entries(path)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, ValueError) as error:
        if path.suffix.lower() not in (".zip", ".gz", ".tgz", ".tar"):
            return None
        raise ArchiveError(say("archive_damaged")) from error
    if found is None:
        return None
    if len(found) > _MOST_MEMBERS:
        raise ArchiveError(say("too_many_members"))
    wanted = [member for member in found if _is_data(member.name)]
    return sorted(_once_each(wanted), key=lambda member: member.name)


def holds_files(data: bytes) -> bool:
    """Whether bytes are an archive of files rather than a workbook."""
    if not data.startswith(_ZIP):
        return data.startswith(_GZIP) or _is_tar(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return not _WORKBOOK & set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError):
        return False


def member_blocks(path: Path, number: int) -> Iterator[bytes]:
    """One file of an archive, block by block from its beginning.

    Raises:
        ArchiveError: it is damaged or protected, or grows beyond reason.
    """
    try:
        with path.open("rb") as raw, _opened(raw, number) as (file, n_packed):
            left = min(max(_ALWAYS_ALLOWED, n_packed * _MOST_TIMES), _MOST_BYTES)
            while block := file.read(BLOCK):
                left -= len(block)
                if left < 0:
                    raise ArchiveError(say("grows_too_large"))
                yield block
    except ArchiveError:
        raise
    except RuntimeError as error:  # zipfile's word for a password that it was not given
        raise ArchiveError(say("archive_protected")) from error
    except Exception as error:  # zlib, lzma and bz2 have errors of their own
        raise ArchiveError(say("archive_damaged")) from error


@contextmanager
def _opened(raw: IO[bytes], number: int) -> Iterator[tuple[IO[bytes], int]]:
    """One file of an archive, and how many bytes it takes packed."""
    head = raw.read(512)
    raw.seek(0)
    if head.startswith(_ZIP):
        with zipfile.ZipFile(raw) as archive:
            info = archive.infolist()[number]
            with archive.open(info) as file:
                yield file, info.compress_size
        return
    n_packed = raw.seek(0, 2)
    raw.seek(0)
    if _holds_tar(raw, head):
        with tarfile.open(fileobj=raw) as tar:
            file_in_tar = tar.extractfile(tar.getmembers()[number])
            if file_in_tar is None:
                raise ArchiveError(say("leads_outside"))
            yield file_in_tar, n_packed
    else:
        with gzip.open(raw) as packed:
            yield cast(IO[bytes], packed), n_packed


def _entries(path: Path) -> list[Member] | None:
    with path.open("rb") as raw:
        head = raw.read(512)
        raw.seek(0)
        if head.startswith(_ZIP):
            with zipfile.ZipFile(raw) as archive:
                infos = archive.infolist()
                if _WORKBOOK & {info.filename for info in infos}:
                    return None
                return [_of_zip(number, info) for number, info in enumerate(infos) if not info.is_dir()]
        if _holds_tar(raw, head):
            with tarfile.open(fileobj=raw) as tar:
                return [_of_tar(number, entry) for number, entry in enumerate(tar) if not entry.isdir()]
    name = path.name.removesuffix(".gz").removesuffix(".GZ")
    return [Member(0, name)]


def _holds_tar(raw: IO[bytes], head: bytes) -> bool:
    """Whether the file is a tar, packed or not; the position is at the beginning afterwards."""
    if head.startswith(_GZIP):
        with gzip.GzipFile(fileobj=raw) as packed:
            head = packed.read(512)
        raw.seek(0)
    return _is_tar(head)


def _is_tar(head: bytes) -> bool:
    place, word = _TAR
    return head[place : place + len(word)] == word


def _of_zip(number: int, info: zipfile.ZipInfo) -> Member:
    name = info.filename
    if not info.flag_bits & _UTF8_FLAG:
        name = _as_meant(name)
    protected = say("archive_protected") if info.flag_bits & _ENCRYPTED_FLAG else None
    return Member(number, name, say("leads_outside") if _leads_out(name) else protected)


def _of_tar(number: int, entry: tarfile.TarInfo) -> Member:
    # A link may point anywhere.
    trouble = say("leads_outside") if _leads_out(entry.name) or not entry.isfile() else None
    return Member(number, entry.name.removeprefix("./"), trouble)


def _as_meant(name: str) -> str:
    """A name that says no encoding: zipfile takes it for cp437, Chinese systems wrote GBK and others UTF-8."""
    try:
        raw = name.encode("cp437")
    except UnicodeEncodeError:
        return name
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name


def _leads_out(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return ".." in parts or name.startswith(("/", "\\")) or (len(name) > 1 and name[1] == ":")


def _is_data(name: str) -> bool:
    return not any(part.startswith(_NOT_DATA) and part not in ("..", ".") for part in name.split("/"))


def _once_each(found: list[Member]) -> list[Member]:
    """Members with names that are there once: the second `a.csv` becomes `a.csv (2)`."""
    seen: dict[str, int] = {}
    unique = []
    for member in found:
        name = member.name.replace("\\", "/")
        seen[name] = seen.get(name, 0) + 1
        again = f" ({seen[name]})" if seen[name] > 1 else ""
        unique.append(Member(member.number, name + again, member.trouble))
    return unique
