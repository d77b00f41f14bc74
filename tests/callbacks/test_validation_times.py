"""When a run validates, and how a budget becomes steps."""

import pytest
import pytorch_lightning as pl

from text_recognizer.callbacks.time_budget import TimeBudget
from text_recognizer.callbacks.validation_times import ValidationTimes, validation_interval

from .fitted import fit


class Steps(pl.Callback):
    def __init__(self) -> None:
        self.validated: list[int] = []
        self.trained = 0

    def on_validation_end(self, trainer, pl_module) -> None:
        self.validated.append(trainer.global_step)

    def on_train_batch_end(self, trainer, pl_module, *_) -> None:
        self.trained = trainer.global_step


@pytest.mark.parametrize("steps", [1, 2, 5, 6, 7, 11, 12])
def test_the_last_step_is_validated_whatever_the_interval(steps):
    seen = Steps()
    fit([ValidationTimes(), seen], steps=steps, every=validation_interval(steps))
    assert seen.validated[-1] == steps
    assert len(seen.validated) == len(set(seen.validated)) <= 6


def test_a_budget_becomes_steps_once_and_validates_at_the_end():
    seen, told = Steps(), []
    fit([ValidationTimes(), TimeBudget(4.0, told.append, timed_steps=8), seen], steps=-1, every=10**9)
    assert len(told) == 1
    assert told[0] > 8
    assert seen.trained == told[0]
    assert seen.validated[-1] == told[0]


def test_a_budget_that_the_first_steps_use_up_ends_soon():
    seen, told = Steps(), []
    fit([ValidationTimes(), TimeBudget(0.05, told.append), seen], steps=-1, every=10**9)
    assert seen.trained == told[0] < 30
