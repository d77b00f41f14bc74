"""Asks the server on this machine whether it takes requests: python -m api_server.health; exit code 0 if it does."""

from __future__ import annotations

import http.client
import os
import sys


def main() -> int:
    """Ask, and return the exit code."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("LAB_PORT") or 8000), timeout=4)
    try:
        connection.request("GET", "/readyz")
        return int(connection.getresponse().status != 200)
    except (OSError, http.client.HTTPException):
        return 1


if __name__ == "__main__":
    sys.exit(main())
