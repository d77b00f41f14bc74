"""Corrections become lines that fine-tuning reads."""

import io
import json
from contextlib import closing

import numpy as np
import pytest
from PIL import Image

from tests.monitoring.pages import page
from text_recognizer.data.own_data import read_own_data
from text_recognizer.errors import UserError
from text_recognizer.inference.page_settings import PageSettings
from text_recognizer.monitoring.corrections import export
from text_recognizer.monitoring.matching import matched
from text_recognizer.monitoring.recorder import recorder_of
from text_recognizer.monitoring.stores import open_store
from text_recognizer.synth.pages import PageSynthesiser
from training.own_data import main as own_data


def png(grey_HW: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(grey_HW).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def store(tmp_path):
    return str(tmp_path / "monitoring.db")


def kept(store: str, folder, *feedback: tuple):
    recorder = recorder_of(store, keep_pictures=True)
    for told in feedback:
        recorder.record_feedback(*told)
    recorder.close()
    with closing(open_store(store)) as opened:
        return export(opened, folder)


@pytest.fixture(scope="module")
def drawn():
    return [PageSynthesiser(seed=5, split="validation", handwriting=0.0, lines=(3, 3)).page(n) for n in range(2)]


@pytest.fixture(scope="module")
def reader():
    return PageSettings(model="fast", threads=1).reader()


def test_corrected_pages_are_read_as_own_data(drawn, reader, store, tmp_path, capsys):
    read = [reader.read(one.image_HW) for one in drawn]
    texts = [[f"{line.text}!" for line in one.lines] for one in read]
    told = [
        ("request", "\n".join(rows), "", png(one.image_HW), found)
        for rows, one, found in zip(texts, drawn, read, strict=True)
    ]
    done = kept(store, tmp_path / "lines", *told)
    assert done.corrections == 2 and done.lines == sum(map(len, texts)) and not done.faults
    data = read_own_data(tmp_path / "lines")
    assert (data.layout, data.faults) == ("pairs", [])
    assert sorted(line.text for line in data.lines) == sorted(row for rows in texts for row in rows)
    assert len({line.group for line in data.lines}) == 2
    assert own_data([str(tmp_path / "lines")]) == 0 and "groups: 2" in capsys.readouterr().out
    cut = {line.text: reader.recognizer.read([line.image_HW()])[0].text for line in data.lines}
    same = sum(text[:-1] == again for text, again in cut.items())
    assert same >= 0.8 * len(cut), cut  # the pictures show the whole lines


def test_the_last_correction_of_a_picture_counts_and_earlier_lines_go(store, tmp_path):
    grey_HW = np.full((100, 400), 230, np.uint8)
    grey_HW[10:30, 20:300:7], grey_HW[50:70, 20:300:5] = 20, 20
    read, picture = page("a first line", "a secnd line"), png(grey_HW)
    kept(store, tmp_path / "lines", ("1", "a first line\na second line", "", picture, read))
    assert len(list((tmp_path / "lines").glob("*.png"))) == 2
    done = kept(store, tmp_path / "lines", ("1", "a second line", "", picture, read))
    assert done.lines == 1
    assert [path.read_text() for path in (tmp_path / "lines").glob("*.gt.txt")] == ["a second line\n"]
    assert list(json.loads((tmp_path / "lines/manifest.json").read_text())["lines"]) == [
        path.name for path in (tmp_path / "lines").glob("*.png")
    ]


def test_what_cannot_be_used_is_named_and_the_rest_is_written(store, tmp_path):
    grey_HW = np.full((40, 400), 230, np.uint8)
    grey_HW[10:30, 20:300:7] = 20
    done = kept(
        store,
        tmp_path / "lines",
        ("1", "one line", "", png(grey_HW)),
        ("2", "two\nrows", "", png(255 - grey_HW)),
        ("3", "text", "", b"no picture", page("text")),
        ("4", "something else entirely", "", png(grey_HW[:-1]), page("0123456789")),
        ("5", None, "wrong text", png(grey_HW[:-2])),
    )
    assert (done.lines, done.corrections, len(done.faults)) == (1, 4, 3)
    assert "2 rows and no places" in done.faults[0] and "none of its 1 rows" in done.faults[2]


def test_a_folder_with_other_files_is_left_alone(store, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letter.txt").write_text("dear")
    with pytest.raises(UserError, match="holds letter.txt"):
        kept(store, tmp_path / "mine", ("1", "x", "", png(np.full((40, 40), 9, np.uint8))))
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_without_pictures_there_is_nothing_to_learn(store, tmp_path):
    with pytest.raises(UserError, match="no correction with its picture"):
        kept(store, tmp_path / "lines", ("1", "text", "", None))


@pytest.mark.parametrize(
    ("rows", "texts", "pairs"),
    [
        (["a cat", "a dog"], ["a cot", "a dig"], [(0, 0), (1, 1)]),
        (["the second"], ["the first", "the secnd"], [(0, 1)]),  # a line was taken out
        (["the first", "another", "the secnd"], ["the first", "the second"], [(0, 0), (2, 1)]),  # one was put in
        (["same", "same"], ["same", "same"], [(0, 0), (1, 1)]),
        (["xyz"], ["abc"], []),
        ([], ["abc"], []),
    ],
)
def test_rows_find_their_lines(rows, texts, pairs):
    assert matched(rows, texts) == pairs
