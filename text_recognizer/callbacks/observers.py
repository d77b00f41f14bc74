"""The callbacks that only tell a logger what a run is and does; they change no number of it."""

from __future__ import annotations

from pathlib import Path

import pytorch_lightning as pl

from text_recognizer.callbacks.graph import Graph
from text_recognizer.callbacks.learning_rate import LearningRate
from text_recognizer.callbacks.model_size import ModelSize
from text_recognizer.callbacks.sample_table import SampleTable
from text_recognizer.callbacks.throughput import Throughput


def observers(folder: Path) -> list[pl.Callback]:
    """Return what observes a run that has a logger.

    Args:
        folder: of the run.
    """
    return [ModelSize(), LearningRate(), Graph(), SampleTable(folder), Throughput()]
