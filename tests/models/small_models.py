"""Small models of every class, and batches that they can learn by heart in seconds."""

from __future__ import annotations

import numpy as np
import torch

from text_recognizer.character_batch import CharacterBatch
from text_recognizer.data.base import Sample, collate
from text_recognizer.data.character_data import character_batch
from text_recognizer.data.paragraph_data import Paragraph, paragraph_batch
from text_recognizer.line_batch import LineBatch
from text_recognizer.models.base import CharacterModel, LineModel, SequenceModel
from text_recognizer.models.cnn import CNN
from text_recognizer.models.crnn import CRNN
from text_recognizer.models.line_cnn import LineCNN
from text_recognizer.models.line_cnn_simple import LineCNNSimple
from text_recognizer.models.line_cnn_transformer import LineCNNTransformer
from text_recognizer.models.mlp import MLP
from text_recognizer.models.resnet_transformer import ResnetTransformer
from text_recognizer.paragraph_batch import ParagraphBatch
from text_recognizer.synth.lines import GROUP, LineSynthesiser

LETTERS = "abcdefghijklmnopqrstuvwxyz "
PAGE = "\n" + LETTERS
DECODER = {"width": 32, "layers": 2, "heads": 2, "forward_width": 64, "dropout": 0.0}


def character_models() -> list[CharacterModel]:
    torch.manual_seed(0)
    return [MLP("0123456789", 16, 12, 32, 32, 0.0), CNN("0123456789", 16, 12, 8, 32, 0.0)]


def line_models() -> list[LineModel]:
    torch.manual_seed(0)
    return [
        LineCNNSimple(LETTERS, 24, window=16, window_stride=4, channels=8, hidden=48, dropout=0.0),
        LineCNN(LETTERS, 24, channels=12, hidden=64, dropout=0.0),
        CRNN(LETTERS, 24, channels=6, hidden=32, layers=1, dropout=0.0),
    ]


def line_transformer(max_length: int = 24) -> LineCNNTransformer:
    torch.manual_seed(0)
    return LineCNNTransformer(LETTERS, 24, channels=8, max_length=max_length, **DECODER)


def page_transformer(max_length: int = 40) -> ResnetTransformer:
    torch.manual_seed(0)
    return ResnetTransformer(PAGE, 64, 160, channels=(8, 16, 24, 32), max_length=max_length, **DECODER)


def sequence_models() -> list[SequenceModel]:
    return [line_transformer(), page_transformer()]


def all_models() -> list[torch.nn.Module]:
    return [*character_models(), *line_models(), *sequence_models()]


def a_character_batch(count: int = 20) -> CharacterBatch:
    """Return noise with a class each: only learning by heart helps."""
    dice = np.random.default_rng(0)
    ink_BHW = dice.integers(0, 256, (count, 16, 12)).astype(np.uint8)
    return character_batch(ink_BHW, np.arange(count) % 10, [f"noise {i}" for i in range(count)])


def a_line_batch(count: int = 4) -> LineBatch:
    """Return short printed lines."""
    model = line_models()[0]
    drawn = LineSynthesiser(
        seed=1, split="train", height=24, handwriting=0.0, strength=0.0, characters=LETTERS, widths=(60, 150)
    )
    lines = [drawn.line(i * GROUP) for i in range(count)]
    samples = [Sample(line.image_HW, line.text, line.centres, f"line {i}") for i, line in enumerate(lines)]
    return collate(samples, model_charset(model), 24)


def a_page_batch(count: int = 2) -> ParagraphBatch:
    """Return pages of two short printed lines."""
    drawn = LineSynthesiser(
        seed=2, split="train", height=20, handwriting=0.0, strength=0.0, characters=LETTERS, widths=(40, 110)
    )
    pages = []
    for page in range(count):
        page_HW, texts, top = np.full((64, 160), 255, np.uint8), [], 4
        for number in range(2):
            line = drawn.line((2 * page + number) * GROUP)
            part_HW = line.image_HW[:28, :156]
            page_HW[top : top + part_HW.shape[0], 2 : 2 + part_HW.shape[1]] = part_HW
            texts.append(line.text)
            top += 30
        pages.append(Paragraph(page_HW, "\n".join(texts), f"page {page}"))
    return paragraph_batch(pages, model_charset(page_transformer()), 64, 160)


def model_charset(model: torch.nn.Module):
    """Return the charset of a model of lines or pages."""
    from text_recognizer.charset import Charset

    return Charset(model.characters)


def batch_for(model: torch.nn.Module) -> CharacterBatch | LineBatch | ParagraphBatch:
    """Return a batch that a model can learn."""
    if isinstance(model, CharacterModel):
        return a_character_batch()
    return a_page_batch() if isinstance(model, ResnetTransformer) else a_line_batch()
