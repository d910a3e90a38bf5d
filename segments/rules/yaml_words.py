"""The words of YAML as audiences have them: `true` and `false` are truth values, `on`, `off`, `yes` and `no` are words.

YAML 1.1, which PyYAML reads, takes all of these for truth values, also where they are keys.
"""

import re
from typing import Any, Final

import yaml

_BOOL: Final = "tag:yaml.org,2002:bool"
_TRUTH: Final = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")


def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    inherited = yaml.SafeLoader.yaml_implicit_resolvers
    kept = {sign: [pair for pair in pairs if pair[0] != _BOOL] for sign, pairs in inherited.items()}
    return {**kept, **{sign: [(_BOOL, _TRUTH), *kept.get(sign, [])] for sign in "tTfF"}}


class Loader(yaml.SafeLoader):
    """Reads a text once, into its nodes and their content."""

    yaml_implicit_resolvers = _resolvers()


class Dumper(yaml.SafeDumper):
    """Writes YAML as people write it: list items indented below their key, no anchors."""

    yaml_implicit_resolvers = _resolvers()

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indents lists too."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Equal values are written out each time."""
        return True

    def represented(self, value: Any) -> yaml.Node:
        """A value as a node."""
        return self.represent_data(value)


def read(text: str) -> tuple[yaml.Node | None, Any]:
    """The one document of a text, as a node and as plain values.

    Raises:
        yaml.YAMLError: the text is no valid YAML.
    """
    loader = Loader(text)
    try:
        node = loader.get_single_node()
        return node, None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()
