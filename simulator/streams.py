"""Named random streams and small vectorised draws.

Each part of the world draws from its own stream, so adding a draw in one part leaves the others as they were.
"""

import zlib

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]

_BASE64 = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", dtype=np.uint8)
_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_DIGITS = np.frombuffer(b"0123456789", dtype=np.uint8)


class Streams:
    """Random generators by name, all from one seed."""

    def __init__(self, seed: int, prefix: str = "") -> None:
        self.seed, self.prefix = seed, prefix

    def __call__(self, name: str) -> np.random.Generator:
        """The generator of one part of the world; the same name gives the same draws."""
        return np.random.default_rng([self.seed, zlib.crc32((self.prefix + name).encode())])

    def within(self, part: str) -> "Streams":
        """The streams of a part that does again what another does: the same names give other draws."""
        return Streams(self.seed, f"{self.prefix}{part}/")


def pick(rng: np.random.Generator, n: int, weights: Floats) -> Ints:
    """`n` indices drawn by weight."""
    total = np.cumsum(weights)
    return np.searchsorted(total, rng.random(n) * total[-1], side="right").astype(np.int64)


def pick_each(rng: np.random.Generator, weights: Floats) -> Ints:
    """One column index for each row of a (rows × options) weight matrix."""
    total = np.cumsum(weights, axis=1)
    return (rng.random(len(weights))[:, None] * total[:, -1:] >= total).sum(axis=1).astype(np.int64)


def chance(rng: np.random.Generator, n: int, rate: float) -> Bools:
    """`n` independent yes/no draws."""
    return rng.random(n) < rate


def _tokens(rng: np.random.Generator, n: int, length: int, alphabet: NDArray[np.uint8]) -> Texts:
    raw = alphabet[rng.integers(0, len(alphabet), (n, length))]
    return np.ascontiguousarray(raw).view(f"S{length}").ravel().astype(f"U{length}").astype(object)


def base64_tokens(rng: np.random.Generator, n: int, length: int) -> Texts:
    """Random text as WeChat's ids have it."""
    return _tokens(rng, n, length, _BASE64)


def hex_tokens(rng: np.random.Generator, n: int, length: int) -> Texts:
    """Random lower-case hexadecimal text."""
    return _tokens(rng, n, length, _HEX)


def digit_tokens(rng: np.random.Generator, n: int, length: int) -> Texts:
    """Random digits."""
    return _tokens(rng, n, length, _DIGITS)


def distinct_numbers(rng: np.random.Generator, n: int, below: int) -> Ints:
    """`n` different whole numbers below a bound, in random order."""
    found = np.unique(rng.integers(0, below, int(n * 1.1) + 16))
    while len(found) < n:
        found = np.unique(np.concatenate([found, rng.integers(0, below, n)]))
    return rng.permutation(found)[:n].astype(np.int64)
