"""Keyed hashes: how a personal value is named outside the vault.

The key is configuration: `GUIYI_KEY` (any text), else the home's `vault/key`, made at random on first use.
The same key gives the same hashes, so two homes that must agree on them share one key.
"""

import hmac
import os
import secrets
from pathlib import Path

import polars as pl

HASH_PREFIX = "h:"


def load_key(vault: Path, *, configured: str | None = None) -> bytes:
    """The home's key, made and kept (mode 0600) on first use.

    Args:
        vault: the home's vault folder.
        configured: the key as configured by the user; wins over the file.
    """
    if configured:
        return configured.encode()
    path = vault / "key"
    if not path.exists():
        vault.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = vault / f".key.{os.getpid()}"
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(fresh, path)  # refuses to replace a key that another run has just made
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip().encode()


def keyed_hash(value: str, key: bytes) -> str:
    """HMAC-SHA256 of a value under the key: `h:` and the first 128 bits as hex, 34 characters."""
    return HASH_PREFIX + hmac.digest(key, value.encode(), "sha256")[:16].hex()


def keyed_hashes(values: pl.Series, key: bytes) -> pl.Series:
    """`keyed_hash` of each value of a text series, nulls kept; the work is done once per distinct value."""
    distinct = values.drop_nulls().unique()
    hashes = pl.Series(values.name, [keyed_hash(v, key) for v in distinct], dtype=pl.String)
    return values.replace_strict(distinct, hashes, default=None, return_dtype=pl.String)
