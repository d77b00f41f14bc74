"""What the parts of a running server share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from api_server.bodies import Bodies
from api_server.pool import Pool
from api_server.settings import Settings
from text_recognizer.inference.requests import RequestReader

if TYPE_CHECKING:
    from text_recognizer.monitoring.recorder import Recorder


@dataclass
class State:
    """A server's parts.

    Attributes:
        settings: as the operator gave them.
        pool: who reads.
        bodies: who takes in bodies.
        one, many: read requests with one picture, and with many.
        recorder: of corrections; None where nothing is kept.
        draining: the server ends soon.
        counts: of what there may be only so many of at the same time, by name.
    """

    settings: Settings
    pool: Pool
    bodies: Bodies
    one: RequestReader
    many: RequestReader
    recorder: Recorder | None = None
    draining: bool = False
    counts: dict[str, int] = field(default_factory=dict)
