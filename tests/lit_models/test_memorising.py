"""Every model learns one batch by heart: where it cannot, something is wired wrongly."""

import pytest
import pytorch_lightning as pl
import torch

from tests.models.small_models import all_models, batch_for
from text_recognizer.lit_models.base import LitModel
from text_recognizer.models.base import CharacterModel, LineModel
from training.kinds import LIT_MODELS, base_of
from training.run import lightning_silenced

STEPS = {"MLP": 60, "CNN": 60, "LineCNNTransformer": 150, "ResnetTransformer": 150}
RATES = {"CRNN": 8e-3}
OPTIONS = {"lr": 5e-3, "warmup": 10, "weight_decay": 0.0}


class Repeated(torch.utils.data.IterableDataset):
    def __init__(self, batch: object) -> None:
        self.batch = batch

    def __iter__(self):
        while True:
            yield self.batch


def lit_model_of(model: torch.nn.Module) -> LitModel:
    lit_class = LIT_MODELS[base_of(type(model), list(LIT_MODELS))]
    more = {} if isinstance(model, CharacterModel | LineModel) else {"label_smoothing": 0.0}
    return lit_class(model, **{**OPTIONS, **more, "lr": RATES.get(type(model).__name__, OPTIONS["lr"])})


def fitted(model: torch.nn.Module, batch: object, steps: int) -> LitModel:
    """Train a model on one batch and return what trained it."""
    lit_model = lit_model_of(model)
    with lightning_silenced():
        trainer = pl.Trainer(
            accelerator="cpu",
            max_steps=steps,
            max_epochs=-1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(lit_model, torch.utils.data.DataLoader(Repeated(batch), batch_size=None))
    return lit_model.eval()


@pytest.mark.slow
@pytest.mark.parametrize("model", all_models(), ids=lambda model: type(model).__name__)
def test_one_batch_is_memorised(model):
    batch = batch_for(model)
    lit_model = fitted(model, batch, STEPS.get(type(model).__name__, 120))
    truths = [model.characters[k] for k in batch.y_B.tolist()] if isinstance(model, CharacterModel) else batch.texts
    assert lit_model.read(batch) == truths
