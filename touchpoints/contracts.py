"""Contracts: read from `sources/*.yml` and from the brand's own folders, and checked before a file is read.

What the entries mean is `contract`, what is checked besides their form `contract_checks`; which contract fits a file
is `matching`. A mistake is told with its file, its line and what to do.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from common.errors import DefinitionError
from common.yaml_text import load_yaml
from touchpoints.contract import Contract
from touchpoints.contract_checks import Mistake, mistakes

SOURCES = Path(__file__).parent / "sources"


def load_contracts(*own: Path) -> list[Contract]:
    """The built-in contracts and those of the brand's own folders, by name.

    A contract of an own folder takes the place of a built-in one of its name.

    Args:
        own: folders of `*.yml`; one that is not there is passed over.

    Raises:
        DefinitionError: a contract is wrong; says where, what and how to mend it.
    """
    paths = contract_paths(*own)
    return [load_contract(paths[name]) for name in sorted(paths)]


def contract_paths(*own: Path) -> dict[str, Path]:
    """The file of each contract that `load_contracts` gives, by name."""
    return {path.stem: path for folder in (SOURCES, *own) for path in sorted(folder.glob("*.yml"))}


def load_contract(path: Path) -> Contract:
    """One contract, checked.

    Raises:
        DefinitionError: as `load_contracts`; also when there is no such file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DefinitionError(path, f"cannot be read ({error.strerror}).", "Name a contract that is there.") from error
    except UnicodeDecodeError as error:
        raise DefinitionError(path, "is not in UTF-8.", "Save it as UTF-8.") from error
    return parse_contract(text, path)


@lru_cache(maxsize=512)
def parse_contract(text: str, path: Path) -> Contract:
    """A contract from the text of its file.

    Args:
        text: YAML.
        path: of the file, for messages; its stem must be the contract's name.

    Raises:
        DefinitionError: as `load_contracts`.
    """
    try:
        content = load_yaml(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = f"is no YAML: {error.problem or error.context}."
        raise DefinitionError(f"{path}:{line}", problem, "Mend the line or the one above it.") from error
    if not isinstance(content, dict):
        raise DefinitionError(path, "is no mapping.", "Begin with `name:`; see the other contracts.")
    try:
        contract = Contract.model_validate(content)
    except ValidationError as error:
        # A misspelt entry is unknown and missing at once: the first says more.
        errors = sorted(error.errors(), key=lambda found: found["type"] == "missing")
        raise _told(path, text, [_of_form(dict(found)) for found in errors]) from error
    found = list(mistakes(contract))
    if contract.name != path.stem:
        remedy = f"Name it `{path.stem}` as its file."
        found.insert(0, Mistake("name", f"its name is `{contract.name}`.", remedy))
    if found:
        raise _told(path, text, found)
    return contract


def _told(path: Path, text: str, found: Sequence[Mistake]) -> DefinitionError:
    """The first mistake with its line, and how many there are besides."""
    first = found[0]
    more = f" ({len(found) - 1} more after it.)" if len(found) > 1 else ""
    return DefinitionError(f"{path}:{line_of(text, first.place.split('.'))}", first.problem, first.remedy + more)


def line_of(text: str, place: Sequence[str]) -> int:
    """The line, from 1, of an entry in a YAML text; of the deepest entry on the way to it that is there."""
    node, line = yaml.compose(text, Loader=yaml.SafeLoader), 1
    for step in place:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
            found = (node.value[int(step)],) * 2
        if found is None:
            continue  # a step that only the checker takes, as the kind of a union
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def _of_form(error: dict[str, Any]) -> Mistake:
    """A mistake of form in the words of people."""
    steps = [str(step) for step in error["loc"]]
    place, name = ".".join(steps), steps[-1] if steps else ""
    if error["type"] == "missing":
        return Mistake(place, f"`{place}` is missing.", "Add it; another contract shows how.")
    if error["type"] == "extra_forbidden":
        near = get_close_matches(name, _every_entry(Contract), n=1)
        remedy = f"Did you mean `{near[0]}`?" if near else "Take it out, or see another contract for its place."
        return Mistake(place, f"`{place}` is no entry that is known here.", remedy)
    said = str(error["msg"]).removeprefix("Value error, ")
    return Mistake(place, f"`{place}`: {said[:1].lower()}{said[1:]}.", "Mend that entry.")


def _every_entry(part: type[BaseModel]) -> list[str]:
    """The names of all entries of a contract, as its YAML has them."""
    return sorted(
        {name for model in (part, *_below(part)) for name in (f.alias or n for n, f in model.model_fields.items())}
    )


def _below(part: type[BaseModel]) -> set[type[BaseModel]]:
    kinds = {part}
    todo = [part]
    while todo:
        for field in todo.pop().model_fields.values():
            found = {kind for kind in _types_in(field.annotation) if kind not in kinds}
            kinds |= found
            todo += found
    return kinds


def _types_in(annotation: Any) -> set[type[BaseModel]]:
    arguments = getattr(annotation, "__args__", ())
    own = {annotation} if isinstance(annotation, type) and issubclass(annotation, BaseModel) else set()
    return own.union(*map(_types_in, arguments))
