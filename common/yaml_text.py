"""Reading YAML safely and fast: the same content as from `yaml.safe_load`, by libyaml where it is there."""

from typing import Any, Final

import yaml

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(text: str) -> Any:
    """The content of a YAML text: plain types alone, no object is ever built.

    Raises:
        yaml.YAMLError: the text is no valid YAML.
    """
    return yaml.load(text, Loader=_LOADER)
