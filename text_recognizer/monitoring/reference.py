"""What readings looked like when all was well: samples of their features, kept beside the model that was staged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from text_recognizer.errors import UserError
from text_recognizer.inference.output import write_text
from text_recognizer.monitoring.records import FEATURES, Reading

FORMAT = 1
LEAST, MOST = 50, 1_000
"""Readings that a reference needs, and those that are kept of more: so many quantiles."""

WATCHED = tuple(name for name in FEATURES if name != "seconds")
"""Features whose drift is looked for: how long a reading takes says more about the machine than about the pages."""


@dataclass(frozen=True)
class Reference:
    """Sorted values of each feature over known-good readings.

    Attributes:
        count: of the readings.
        models: which read them.
        values: float64 [N] of each feature.
    """

    count: int
    models: tuple[str, ...]
    values: dict[str, np.ndarray]

    @classmethod
    def of(cls, readings: Iterable[Reading], name: str = "readings") -> Reference:
        """Take a reference from readings.

        Raises:
            UserError: there are too few.
        """
        known = list(readings)
        if len(known) < LEAST:
            raise UserError(f"{name}: {len(known)} readings are too few for a reference; record {LEAST} or more")
        values = {feature: _quantiles(column(known, feature)) for feature in WATCHED}
        models = tuple(sorted({reading.model for reading in known}))
        return cls(len(known), models, {feature: some for feature, some in values.items() if len(some)})

    @classmethod
    def load(cls, path: Path) -> Reference:
        """Read a file that `save` wrote.

        Raises:
            UserError: it is missing, or something else.
        """
        try:
            tree = json.loads(path.read_text(encoding="utf-8"))
            values = {str(name): np.sort(np.array(some, np.float64)) for name, some in tree["features"].items()}
            if tree["format"] != FORMAT or not all(some.ndim == 1 and len(some) for some in values.values()):
                raise ValueError("another format")
            return cls(int(tree["readings"]), tuple(tree["models"]), values)
        except OSError as error:
            raise UserError(f"{path}: it cannot be read ({error.strerror}); check the path") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{path}: it is no reference ({type(error).__name__}); write one with `text-recognizer monitor"
                " reference`"
            ) from error

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        features = {name: [float(f"{value:.6g}") for value in some] for name, some in self.values.items()}
        tree = {"format": FORMAT, "readings": self.count, "models": self.models, "features": features}
        write_text(path, [json.dumps(tree), "\n"])


def column(readings: Sequence[Reading], feature: str) -> np.ndarray:
    """Return a feature of those readings that have it, float64 [N]."""
    return np.array([reading.features[feature] for reading in readings if feature in reading.features], np.float64)


def _quantiles(values: np.ndarray) -> np.ndarray:
    """Return the sorted values, or evenly spread quantiles of very many."""
    if len(values) <= MOST:
        return np.sort(values)
    return np.quantile(values, (np.arange(MOST) + 0.5) / MOST, method="nearest")
