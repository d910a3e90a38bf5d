"""The users of a console: HOME/console/users.yml, names with argon2 hashes of their passwords, never passwords.

users:
  anna: {role: marketer, password: "$argon2id$…"}
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import yaml
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from common.errors import DefinitionError, UsageError
from console.security.access import ROLES, Role
from warehouse.home import Home

FILE: Final = "users.yml"
SHORTEST_PASSWORD: Final = 10
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]

_HASHER: Final = PasswordHasher()
# Checked when the name is unknown, so that an answer takes as long as for a known one.
_NOBODY: Final = "$argon2id$v=19$m=65536,t=3,p=4$Z3VpeWktbm9ib2R5ISE$mFoXv0cEeP5G9mZzC1U2bq3b0kY2m5JwB8n5o1v6w0Q"


class _User(BaseModel):
    model_config = ConfigDict(extra="forbid")
    role: Role
    # None where a proxy in front has checked who it is.
    password: str | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    users: dict[Name, _User] = Field(default_factory=dict)


@dataclass(frozen=True)
class User:
    """Somebody who is signed in: the name that audits carry, and the role."""

    name: str
    role: Role


def users_path(home: Home) -> Path:
    """Where the users of a home are written."""
    return home.path / "console" / FILE


def read_users(home: Home) -> dict[str, _User]:
    """The users of a home by name; empty where there is no file.

    Raises:
        DefinitionError: the file is not as Guiyi writes it.
    """
    path = users_path(home)
    if not path.exists():
        return {}
    try:
        return _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {}).users
    except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
        remedy = f"It holds users: NAME: role (one of {', '.join(ROLES)}) and password (a hash); see `guiyi user add`."
        raise DefinitionError(path, "the users cannot be read.", remedy) from error


def write_user(home: Home, name: str, role: str, password: str | None) -> None:
    """Adds a user or replaces one.

    Args:
        home: whose console.
        name: letters, digits and `.`, `_`, `@`, `-`.
        role: viewer, marketer, steward or admin.
        password: in the clear; only its hash is kept. None for who comes through a trusted proxy.

    Raises:
        UsageError: the name, the role or the password will not do.
    """
    if password is not None and len(password) < SHORTEST_PASSWORD:
        raise UsageError(f"The password is too short; take at least {SHORTEST_PASSWORD} characters.")
    users = {one: user.model_dump() for one, user in read_users(home).items()}
    hashed = None if password is None else _HASHER.hash(password)
    try:
        fresh = _File.model_validate({"users": users | {name: {"role": role, "password": hashed}}})
    except ValidationError as error:
        wrong = "name" if "role" not in error.errors()[0]["loc"] else "role"
        remedy = (
            f"the role is one of {', '.join(ROLES)}" if wrong == "role" else "a name has letters, digits and . _ @ -"
        )
        raise UsageError(f"The user's {wrong} will not do: {remedy}.") from error
    _write(home, fresh)


def remove_user(home: Home, name: str) -> None:
    """Removes a user.

    Raises:
        UsageError: there is none of that name.
    """
    users = read_users(home)
    if name not in users:
        raise UsageError(f"There is no user {name!r}; there are: {', '.join(sorted(users)) or 'none'}.")
    _write(home, _File(users={one: user for one, user in users.items() if one != name}))


def check_password(home: Home, name: str, password: str) -> User | None:
    """The user of that name, when the password is theirs; None otherwise, after the same time."""
    user = read_users(home).get(name)
    try:
        _HASHER.verify(user.password if user and user.password else _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return None
    return User(name, user.role) if user and user.password else None


def known_user(home: Home, name: str) -> User | None:
    """The user of that name, whom a trusted proxy has checked; None when there is none."""
    user = read_users(home).get(name)
    return User(name, user.role) if user else None


def _write(home: Home, file: _File) -> None:
    path = users_path(home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{FILE}.{os.getpid()}")
    text = yaml.safe_dump(file.model_dump(), allow_unicode=True, sort_keys=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    fresh.replace(path)
