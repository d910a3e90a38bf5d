"""The identifier registry: what each type of identifier is worth, read from `identifiers.yml`.

Belongs here: the registry's shape and its checks. What is done with it belongs to `judge` and `sure`.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from common.errors import DefinitionError

DEFAULT_REGISTRY = Path(__file__).with_name("identifiers.yml")


@dataclass(frozen=True)
class IdentifierType:
    """One type of identifier; the fields are explained at the head of `identifiers.yml`."""

    name: str
    links: Literal["always", "with_name", "never"]
    priority: int = 9
    max_names: int = 3
    block_names: int = 20
    single: bool = False
    compare: bool = False
    personal: bool = False
    contact: str | None = None
    placeholders: tuple[str, ...] = field(default=())


def load_registry(path: Path = DEFAULT_REGISTRY) -> dict[str, IdentifierType]:
    """The registry by type name.

    Raises:
        DefinitionError: an entry has an unknown field or an impossible value; names the entry and the remedy.
    """
    content: dict[str, Any] = yaml.safe_load(path.read_text("utf-8")) or {}
    known = set(IdentifierType.__dataclass_fields__) - {"name", "placeholders"}
    registry = {}
    for name, entry in content.get("types", {}).items():
        unknown = set(entry) - known
        if unknown:
            raise DefinitionError(
                path,
                f"type {name} has an unknown field {min(unknown)!r}.",
                f"Use one of {', '.join(sorted(known))}.",
            )
        if entry.get("links") not in ("always", "with_name", "never"):
            raise DefinitionError(
                path, f"type {name} does not say how it links.", "Set links: always, with_name or never."
            )
        registry[name] = IdentifierType(
            name=name, placeholders=tuple(content.get("placeholders", {}).get(name, ())), **entry
        )
    return registry
