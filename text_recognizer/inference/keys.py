"""Keys that callers of a server must give, compared in a time that tells nothing about them."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256

from text_recognizer.inference.problems import Problem


class Keys:
    """The keys of a server.

    Args:
        keys: any of which lets a caller in; none lets everybody in.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._digests = [sha256(key.encode()).digest() for key in keys]

    def check(self, authorization: str) -> None:
        """Let a caller in.

        Args:
            authorization: the header of that name, ``Bearer KEY``.

        Raises:
            Problem: it has none of the keys.
        """
        if not self._digests:
            return
        scheme, _, key = authorization.partition(" ")
        digest = sha256(key.strip().encode("utf-8", "replace")).digest()
        matches = [hmac.compare_digest(digest, known) for known in self._digests]  # all of them, always
        if scheme.lower() != "bearer" or not any(matches):
            why = "Authorization: no key, or none that is known; send it as Bearer KEY"
            raise Problem(401, why, {"WWW-Authenticate": "Bearer"})
