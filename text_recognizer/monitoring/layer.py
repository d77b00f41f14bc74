"""The libraries of the layer `monitor`, which recording does not need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from text_recognizer.errors import UserError

LAYER = "make pip-tools-layer LAYER=monitor, or pip install -r requirements/monitor.txt"


def library(module: str) -> Any:
    """Return a module of scipy's or matplotlib's.

    Raises:
        UserError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise UserError(f"monitor: {module.split('.')[0]} is not installed; {LAYER}") from None
