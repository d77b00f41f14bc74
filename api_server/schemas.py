"""What the API takes and gives, as OpenAPI shows it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from text_recognizer.inference.answers import MEDIA_TYPES
from text_recognizer.inference.problems import MEDIA_TYPE

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="
"""A picture of one white pixel, as base64."""

Point = tuple[float, float]


class LineAnswer(BaseModel):
    """One text line; lengths in pixels of the picture."""

    text: str
    confidence: float = Field(description="share of the characters that are likely to be right", ge=0, le=1)
    box: tuple[int, int, int, int] = Field(description="left, top, right, bottom")
    corners: tuple[Point, Point, Point, Point]
    baseline: tuple[Point, Point]
    characters: list[dict[str, Any]] | None = Field(None, description="with characters=yes: text, x, y, confidence")


class PageAnswer(BaseModel):
    """One page."""

    lines: list[LineAnswer]
    width: int
    height: int
    source: str
    frame: int


class ReadingAnswer(BaseModel):
    """What was read of one picture file."""

    format: int
    name: str
    model: str = Field(description="name and version of the model")
    text: str
    confidence: float = Field(ge=0, le=1)
    seconds: float
    pages: list[PageAnswer]


class ProblemAnswer(BaseModel):
    """Why a request is not served, by RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str | None = None


class FeedbackRequest(BaseModel):
    """What a user says of a reading."""

    model_config = ConfigDict(extra="forbid")

    request_id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$", description="X-Request-ID of the reading")
    text: Annotated[str, Field(max_length=200_000)] | None = Field(None, description="as it should read")
    flag: str = Field("", max_length=200, description="what is wrong, in a word")
    image: str | None = Field(None, description="the picture that was read, as base64; kept if the operator wants it")
    page: dict[str, Any] | None = Field(None, description="the page of the answer that is corrected")


EXAMPLE_READING = {
    "format": 1,
    "name": "letter.png",
    "model": "best-69e56b9144bbf3c5",
    "text": "Dear Ada,",
    "confidence": 0.9973,
    "seconds": 0.031,
    "pages": [
        {
            "lines": [
                {
                    "text": "Dear Ada,",
                    "confidence": 0.9973,
                    "box": [40, 47, 230, 84],
                    "corners": [[40.0, 47.0], [230.0, 47.0], [230.0, 84.0], [40.0, 84.0]],
                    "baseline": [[40.0, 73.0], [230.0, 73.0]],
                }
            ],
            "width": 700,
            "height": 500,
            "source": "letter.png",
            "frame": 0,
        }
    ],
}

_ONE = {
    "type": "object",
    "properties": {"image": {"type": "string"}, "image_url": {"type": "string"}, "name": {"type": "string"}},
    "description": "image is base64, with or without a data: prefix; image_url needs an operator who allows its host",
}
_FILE = {"type": "string", "contentMediaType": "application/octet-stream"}


def picture_body(many: bool) -> dict[str, Any]:
    """Return what OpenAPI says of a request's body."""
    several = {"type": "object", "properties": {"images": {"type": "array", "items": _ONE, "minItems": 1}}}
    tree, example = (several, {"images": [{"image": DOT}]}) if many else (_ONE, {"image": DOT})
    field = {"files": {"type": "array", "items": _FILE}} if many else {"file": _FILE}
    content = {
        "application/json": {"schema": tree, "example": example},
        "multipart/form-data": {"schema": {"type": "object", "properties": field}},
    }
    if not many:
        content["application/octet-stream"] = {"schema": _FILE}
        content["text/plain"] = {"schema": {"type": "string"}, "example": DOT}
    return {"required": True, "content": content}


PARAMETERS = [
    {"name": name, "in": "query", "required": False, "schema": schema, "description": about}
    for name, schema, about in (
        ("line", {"type": "string", "enum": ["yes", "no"]}, "every picture is one text line"),
        ("pages", {"type": "string", "example": "1"}, "of PDF and TIFF files, as in 3-9 or 1,4,7-"),
        ("dpi", {"type": "number", "minimum": 30, "maximum": 1200}, "at which pages of PDF files are drawn"),
        ("text_layer", {"type": "string", "enum": ["ignore", "keep"]}, "keep takes the text that a PDF has"),
        ("abstain", {"type": "number", "minimum": 0, "maximum": 1}, "no text for lines less certain than this"),
        ("characters", {"type": "string", "enum": ["yes", "no"]}, "tell each character's place and confidence"),
    )
]

READ_CONTENT = {
    media.partition(";")[0]: {"example": EXAMPLE_READING} if name == "json" else {"schema": {"type": "string"}}
    for name, media in MEDIA_TYPES.items()
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of the answers that are problems."""
    about = {
        400: "it cannot be read as a request, or as a picture",
        401: "no key, or an unknown one",
        404: "nothing is kept here",
        406: "no such format",
        408: "the body came too slowly",
        413: "too large",
        422: "this picture ends the processes that read it",
        429: "too much to do; Retry-After tells when to come again",
        503: "the server begins or ends",
        504: "not read in time",
    }
    shown = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemAnswer"}}}
    assert MEDIA_TYPE in shown
    return {status: {"description": about[status], "content": shown} for status in statuses}
