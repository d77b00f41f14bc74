"""Events as AWS Lambda gets them, for one HTTP request."""

from __future__ import annotations

import base64
from typing import Any

Event = dict[str, Any]


def v1(
    body: bytes, kind: str = "", accept: str = "", query: dict[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """Return an event of a REST API."""
    headers = {"Content-Type": kind, "Accept": accept, **more.pop("headers", {})}
    return {
        "resource": "/v1/read",
        "path": "/v1/read",
        "httpMethod": "POST",
        "headers": {name: value for name, value in headers.items() if value},
        "multiValueHeaders": {name: [value] for name, value in headers.items() if value},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in (query or {}).items()} or None,
        "requestContext": {"stage": "prod", "requestId": "r"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
        **more,
    }


def v2(
    body: bytes, kind: str = "", accept: str = "", query: dict[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """Return an event of an HTTP API, which is that of a function URL too."""
    headers = {"content-type": kind, "accept": accept, **more.pop("headers", {})}
    path, method = more.pop("path", "/v1/read"), more.pop("method", "POST")
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "&".join(f"{name}={value}" for name, value in (query or {}).items()),
        "headers": {name: value for name, value in headers.items() if value},
        "requestContext": {"http": {"method": method, "path": path}, "requestId": "r"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
        **more,
    }
