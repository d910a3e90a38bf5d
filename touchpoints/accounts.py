"""Accounts: whose a file is (shop, appid, corpid, till), when it does not say so itself.

An entry of `accounts.yml` wins over the folder; a column of the file, where the contract names one, wins over both.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from common.errors import DefinitionError
from common.yaml_text import load_yaml
from touchpoints.files import ACCOUNTS_FILE

UNNAMED = "default"
_SETTINGS = frozenset({"account", "scope", "time_zone"})


@dataclass(frozen=True)
class Account:
    """Whose a file is."""

    account: str
    scope: str  # of ids that several accounts share, as the WeChat open platform's
    time_zone: str
    is_named: bool  # False: nobody said whose the file is


class Accounts:
    """The entries of `accounts.yml`: glob over relative paths → account, scope, time_zone."""

    def __init__(self, entries: dict[str, dict[str, str]], time_zone: str) -> None:
        self._entries = entries
        self._time_zone = time_zone

    def resolve(self, name: str, source: str) -> Account:
        """Whose the file is: by the entries that fit its path, later ones winning, else by `<source>/<account>/`.

        Args:
            name: the path below the landing folder.
            source: the source of the contract that fits the file.
        """
        said: dict[str, str] = {}
        for glob, settings in self._entries.items():
            if fnmatchcase(name, glob):
                said.update(settings)
        account = said.get("account") or _from_folder(name, source)
        return Account(
            account=account or UNNAMED,
            scope=said.get("scope", UNNAMED),
            time_zone=said.get("time_zone", self._time_zone),
            is_named=account is not None,
        )


def _from_folder(name: str, source: str) -> str | None:
    folders = name.split("/")[:-1]
    inner = [below for folder, below in pairwise(folders) if folder == source]
    return inner[-1] if inner else None  # the deepest, since folders above the landing's own may repeat the word


def load_accounts(landing: Path, time_zone: str) -> Accounts:
    """Reads `accounts.yml` of a landing folder; without one, folders alone decide.

    Raises:
        DefinitionError: the file is wrong; says what and how to mend it.
    """
    path = landing / ACCOUNTS_FILE
    if not path.is_file():
        return Accounts({}, time_zone)
    try:
        content = load_yaml(path.read_text(encoding="utf-8-sig")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DefinitionError(path, f"is no YAML: {error}.", "Mend the line that it names.") from error
    if not isinstance(content, dict):
        raise DefinitionError(path, "is no mapping.", 'Write `"glob": {account: …}`, one an account.')
    return Accounts({str(glob): _settings(path, glob, said) for glob, said in content.items()}, time_zone)


def _settings(path: Path, glob: object, said: Any) -> dict[str, str]:
    if not isinstance(said, dict) or not said or set(said) - _SETTINGS:
        problem = f"the entry `{glob}` does not say account, scope or time_zone alone."
        raise DefinitionError(path, problem, f"Use only {', '.join(sorted(_SETTINGS))}.")
    settings = {name: str(value) for name, value in said.items()}
    if "time_zone" in settings:
        try:
            ZoneInfo(settings["time_zone"])
        except (KeyError, ValueError, OSError) as error:
            problem = f"the time zone `{settings['time_zone']}` of `{glob}` is not known."
            raise DefinitionError(path, problem, "Use a name as Asia/Shanghai.") from error
    return settings
