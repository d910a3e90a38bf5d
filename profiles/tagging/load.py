"""Reads tag files, one a tag, and says what is wrong with them."""

from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from common.errors import DefinitionError
from common.yaml_text import load_yaml
from profiles.tagging.expressions import check_tag
from profiles.tagging.ladder import check_ladder
from profiles.tagging.model import ANY_TAG, KINDS, Tag, TierLadderTag

DEFAULT_FOLDER: Final = Path(__file__).parent.parent / "tags"


def load_tags(folder: Path = DEFAULT_FOLDER, own: Path | None = None) -> list[Tag]:
    """Every tag of a folder (`*.yml`), by name.

    Args:
        folder: the built-in tags.
        own: the brand's own ones, if it has any; one of the same name takes the place of the built-in.

    Raises:
        DefinitionError: the folder has no tags, or a file is no YAML or says something that a tag cannot.
    """
    paths = {path.stem: path for path in sorted(folder.glob("*.yml"))}
    if not paths:
        raise DefinitionError(folder, "no tag is defined here.", "Put one .yml file for each tag into the folder.")
    paths |= {path.stem: path for path in sorted(own.glob("*.yml"))} if own else {}
    return [load_tag(paths[name]) for name in sorted(paths)]


def load_tag(path: Path) -> Tag:
    """One tag from its file.

    Raises:
        DefinitionError: see `load_tags`.
    """
    content = _read(path)
    if content.get("tag") != path.stem:
        remedy = f"Call the file and the tag the same: tag: {path.stem}."
        raise DefinitionError(path, f"the tag is called {content.get('tag')}.", remedy)
    if content.get("kind") not in KINDS:
        raise DefinitionError(path, f"kind: {content.get('kind')} is not known.", f"Use one of {', '.join(KINDS)}.")
    tables = content.get("from")
    if isinstance(tables, str):
        content["from"] = [tables]
    try:
        tag = ANY_TAG.validate_python(content | {"path": path})
    except ValidationError as error:
        raise _wrong(path, error) from error
    check_tag(tag)
    if isinstance(tag, TierLadderTag):
        check_ladder(tag)
    return tag


def _read(path: Path) -> dict[str, Any]:
    try:
        content = load_yaml(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise DefinitionError(path, "this is no valid YAML.", str(error).replace("\n", " ")) from error
    if not isinstance(content, dict):
        raise DefinitionError(path, "this is no tag.", "Write `tag: …`, `kind: …` and so on, as in the other files.")
    return content


def _wrong(path: Path, error: ValidationError) -> DefinitionError:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "the tag"
    remedies = {
        "missing": "Add it.",
        "extra_forbidden": f"A tag of kind {first['loc'][0]} has no such key; take it out or correct its name.",
    }
    problem = {"missing": "is missing", "extra_forbidden": "is not known"}.get(first["type"], f"- {first['msg']}")
    return DefinitionError(path, f"{where} {problem}.", remedies.get(first["type"], "Correct the value."))
