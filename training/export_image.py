"""Write a model of characters, or one that writes token by token, as ONNX with its recipe, after proving it the same.

A model of characters is one graph. One that writes token by token is two: the encoder, which runs once for a picture,
and a step, which takes the last token and a cache of what was computed for those before it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from text_recognizer.errors import UserError
from text_recognizer.inference.image_recipe import ENCODER, FILE_NAME, MODEL, STEP, ImageRecipe
from text_recognizer.inference.onnx_session import onnx_session
from text_recognizer.inference.recipe import sha256_of
from text_recognizer.inference.sequence_writer import SequenceWriter
from text_recognizer.models.base import CharacterModel, LineSequenceModel, ParagraphModel, SequenceModel
from text_recognizer.models.greedy import write
from text_recognizer.models.transformer_decoder import FAR_BELOW
from training.starting_weights import WEIGHTS, save_weights

OPSET = 18
TOLERANCE = 2e-3
"""By which the probabilities of torch and onnxruntime may differ."""

ImageModel = CharacterModel | SequenceModel

Labels = Callable[[Tensor], tuple[np.ndarray, np.ndarray]]
"""Maps pictures [B, 1, H, W] to their labels, or tokens [B, L], and the probability of each."""


class CharacterLogProbs(nn.Module):
    """A model of characters as it is exported: x -> log_probs."""

    def __init__(self, model: CharacterModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x).log_softmax(-1)


class Encoder(nn.Module):
    """The encoder as it is exported: x, and widths for lines -> the keys and values of all layers, and a bias."""

    def __init__(self, model: SequenceModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor, widths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        memory_BSD, padding_BS = self.model.encode(x, widths)
        bias_BS = torch.zeros_like(memory_BSD[:, :, 0])
        if padding_BS is not None:
            bias_BS = bias_BS.masked_fill(padding_BS, FAR_BELOW)
        return self.model.decoder.memory_cache(memory_BSD), bias_BS


class Step(nn.Module):
    """One token as it is exported: tokens, place, memory, bias, written -> log_probs, fresh."""

    def __init__(self, model: SequenceModel) -> None:
        super().__init__()
        self.decoder = model.decoder

    def forward(
        self, tokens: Tensor, place: Tensor, memory: Tensor, bias: Tensor, written: Tensor
    ) -> tuple[Tensor, Tensor]:
        scores_BC, fresh = self.decoder.step_apart(tokens, place, memory, bias, written)
        return scores_BC.log_softmax(-1), fresh


def export_image_model(
    model: ImageModel,
    folder: Path,
    name: str,
    created_by: dict[str, Any],
    card: str,
    proof: Sequence[Tensor],
    architecture: dict[str, Any] | None = None,
) -> float:
    """Write the model into `folder`, all files or none, and return the largest difference of a probability.

    Args:
        model: is exported.
        folder: is made.
        name: of the model.
        created_by: who trained it.
        card: the model card.
        proof: pictures float32 [B, 1, H, W] that torch and onnxruntime must read alike.
        architecture: as the run's config.yaml has it; with it ``weights.pt`` is written too.

    Raises:
        UserError: torch and onnxruntime disagree, or the folder cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: is a file, not a folder; name another with --out")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror}); name another folder with --out") from error
    try:
        files = write_image_model(model, beside)
        (beside / "card.md").write_text(card, encoding="utf-8")
        recipe = recipe_of(model, name, {file: sha256_of(beside / file) for file in files}, created_by)
        recipe.save(beside)
        difference = prove_same(model, beside, proof)
        if architecture:
            save_weights(model, beside / WEIGHTS, architecture, name, recipe.sha256[files[0]])
            files = [WEIGHTS, *files]
        folder.mkdir(exist_ok=True)
        for file in (*files, "card.md", FILE_NAME):  # the recipe last: it vouches for the others
            os.replace(beside / file, folder / file)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return difference


