"""Writing the default layout: what is read is what was written, and what was interrupted goes on."""

import hashlib
import json

import numpy as np
import pytest

from tests.own_data.line_folders import doctr, known_lines, put, pylaia, tesstrain
from tests.own_data.page_folders import escriptorium
from text_recognizer.data import own_pairs
from text_recognizer.data.own_data import read_own_data, splits
from text_recognizer.data.own_pairs import write_pairs
from text_recognizer.errors import UserError


@pytest.fixture(scope="module")
def lines():
    return known_lines(6)


def contents(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("make", [doctr, pylaia, escriptorium, tesstrain])
def test_lines_of_any_layout_come_back_from_pairs_as_they_were(make, lines, tmp_path):
    make(tmp_path / "in", lines)
    data = read_own_data(tmp_path / "in")
    written = write_pairs(data, tmp_path / "out")
    assert (written.lines, written.kept) == (6, 0)
    again = read_own_data(tmp_path / "out")
    assert (again.layout, again.faults) == ("pairs", [])
    before, after = ({line.digest: line for line in read.lines} for read in (data, again))
    assert before.keys() == after.keys()
    for digest, line in before.items():
        assert (line.text, line.split) == (after[digest].text, after[digest].split)
        np.testing.assert_array_equal(line.image_HW(), after[digest].image_HW())


def test_the_manifest_has_the_digest_of_every_file(lines, tmp_path):
    escriptorium(tmp_path / "in", lines)
    write_pairs(read_own_data(tmp_path / "in"), tmp_path / "out")
    told = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (told["format"], told["unicode"], told["white_space"]) == (1, "NFC", "collapse")
    found = contents(tmp_path / "out")
    del found["manifest.json"]
    digests = {name: line["sha256"] for name, line in told["lines"].items()}
    digests |= {name.replace(".png", ".gt.txt"): line["text_sha256"] for name, line in told["lines"].items()}
    assert digests == {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.json").read_text()


def test_writing_that_was_interrupted_goes_on_and_ends_with_the_same_files(lines, tmp_path, monkeypatch):
    escriptorium(tmp_path / "in", lines)
    data = read_own_data(tmp_path / "in")
    write_pairs(data, tmp_path / "whole")
    write, count = own_pairs._whole, []

    def full_disk(path, content):
        count.append(path)
        if len(count) > 5:
            put(path.with_name(f".{path.name}.1.part"), "half")
            raise UserError(f"{path}: it cannot be written (No space left on device); make room")
        write(path, content)

    monkeypatch.setattr(own_pairs, "_whole", full_disk)
    with pytest.raises(UserError, match="No space left"):
        write_pairs(data, tmp_path / "out")
    assert not (tmp_path / "out" / "manifest.json").exists()
    monkeypatch.setattr(own_pairs, "_whole", write)
    assert write_pairs(data, tmp_path / "out").kept == 2
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert write_pairs(data, tmp_path / "out").kept == 6


def test_a_file_that_was_changed_is_written_anew(lines, tmp_path):
    escriptorium(tmp_path / "in", lines)
    data = read_own_data(tmp_path / "in")
    write_pairs(data, tmp_path / "out")
    before = contents(tmp_path / "out")
    picture, *_ = (tmp_path / "out").glob("*.png")
    picture.write_bytes(picture.read_bytes()[:100])
    assert write_pairs(data, tmp_path / "out").kept == 5
    assert contents(tmp_path / "out") == before


def test_a_folder_with_other_files_is_refused(lines, tmp_path):
    tesstrain(tmp_path / "in", lines)
    put(tmp_path / "out" / "thesis.doc", "years of work")
    with pytest.raises(UserError, match="holds thesis.doc, which is not one of these lines; name a new folder"):
        write_pairs(read_own_data(tmp_path / "in"), tmp_path / "out")
    assert list(contents(tmp_path / "out")) == ["thesis.doc"]


def test_a_picture_that_the_manifest_lists_and_that_is_gone_is_a_fault(lines, tmp_path):
    tesstrain(tmp_path / "in", lines)
    write_pairs(read_own_data(tmp_path / "in"), tmp_path / "out")
    gone, *_ = (tmp_path / "out").glob("*.png")
    gone.unlink()
    gone.with_suffix(".gt.txt").unlink()
    (fault,) = read_own_data(tmp_path / "out").faults
    assert fault == f"{gone.name}: it is listed in manifest.json and is gone; put it back or write the folder anew"


def test_splits_that_were_made_are_written_and_read_back_without_an_overlap(lines, tmp_path):
    tesstrain(tmp_path / "in", lines)
    data = read_own_data(tmp_path / "in")
    parts = splits(data, 0)
    write_pairs(data, tmp_path / "out", parts)
    assert {path.parent.name for path in (tmp_path / "out").rglob("*.png")} == {"train", "val", "test"}
    again = splits(read_own_data(tmp_path / "out"), 5)
    for split, part in parts.items():
        assert {line.digest for line in part} == {line.digest for line in again[split]}


def test_names_that_differ_in_capitals_only_get_files_of_their_own(lines, tmp_path):
    for name, line in zip(("A/1", "a/1", "a/2"), lines, strict=False):
        line.save(tmp_path / "in" / f"{name}.png")
        put(tmp_path / "in" / f"{name}.gt.txt", line.text)
    write_pairs(read_own_data(tmp_path / "in"), tmp_path / "out")
    names = [path.name.lower() for path in (tmp_path / "out").glob("*.png")]
    assert len(set(names)) == 3


def test_the_folder_that_is_read_is_not_written_to_and_files_of_others_stay(lines, tmp_path):
    tesstrain(tmp_path / "in", lines)
    before = contents(tmp_path / "in")
    with pytest.raises(UserError, match="in: the lines are read from there; name a folder beside"):
        write_pairs(read_own_data(tmp_path / "in"), tmp_path / "in")
    assert contents(tmp_path / "in") == before
    put(tmp_path / "out" / "film.mkv.part", "half a download")
    with pytest.raises(UserError, match="it holds film.mkv.part, which is not one of these lines"):
        write_pairs(read_own_data(tmp_path / "in"), tmp_path / "out")
    assert list(contents(tmp_path / "out")) == ["film.mkv.part"]


def test_a_folder_is_read_again_only_if_a_file_in_it_has_changed(lines, tmp_path):
    tesstrain(tmp_path / "in", lines)
    first = read_own_data(tmp_path / "in")
    assert read_own_data(tmp_path / "in") is first
    text, *_ = (tmp_path / "in").rglob("*.gt.txt")
    put(text, "another text")
    assert "another text" in {line.text for line in read_own_data(tmp_path / "in").lines}
    text.unlink()
    assert len(read_own_data(tmp_path / "in").lines) == len(first.lines) - 1
