"""Whether readings are recorded, and where: what is sent to the processes that read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from text_recognizer.monitoring.recorder import Recorder


@dataclass(frozen=True)
class Recording:
    """What is kept of readings.

    Args:
        store: a file, or s3://bucket/prefix; nothing is kept without one.
        text: what was read, too.
        pictures: those that come with corrections, too.
    """

    store: str | None = None
    text: bool = False
    pictures: bool = False

    def recorder(self) -> Recorder | None:
        """Return a recorder of this process, None where nothing is kept.

        Raises:
            UserError: the store cannot be opened.
        """
        if not self.store:
            return None
        from text_recognizer.monitoring.recorder import recorder_of

        return recorder_of(self.store, self.text, self.pictures, app="api_server")