def proof_pictures(model: ImageModel, count: int = 20) -> list[Tensor]:
    """Return pictures that no training has seen, each a batch of one: noise of strokes, dark in the middle of paper."""
    dice = torch.Generator().manual_seed(4)
    pictures = []
    for number in range(count):
        width = getattr(model, "image_width", 96 + 24 * number)  # lines have any width
        x_11HW = torch.rand(1, 1, max(2, model.height // 8), max(2, width // 8), generator=dice)
        pictures.append(F.interpolate((x_11HW > 0.7).float(), size=(model.height, width)))
    return pictures


def recipe_of(model: ImageModel, name: str, sha256: dict[str, str], created_by: dict[str, Any]) -> ImageRecipe:
    """Return the recipe of a model whose files have these digests."""
    if isinstance(model, CharacterModel):
        return ImageRecipe(name, "character", model.characters, model.height, model.image_width, 1, sha256, created_by)
    width = model.image_width if isinstance(model, ParagraphModel) else 0
    kind = "paragraph" if width else "line"
    return ImageRecipe(name, kind, model.characters, model.height, width, model.max_length, sha256, created_by)  # type: ignore[arg-type]


def write_image_model(model: ImageModel, folder: Path) -> list[str]:
    """Write the ONNX files of a model into `folder` and return their names; the number of pictures is free."""
    if isinstance(model, CharacterModel):
        x_BCHW = torch.rand(2, 1, model.height, model.image_width)
        _write(CharacterLogProbs(model), (x_BCHW,), folder / MODEL, {"x": {0: "B"}}, {"log_probs": {0: "B"}})
        return [MODEL]
    given, axes = _encoder_inputs(model)
    cache_axes = {2: "B", 4: "S"}
    _write(Encoder(model), given, folder / ENCODER, axes, {"memory": cache_axes, "bias": {0: "B", 1: "S"}})
    with torch.inference_mode():
        memory, bias = Encoder(model).eval()(*given)
    written = torch.zeros(*memory.shape[:4], 6, memory.shape[5])
    tokens = torch.full((len(bias),), model.tokens.start)
    _write(
        Step(model),
        (tokens, torch.tensor(3), memory.clone(), bias.clone(), written),
        folder / STEP,
        {
            "tokens": {0: "B"},
            "place": {},
            "memory": cache_axes,
            "bias": {0: "B", 1: "S"},
            "written": {2: "B", 4: "P"},
        },
        {"log_probs": {0: "B"}, "fresh": {2: "B"}},
    )
    return [ENCODER, STEP]


def _encoder_inputs(model: SequenceModel) -> tuple[tuple[Tensor, ...], dict[str, dict[int, str]]]:
    if isinstance(model, ParagraphModel):
        return (torch.rand(2, 1, model.height, model.image_width),), {"x": {0: "B"}}
    given = (torch.rand(2, 1, model.height, 320), torch.tensor([320, 200]))
    return given, {"x": {0: "B", 3: "W"}, "widths": {0: "B"}}


def _write(
    module: nn.Module,
    given: tuple[Tensor, ...],
    path: Path,
    inputs: dict[str, dict[int, str]],
    outputs: dict[str, dict[int, str]],
) -> None:
    """Write a module with torch's older exporter: the newer needs onnxscript."""
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            given,
            str(path),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: axes for name, axes in {**inputs, **outputs}.items() if axes},
            opset_version=OPSET,
            dynamo=False,
        )


def prove_same(model: ImageModel, folder: Path, proof: Sequence[Tensor]) -> float:
    """Return the largest difference of a probability between torch and onnxruntime.

    Raises:
        UserError: they read something else somewhere, or the difference is too large.
    """
    with_torch, with_onnx = torch_labels(model.eval()), onnx_labels(model, folder)
    worst = 0.0
    for number, x_BCHW in enumerate(proof):
        (ours, ours_p), (theirs, theirs_p) = with_torch(x_BCHW), with_onnx(x_BCHW)
        if not np.array_equal(ours, theirs):
            raise UserError(
                f"picture {number} is read otherwise after export; nothing was written: report this with the versions"
                " in origin.json"
            )
        worst = max(worst, float(np.abs(ours_p - theirs_p).max()))
    if worst > TOLERANCE:
        raise UserError(
            f"a probability differs by {worst:.4f} after export, at most {TOLERANCE} is taken; nothing was written:"
            " report this with the versions in origin.json"
        )
    return worst


def torch_labels(model: ImageModel) -> Labels:
    """Return what labels pictures with torch."""
    if isinstance(model, CharacterModel):
        return lambda x_BCHW: _best(model(x_BCHW).softmax(-1).detach().numpy())
    lines = isinstance(model, LineSequenceModel)

    def labelled(x_BCHW: Tensor) -> tuple[np.ndarray, np.ndarray]:
        widths_B = torch.full((len(x_BCHW),), x_BCHW.shape[3]) if lines else None
        tokens_BL, probabilities_BL = write(model, x_BCHW, widths_B)
        return tokens_BL.numpy(), probabilities_BL.numpy()

    return labelled


def onnx_labels(model: ImageModel, folder: Path) -> Labels:
    """Return what labels pictures with the exported model in `folder`."""
    if isinstance(model, CharacterModel):
        session = onnx_session(folder / MODEL, 0)
        return lambda x_BCHW: _best(np.exp(session.run(["log_probs"], {"x": x_BCHW.numpy()})[0]))
    writer = SequenceWriter(folder)
    return lambda x_BCHW: writer.tokens(x_BCHW.numpy())


def _best(probabilities_BC: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return probabilities_BC.argmax(1), probabilities_BC.max(1)
