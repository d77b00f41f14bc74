"""Answers to the exercise of the small course, and what a machine must have to keep hostile ones in."""

import pytest

from labs.grading.sandbox import refuse_without_sandbox
from text_recognizer.errors import UsageError


def kept_in() -> str:
    try:
        refuse_without_sandbox()
    except UsageError as problem:
        return str(problem)
    return ""


needs_sandbox = pytest.mark.skipif(bool(kept_in()), reason=kept_in() or "a sandbox")


def plus(body: str) -> str:
    return "def plus(a, b):\n" + "".join(f"    {line}\n" for line in body.splitlines())


RIGHT, WRONG = plus("return a + b"), plus("return a - b")
