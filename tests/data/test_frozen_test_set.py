"""The test lines in git are those that every figure was measured on; no training may have seen their families."""

import hashlib
import json
from pathlib import Path

import pytest

from text_recognizer.charset import ASCII
from text_recognizer.data.frozen_lines import read_lines
from text_recognizer.synth.splits import split_of_family

FOLDER = Path(__file__).parent / "lines"
KINDS = ("handwriting", "print")


def test_every_file_has_its_recorded_digest_and_none_is_missing_or_extra():
    files = [path for kind in KINDS for path in (FOLDER / kind).iterdir()]
    found = {path.relative_to(FOLDER).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert found == json.loads((FOLDER / "digests.json").read_text())


def test_they_take_less_than_4_mb():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 4_000_000


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_300_lines_of_test_families(kind):
    samples = read_lines(FOLDER / kind)
    assert len(samples) == 300
    assert {split_of_family(sample.source) for sample in samples} == {"test"}
    assert len({sample.source for sample in samples}) >= 7


@pytest.mark.parametrize("kind", KINDS)
def test_each_line_is_40_px_high_and_says_something_in_ascii(kind):
    for sample in read_lines(FOLDER / kind):
        assert sample.image_HW.shape[0] == 40
        assert sample.text.strip() == sample.text != ""
        assert set(sample.text) <= set(ASCII)
