"""Events of AWS Lambda as requests, and answers as Lambda wants them.

Source: the developer guides of API Gateway (payload formats 1.0 and 2.0) and of Lambda function URLs.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from text_recognizer.inference.problems import Problem

LARGEST = 5_900_000
"""Bytes of an answer; Lambda gives up at 6 MB."""


@dataclass(frozen=True)
class Request:
    """An HTTP request that came as an event; names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def request_of(event: Mapping[str, Any]) -> Request | None:
    """Return the request of API Gateway (v1 and v2) or a function URL; None for a direct event.

    Raises:
        Problem: its body is not the base64 that it claims to be.
    """
    about = event.get("requestContext")
    http = about.get("http") if isinstance(about, Mapping) else None
    if isinstance(http, Mapping):
        query = tuple(parse_qsl(str(event.get("rawQueryString") or ""), keep_blank_values=True))
        method, path = str(http.get("method", "")), str(event.get("rawPath") or http.get("path") or "/")
        return Request(method, path, _headers(event), query, _body(event))
    if "httpMethod" in event:
        path = str(event.get("path") or "/")
        return Request(str(event["httpMethod"]), path, _headers(event), _pairs(event), _body(event))
    return None


def http_answer(status: int, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return an answer for API Gateway or a function URL.

    Raises:
        Problem: it is larger than Lambda sends.
    """
    if len(body) > LARGEST:
        raise Problem(413, f"answer: it has {len(body):,} bytes, Lambda sends {LARGEST:,}; ask for fewer pages")
    return {"statusCode": status, "headers": dict(headers), "body": body.decode(), "isBase64Encoded": False}


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    several = event.get("multiValueHeaders") or {}
    told = {name: ",".join(map(str, values)) for name, values in several.items() if isinstance(values, list)}
    return {str(name).lower(): str(value) for name, value in {**told, **(event.get("headers") or {})}.items()}


def _pairs(event: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    several = event.get("multiValueQueryStringParameters")
    if several:
        return tuple((str(name), str(value)) for name, values in several.items() for value in values)
    return tuple((str(name), str(value)) for name, value in (event.get("queryStringParameters") or {}).items())


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not isinstance(body, str):
        raise Problem(400, "body: it is no string; send the event as API Gateway does")
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "replace")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise Problem(400, "body: isBase64Encoded is set, but it is not base64; encode the whole body") from None
