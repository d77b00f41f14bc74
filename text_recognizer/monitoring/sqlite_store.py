"""Records in one SQLite file, to which several processes may write at the same time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from text_recognizer.errors import UserError
from text_recognizer.monitoring.records import FEATURES, Feedback, Loss, Reading, Record
from text_recognizer.monitoring.stores import Store

FORMAT = 1
WAIT = 20.0
"""Seconds that one process waits for another that is writing."""

_COLUMNS = ", ".join(f"{name} REAL" for name in FEATURES)
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS readings (at REAL NOT NULL, request_id TEXT NOT NULL, model TEXT NOT NULL,"
    f" app TEXT NOT NULL, {_COLUMNS}, text TEXT)",
    "CREATE INDEX IF NOT EXISTS readings_by_time ON readings (at)",
    "CREATE TABLE IF NOT EXISTS feedback (at REAL NOT NULL, id TEXT PRIMARY KEY, request_id TEXT NOT NULL,"
    " flag TEXT NOT NULL, corrected_text TEXT, lines TEXT NOT NULL, frame INTEGER NOT NULL, picture BLOB)",
    "CREATE TABLE IF NOT EXISTS losses (at REAL NOT NULL, count INTEGER NOT NULL, why TEXT NOT NULL)",
    f"PRAGMA user_version = {FORMAT}",
)


class SqliteStore(Store):
    """A file in SQLite's write-ahead mode: what is committed outlives the death of the process that wrote it.

    Args:
        path: of the file.
        create: make it, its folders and tables.

    Raises:
        UserError: it is not there, is no such store, or cannot be written to.
    """

    def __init__(self, path: Path, create: bool = False) -> None:
        self.name, self.path = str(path), path
        if not create and not path.is_file():
            raise UserError(f"{path}: there is no such store; give the file that the server writes to")
        with self._reporting():
            if create:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._open = sqlite3.connect(path, timeout=WAIT, isolation_level=None, check_same_thread=False)
        try:
            with self._reporting():
                self._prepare(create)
        except UserError:
            self._open.close()
            raise

    def append(self, records: Sequence[Record]) -> None:
        with self._reporting(), self._transaction():
            for record in records:
                self._insert(record)

    def readings(self, since: float = 0.0) -> Iterator[Reading]:
        with self._reporting():
            for row in self._rows("SELECT * FROM readings WHERE at >= ? ORDER BY at", since):
                features = {name: row[name] for name in FEATURES if row[name] is not None}
                yield Reading(row["at"], row["request_id"], row["model"], row["app"], features, row["text"])

    def feedback(self, pictures: bool = True) -> Iterator[Feedback]:
        picture = "picture" if pictures else "CASE WHEN picture IS NULL THEN NULL ELSE x'' END AS picture"
        columns = f"at, id, request_id, flag, corrected_text, lines, frame, {picture}"
        with self._reporting():
            for row in self._rows(f"SELECT {columns} FROM feedback ORDER BY at"):
                yield Feedback(**{**dict(row), "lines": tuple(json.loads(row["lines"]))})

    def losses(self) -> Iterator[Loss]:
        with self._reporting():
            for row in self._rows("SELECT * FROM losses ORDER BY at"):
                yield Loss(**dict(row))

    def close(self) -> None:
        self._open.close()

    def _prepare(self, create: bool) -> None:
        tables = self._open.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        version = self._open.execute("PRAGMA user_version").fetchone()[0]  # last: another process may just write it
        if version not in (0, FORMAT) or (version == 0 and (tables or not create)):
            raise UserError(f"{self.path}: this is another program's database; name another file")
        if create:
            self._open.execute("PRAGMA journal_mode = WAL")
            with self._transaction():
                for statement in _SCHEMA:
                    self._open.execute(statement)
        self._open.execute("PRAGMA synchronous = NORMAL")

    def _insert(self, record: Record) -> None:
        if isinstance(record, Reading):
            features = [record.features.get(name) for name in FEATURES]
            values = [record.at, record.request_id, record.model, record.app, *features, record.text]
            self._open.execute(f"INSERT INTO readings VALUES ({_marks(values)})", values)
        elif isinstance(record, Feedback):
            lines = json.dumps(record.lines, ensure_ascii=False)
            told = [*{**record.to_dict(), "lines": lines}.values(), record.picture]
            self._open.execute(f"INSERT OR IGNORE INTO feedback VALUES ({_marks(told)})", told)
        else:
            self._open.execute("INSERT INTO losses VALUES (?, ?, ?)", (record.at, record.count, record.why))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._open.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._open.execute("ROLLBACK")
            raise
        self._open.execute("COMMIT")

    def _rows(self, query: str, *values: Any) -> Iterator[sqlite3.Row]:
        cursor = self._open.cursor()
        cursor.row_factory = sqlite3.Row
        yield from cursor.execute(query, values)

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            reason = str(error).rstrip(".").replace(";", ",")
            raise UserError(f"{self.path}: it is no store that can be used ({reason}); name another file") from error


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))
