"""What is trained on is never what is tested on."""

from itertools import combinations

import pytest

from text_recognizer.errors import UsageError
from text_recognizer.synth.fonts import dependency_faces, faces_of, folder_faces
from text_recognizer.synth.splits import SPLITS, TEXTS, WRITERS, checked_split, split_of_family
from text_recognizer.synth.text import bundled_text

from .built_fonts import build_font


@pytest.mark.parametrize(("one", "other"), list(combinations(SPLITS, 2)))
def test_splits_share_no_text_writer_or_family(one, other):
    assert not set(TEXTS[one]) & set(TEXTS[other])
    assert not set(WRITERS[one]) & set(WRITERS[other])
    for kind in ("print", "handwriting"):
        assert not faces_of(one, kind, dependency_faces()).keys() & faces_of(other, kind, dependency_faces()).keys()


def test_no_sentence_of_one_split_stands_in_another():
    chunks = {
        split: {text[i : i + 40] for i in range(0, len(text) - 40, 40)}
        for split, text in ((split, bundled_text(*TEXTS[split])) for split in SPLITS)
    }
    texts = {split: bundled_text(*TEXTS[split]) for split in SPLITS}
    for one in SPLITS:
        for other in SPLITS:
            assert one == other or not [chunk for chunk in chunks[one] if chunk in texts[other]]


@pytest.mark.parametrize(
    ("family", "split"),
    [
        ("Patrick Hand SC", "test"),  # a variant of a listed family
        ("PATRICK-HAND", "test"),  # spelled otherwise
        ("Reenie Beanie", "test"),
        ("Liberation Sans Narrow", "test"),
        ("Arimo", "test"),  # Liberation Sans under another name
        ("EB Garamond 12", "test"),
        ("Just Me Again Down Here", "test"),
        ("Indie Flower", "validation"),
        ("Hanken Grotesk", "validation"),
        ("DejaVu Sans", "train"),
        ("Roboto", "train"),  # but Roboto Slab is a test family
        ("Roboto Slab", "test"),
    ],
)
def test_a_family_belongs_to_one_split_however_it_is_spelled(family, split):
    assert split_of_family(family) == split


def test_a_test_family_is_known_by_its_name_inside_and_not_by_the_name_of_its_file(tmp_path):
    build_font(tmp_path / "handwriting" / "my-favourite.ttf", "Zeyada")
    build_font(tmp_path / "print" / "zeyada.ttf", "Boxes")
    faces = folder_faces(tmp_path)
    assert {face.family: face.split for face in faces} == {"Zeyada": "test", "Boxes": "train"}


def test_an_unknown_split_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="did you mean validation"):
        checked_split("validaton")
