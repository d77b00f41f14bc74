"""What a server answers when a request cannot be served: problem details, the same from all apps.

Source: RFC 9457.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from text_recognizer.errors import UserError

MEDIA_TYPE = "application/problem+json"

_OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)")


class Problem(UserError):
    """A request that is not served; the message says what was wrong and what to change.

    Args:
        status: of the HTTP answer, 400 to 599.
        detail: the message.
        headers: that the answer carries, as Retry-After.
    """

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}

    def document(self, request_id: str = "") -> dict[str, Any]:
        """Return the answer's tree, ready for JSON.

        >>> Problem(413, "body: too large").document("r1")["title"]
        'Request Entity Too Large'
        """
        tree = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        return {**tree, "request_id": request_id} if request_id else tree


def problem_of(error: UserError) -> Problem:
    """Return what to answer for an error of the reader, with the options of the command line named as parameters.

    >>> problem_of(UserError("a.pdf: too large; give a lower --dpi")).detail
    'a.pdf: too large; give a lower dpi='
    """
    if isinstance(error, Problem):
        return error
    return Problem(400, _OPTION.sub(lambda found: found[1].replace("-", "_") + "=", str(error)))
