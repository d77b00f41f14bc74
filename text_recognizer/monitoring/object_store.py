"""Records as objects in S3 or what speaks like it: each batch is an object of its own, so that writers never meet."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from uuid import uuid4

from text_recognizer.errors import UserError
from text_recognizer.monitoring.records import Feedback, Loss, Reading, Record
from text_recognizer.monitoring.stores import Store

LAYER = "make pip-tools-layer LAYER=remote, or pip install -r requirements/remote.txt"
READINGS, FEEDBACK, LOSSES, PICTURES = "readings", "feedback", "losses", "pictures"


class ObjectStore(Store):
    """A prefix of a bucket: ``readings/2026-11-21/....jsonl`` and so on, a JSON document in each row.

    Where the service is and who asks come from the usual variables, AWS_ENDPOINT_URL and AWS_ACCESS_KEY_ID among them.

    Args:
        url: as ``s3://bucket/prefix``.

    Raises:
        UserError: the libraries are not installed, or no bucket is named.
    """

    def __init__(self, url: str) -> None:
        self._root = url.removeprefix("s3://").strip("/")
        self.name = f"s3://{self._root}"
        if not self._root:
            raise UserError(f"{url}: it names no bucket; write s3://bucket/prefix")
        try:
            import_module("s3fs")
            # a listing that is remembered would hide what others have written since
            self._files = import_module("fsspec").filesystem("s3", use_listings_cache=False)
        except ImportError:
            raise UserError(f"{url}: s3fs, which writes to S3, is not installed; {LAYER}") from None

    def append(self, records: Sequence[Record]) -> None:
        kinds: dict[str, list[dict[str, Any]]] = {READINGS: [], FEEDBACK: [], LOSSES: []}
        with self._reporting():
            for record in records:
                if isinstance(record, Feedback) and record.picture is not None:
                    self._files.pipe_file(f"{self._root}/{PICTURES}/{record.id}", record.picture)
                    kinds[FEEDBACK].append({**record.to_dict(), "picture": record.id})
                elif isinstance(record, Loss):
                    kinds[LOSSES].append(vars(record))
                else:
                    kinds[FEEDBACK if isinstance(record, Feedback) else READINGS].append(record.to_dict())
            for kind, rows in kinds.items():
                if rows:
                    self._put(kind, rows)

    def readings(self, since: float = 0.0) -> Iterator[Reading]:
        trees = (tree for tree in self._trees(READINGS, since) if tree["at"] >= since)
        yield from (Reading(**tree) for tree in sorted(trees, key=lambda tree: tree["at"]))

    def feedback(self, pictures: bool = True) -> Iterator[Feedback]:
        for tree in sorted(self._trees(FEEDBACK), key=lambda tree: tree["at"]):
            picture = tree.pop("picture", None)
            content = None if picture is None else b""
            if picture is not None and pictures:
                with self._reporting():
                    content = self._files.cat_file(f"{self._root}/{PICTURES}/{picture}")
            yield Feedback(**{**tree, "lines": tuple(tree["lines"]), "picture": content})

    def losses(self) -> Iterator[Loss]:
        yield from (Loss(**tree) for tree in sorted(self._trees(LOSSES), key=lambda tree: tree["at"]))

    def _put(self, kind: str, rows: list[dict[str, Any]]) -> None:
        day = time.strftime("%Y-%m-%d", time.gmtime(rows[0]["at"]))
        content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        name = f"{time.time_ns()}-{os.getpid()}-{uuid4().hex[:8]}.jsonl"
        self._files.pipe_file(f"{self._root}/{kind}/{day}/{name}", content.encode())

    def _trees(self, kind: str, since: float = 0.0) -> Iterator[dict[str, Any]]:
        """Yield the documents of a kind; of days before `since` no object is fetched."""
        first_day = time.strftime("%Y-%m-%d", time.gmtime(max(0.0, since - 86_400)))
        with self._reporting():
            found = sorted(self._files.find(f"{self._root}/{kind}/"))
            for name in (name for name in found if name.split("/")[-2] >= first_day):
                for row in self._files.cat_file(name).decode().splitlines():
                    yield json.loads(row)

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except UserError:
            raise
        except Exception as error:  # every file system has exceptions of its own
            reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(".").replace(";", ",")
            raise UserError(f"{self.name}: it cannot be used ({reason}); check address, bucket and keys") from error
