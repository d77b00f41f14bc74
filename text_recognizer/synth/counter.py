"""Random generators that are a pure function of their arguments: line i needs no line i - 1 to be drawn first."""

from __future__ import annotations

import hashlib
from typing import Any, cast

import numpy as np
from numpy.random.bit_generator import ISeedSequence


class _Digest(ISeedSequence):
    """Hands the bytes of a digest to a bit generator as its state, which is four times cheaper than a SeedSequence."""

    def __init__(self, digest: bytes) -> None:
        self.words = np.frombuffer(digest, dtype="<u8").astype(np.uint64)

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> np.ndarray:
        return self.words.astype(np.uint64, copy=False)[:n_words].view(dtype)[:n_words]


def rng(seed: int, *keys: int | str) -> np.random.Generator:
    """Return the generator that belongs to ``(seed, *keys)``; equal arguments give equal streams, anywhere.

    Args:
        seed: the seed of the run.
        keys: what the stream is for, for example ``"line", 17``; numbers and words are kept apart (1 is not "1").

    Raises:
        TypeError: a key is neither an int nor a str.

    >>> int(rng(1, "line", 17).integers(1000)) == int(rng(1, "line", 17).integers(1000))
    True
    """
    text = "/".join([_word(key) for key in (seed, *keys)])
    digest = hashlib.blake2b(text.encode(), digest_size=32).digest()
    return np.random.Generator(np.random.PCG64(cast(np.random.SeedSequence, _Digest(digest))))


def _word(key: int | str) -> str:
    """Spell a key so that no two different lists of keys have the same text."""
    if isinstance(key, str):
        return f"s{len(key)}:{key}"
    if isinstance(key, int | np.integer):
        return f"i{int(key)}"
    raise TypeError(f"key {key!r}: a counter key is an int or a str, not {type(key).__name__}; convert it first")
