"""The shelf of audiences: those that come with Guiyi, and the brand's own in `HOME/audiences`.

An own audience with the name of a built-in one takes its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from common.errors import DefinitionError, UsageError
from segments.rules.load import Audience, Origin, load_audience
from segments.saying import say
from warehouse.home import Home

AUDIENCES: Final = Path(__file__).parents[1] / "audiences"


@dataclass(frozen=True)
class Shelf:
    """The audiences of a home as far as their files can be read.

    Attributes:
        audiences: by name, in alphabetical order.
        faults: of the files that cannot be read, by the audience's name.
    """

    audiences: dict[str, Audience]
    faults: dict[str, DefinitionError]


def load_audiences(home: Path | None = None) -> dict[str, Audience]:
    """Reads all audiences, by name in alphabetical order.

    Args:
        home: the GUIYI_HOME folder; None for the built-in ones alone.

    Raises:
        DefinitionError: one of the files is wrong.
    """
    return {path.stem: load_audience(path, origin) for path, origin in _files(home)}


def survey_audiences(home: Path | None = None) -> Shelf:
    """Reads all audiences that can be read, and tells what is wrong with the others."""
    shelf = Shelf({}, {})
    for path, origin in _files(home):
        try:
            shelf.audiences[path.stem] = load_audience(path, origin)
        except DefinitionError as error:
            shelf.faults[path.stem] = error
    return shelf


def find_audience(name: str, home: Path | None = None) -> Audience:
    """The audience of that name.

    Args:
        name: the audience's name.
        home: the GUIYI_HOME folder; None for the built-in ones alone.

    Raises:
        UsageError: there is none.
        DefinitionError: its file is wrong.
    """
    files = {path.stem: (path, origin) for path, origin in _files(home)}
    if name in files:
        return load_audience(*files[name])
    near = get_close_matches(name, files, n=1)
    known = ", ".join(files) or say("none_yet")
    if near:
        raise UsageError(say("no_audience_guess", name=repr(name), near=near[0], known=known))
    raise UsageError(say("no_audience", name=repr(name), known=known))


def own_path(home: Path, name: str) -> Path:
    """Where the brand's own audience of that name lies, whether it is there or not."""
    return Home(home).audiences / f"{name}.yml"


def _files(home: Path | None) -> Iterator[tuple[Path, Origin]]:
    """The file of each audience, in alphabetical order of their names."""
    found: dict[str, tuple[Path, Origin]] = {path.stem: (path, "built_in") for path in AUDIENCES.glob("*.yml")}
    if home is not None:
        found |= {path.stem: (path, "own") for path in Home(home).audiences.glob("*.yml")}
    for name in sorted(found):
        yield found[name]
