"""Training on transcribed pages: splits by writer, struck-out words, mixed batches."""

import json

import numpy as np
import pytest
import torch

from text_recognizer.charset import ASCII
from text_recognizer.data.alto_pages import AltoPages, page_samples, split_pages
from text_recognizer.data.page_xml import read_pages
from text_recognizer.data.transcription import without_marks
from text_recognizer.data.writers import writer_of
from text_recognizer.errors import UserError

from .written_pages import write_page


@pytest.fixture
def folder(tmp_path):
    for name, texts in (
        ("text_0001", ["one line", "and >no< more"]),
        ("text_0002", ["two words"]),
        ("text_0003_1", ["x y"]),
    ):
        write_page(tmp_path, name, texts)
    (tmp_path / "splits.json").write_text(json.dumps({"train": ["0001"], "val": ["0002"], "test": ["0003"]}))
    return tmp_path


def data_of(folder, **options):
    return AltoPages(pages=folder, characters=ASCII, num_workers=0, validation_lines=2, pixels=1200, **options)


def test_pages_are_split_by_writer(folder):
    assert [page.image.stem for page in split_pages(folder, "train")] == ["text_0001"]
    assert [page.image.stem for page in split_pages(folder, "val")] == ["text_0002"]


def test_a_test_writer_in_the_training_folder_is_left_out(folder):
    (folder / "train").mkdir()
    for name in ("text_0001", "text_0003_1"):
        for suffix in (".xml", ".png"):
            (folder / name).with_suffix(suffix).rename((folder / "train" / name).with_suffix(suffix))
    assert [page.image.stem for page in split_pages(folder, "train")] == ["text_0001"]


def test_a_writer_in_two_splits_is_refused(folder):
    (folder / "splits.json").write_text(json.dumps({"train": ["0001"], "val": ["0001"]}))
    with pytest.raises(UserError, match="writer 0001 is in two splits"):
        split_pages(folder, "train")


def test_a_folder_without_splits_says_what_to_run(tmp_path):
    with pytest.raises(UserError, match="make pages"):
        split_pages(tmp_path, "train")


def test_batches_mix_real_and_synthetic_lines_and_repeat_exactly(folder):
    batches = data_of(folder).train_batches()
    sources = {source.split(":")[0] for number in range(6) for source in batches[number].sources}
    assert "real" in sources and sources & {"handwriting", "print"}
    again = data_of(folder).train_batches()[3]
    assert again.texts == batches[3].texts
    assert torch.equal(again.x_BCHW, batches[3].x_BCHW)


def test_real_lines_have_no_known_centres_and_their_marks_are_gone(folder):
    batches = data_of(folder, real=1.0).train_batches()
    lines = [(text, row) for n in range(6) for text, row in zip(batches[n].texts, batches[n].centres_BL, strict=True)]
    real = [(text, row) for text, row in lines if text in ("one line", "and more")]
    assert real and all((row == -1).all() for _, row in real)


def test_validation_holds_every_real_line_once(folder):
    texts = [text for batch in data_of(folder).validation_batches() for text in batch.texts]
    assert texts.count("two words") == 1
    assert "x y" not in texts


def test_samples_of_pages_name_their_writer(folder):
    samples = page_samples(read_pages(folder))
    assert [(sample.text, sample.source) for sample in samples] == [
        ("one line", "real: 0001"),
        ("and more", "real: 0001"),
        ("two words", "real: 0002"),
        ("x y", "real: 0003"),
    ]
    assert all(sample.image_HW.dtype == np.uint8 for sample in samples)


def test_struck_out_words():
    assert without_marks("><") == ""
    assert without_marks("a >b< c", "leave_out") is None
    assert without_marks("5 > 4") == "5 > 4"


def test_the_writer_is_in_the_name():
    assert writer_of("oldbatch_wikitexte_0003") == "0003"
    assert writer_of("letter") == "letter"
