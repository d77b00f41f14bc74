"""The log: one JSON object per row on the standard error, never with any text that was read."""

from __future__ import annotations

import json
import logging
import logging.config
from datetime import UTC, datetime

FIELDS = "fields"
"""Name of the attribute of a log record that holds what is told beside the message."""

CHATTY = ("asyncio", "multipart", "python_multipart")
"""Loggers of which only warnings are shown."""


class JsonRows(logging.Formatter):
    """Writes a record as a row of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the row; of an exception its kind and where it happened, not its message, which may hold text."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        row: dict[str, object] = {
            "at": at,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        row |= getattr(record, FIELDS, {})
        if record.exc_info and record.exc_info[0] is not None:
            row["error"] = record.exc_info[0].__name__
            trace, places = record.exc_info[2], []
            while trace is not None:
                places.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
                trace = trace.tb_next
            row["where"] = places[-12:]
        return json.dumps(row, ensure_ascii=False)


def log_settings(level: str) -> dict[str, object]:
    """Return the settings of all loggers, for `logging.config.dictConfig`."""
    handler = {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonRows}},
        "handlers": {"rows": handler},
        "root": {"handlers": ["rows"], "level": level.upper()},
        "loggers": {
            name: {"level": "WARNING"} for name in ("uvicorn.access", "asyncio", "multipart", "python_multipart")
        },
    }
