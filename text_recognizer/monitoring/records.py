"""What is kept of a reading and of a user's correction: plain values that any store can hold."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

FEATURES = {
    "confidence": "mean confidence of the characters",
    "confidence_low": "confidence that a tenth of the characters stay below",
    "line_confidence_low": "confidence of the least certain line",
    "surprise": "nats per character by the language model, the logarithm of its perplexity",
    "unusual": "share of characters that are rare in European languages",
    "lines": "lines with text",
    "characters": "characters read",
    "line_length": "characters per line",
    "brightness": "median grey level, 0 black to 1 white",
    "contrast": "distance of ink and paper, 0 to 1",
    "sharpness": "steepest steps between neighbouring pixels, as a share of the contrast",
    "noise": "how rough the paper is, as a share of the contrast",
    "ink": "share of the picture that is ink",
    "megapixels": "width times height, in millions",
    "seconds": "time the reading took",
}
"""Numbers that are kept of each reading, and what they are; None where there is nothing to measure."""


@dataclass(frozen=True)
class Reading:
    """One picture that was read.

    Attributes:
        at: seconds since 1970.
        request_id: by which a correction names it.
        model: its name and version.
        app: which program read it.
        features: of `FEATURES`; those that are missing could not be measured.
        text: what was read, None unless the operator asked for texts to be kept.
    """

    at: float
    request_id: str
    model: str
    app: str
    features: dict[str, float] = field(default_factory=dict)
    text: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a tree for JSON."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


@dataclass(frozen=True)
class Feedback:
    """What a user said about a reading.

    Attributes:
        at: seconds since 1970.
        id: of this feedback.
        request_id: of the reading.
        flag: what is wrong in a word, as "wrong text"; empty for a correction alone.
        corrected_text: as it should read, one line per row; None where it was only flagged.
        lines: what was read where: the `text`, `corners` and `baseline` of each line, as in the result's JSON.
        frame: of the picture that was corrected, from 0; in a PDF or TIFF its page.
        picture: the file that was read, None unless the operator asked for pictures to be kept.
    """

    at: float
    id: str
    request_id: str
    flag: str = ""
    corrected_text: str | None = None
    lines: tuple[dict[str, Any], ...] = ()
    frame: int = 0
    picture: bytes | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a tree for JSON, without the picture."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name != "picture"}


@dataclass(frozen=True)
class Loss:
    """So many records were lost at a time, because of what `why` says."""

    at: float
    count: int
    why: str


Record = Reading | Feedback | Loss
