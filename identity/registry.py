"""The identifier registry: what each type of identifier is worth, read from `identifiers.yml`.

Belongs here: the registry's shape and its checks. What is done with an entry belongs to `judge` (values), `lifetimes`
(time), `sure` and `limits` (persons) and `anonymous` (devices).
"""

import re
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from common.errors import DefinitionError
from common.yaml_text import load_yaml

DEFAULT_REGISTRY = Path(__file__).with_name("identifiers.yml")
# Scope keys that are spans of time: they come from when a value was seen, not from the file.
TIME_SCOPES = ("day", "week", "month")


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Count = Annotated[int, Field(ge=1)]
Scopes = Annotated[bool | tuple[str, ...], BeforeValidator(_as_tuple)]


class IdentifierType(BaseModel):
    """One type of identifier; the fields are explained at the head of `identifiers.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    links: Literal["always", "with_name", "never"]
    strength: Literal["exact", "scoped", "masked", "virtual", "household", "device"]
    scope: tuple[str, ...] = ()
    priority: Annotated[int, Field(ge=1, le=9)] = 9
    max_names: Count = 3
    block_names: Count = 20
    max_ids: Count = 6
    block_ids: Count = 20
    single: bool = False
    single_per_scope: Scopes = False
    limit: Count | None = None
    past_limit: Literal["flag", "cut"] = "flag"
    lifetime_days: Count | None = None
    lookback_days: Annotated[int, Field(ge=0)] = 0
    personal: bool = False
    contact: Literal["sms", "email", "wechat_oa", "wecom"] | None = None
    placeholders: tuple[str, ...] = ()

    @property
    def window(self) -> str | None:
        """The span of time inside which equal values are one, `day`, `week` or `month`; None: no such span."""
        return next((key for key in self.scope if key in TIME_SCOPES), None)

    @property
    def has_scope(self) -> bool:
        """Whether its values need a scope that the file or its account tells."""
        return any(key not in TIME_SCOPES for key in self.scope)

    def is_single_in(self, scope: str) -> bool:
        """Whether a person has at most one value of this type in the scope."""
        per_scope = self.single_per_scope
        return per_scope if isinstance(per_scope, bool) else scope in per_scope

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.links != "never" and self.strength not in ("exact", "scoped"):
            raise ValueError(f"links {self.links}, but what is {self.strength} never links; set links: never")
        if self.links == "never" and (self.limit or self.single or self.single_per_scope):
            raise ValueError("has a limit, but never links; take the limit out or set links: always or with_name")
        if self.block_names < self.max_names or self.block_ids < self.max_ids:
            raise ValueError(
                "is blocked before it is shared; make block_names and block_ids at least max_names, max_ids"
            )
        if self.past_limit == "cut" and self.limit is None:
            raise ValueError("cuts past a limit that it does not name; add limit")
        if self.lookback_days and self.strength != "device":
            raise ValueError(
                "looks back before a login, but is no device; take lookback_days out or set strength: device"
            )
        return self


Registry = Mapping[str, IdentifierType]


def load_registry(path: Path = DEFAULT_REGISTRY, *, own: Path | None = None) -> dict[str, IdentifierType]:
    """The registry by type name.

    Args:
        path: the registry that comes with Guiyi.
        own: a brand's own, of the same shape: its types come to the others or replace those of the same name, and its
            placeholders come to theirs. A file that is not there says nothing.

    Raises:
        DefinitionError: an entry has an unknown field or an impossible value; names the entry, its line and the remedy.
    """
    registry = _read(path, {})
    return registry | _read(own, registry) if own and own.exists() else registry


def _read(path: Path, known: Registry) -> dict[str, IdentifierType]:
    text = path.read_text("utf-8")
    try:
        content: Any = load_yaml(text) or {}
    except yaml.YAMLError as error:
        raise DefinitionError(path, f"is no YAML: {error}.", "Mend the line that it names.") from error
    types = content.get("types", {} if known else None) if isinstance(content, dict) else None
    if not isinstance(types, dict) or not all(isinstance(entry, dict) for entry in types.values()):
        raise DefinitionError(
            path, "has no `types:` with one entry a type.", "Write `types:` and below it the entries."
        )
    placeholders = _placeholders(path, text, content, {*types, *known})
    found = {}
    for name in (*types, *(name for name in placeholders if name not in types)):
        before = known[name].placeholders if name in known else ()
        patterns = (*before, *placeholders.get(name, ()))
        try:
            kind = IdentifierType(name=name, **types[name]) if name in types else known[name]
        except (ValidationError, TypeError) as error:
            raise _mistake(path, text, name, error) from error
        found[name] = kind.model_copy(update={"placeholders": patterns})
    return found


def device_types(registry: Registry) -> frozenset[str]:
    """The types that name a device or a browser, not a person."""
    return frozenset(kind.name for kind in registry.values() if kind.strength == "device")


def _placeholders(path: Path, text: str, content: dict[str, Any], types: Set[str]) -> dict[str, tuple[str, ...]]:
    found = {}
    for name, patterns in (content.get("placeholders") or {}).items():
        if name not in types:
            where = f"{path}:{_line(text, 'placeholders', name)}"
            problem = f"placeholders are listed for {name}, which is no type."
            raise DefinitionError(where, problem, f"Use one of {', '.join(sorted(types))}.")
        for pattern in patterns:
            try:
                re.compile(pattern)
            except (re.error, TypeError) as error:
                where = f"{path}:{_line(text, 'placeholders', name)}"
                problem = f"the placeholder {pattern!r} of {name} is no regular expression."
                raise DefinitionError(where, problem, "Mend it; it is matched against whole values.") from error
        found[name] = tuple(patterns)
    return found


def _mistake(path: Path, text: str, name: str, error: ValidationError | TypeError) -> DefinitionError:
    """The first mistake of an entry as a sentence with its line and what to do."""
    if not isinstance(error, ValidationError):
        return DefinitionError(f"{path}:{_line(text, 'types', name)}", f"type {name}: {error}.", "Mend that entry.")
    # A misspelt field is also a missing one: the spelling is the better news.
    first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    field = str(first["loc"][0]) if first["loc"] else ""
    where = f"{path}:{_line(text, 'types', name, field)}"
    known = sorted(set(IdentifierType.model_fields) - {"name", "placeholders"})
    if first["type"] == "extra_forbidden":
        return DefinitionError(where, f"type {name} has an unknown field {field!r}.", f"Use one of {', '.join(known)}.")
    if first["type"] == "missing":
        allowed = {
            "links": "always, with_name or never",
            "strength": "exact, scoped, masked, virtual, household or device",
        }
        return DefinitionError(where, f"type {name} does not say its {field}.", f"Set {field}: {allowed[field]}.")
    if not field:
        problem, _, remedy = first["msg"].removeprefix("Value error, ").partition("; ")
        return DefinitionError(where, f"type {name} {problem}.", f"{remedy[:1].upper()}{remedy[1:]}.")
    return DefinitionError(where, f"type {name}, {field}: {first['msg']}.", "Mend that value.")


def _line(text: str, *keys: str) -> int:
    """The 1-based line of a nested key; of the deepest that is there."""
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    line = 1
    for key in keys:
        found = next((pair for pair in getattr(node, "value", []) if pair[0].value == key), None)
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line
