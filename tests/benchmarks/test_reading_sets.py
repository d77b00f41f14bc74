"""Benchmark sets: what is written is read, what was frozen is recognised, what differs is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.reading import real_sets, synthetic_sets
from benchmarks.reading.sets import About, freeze, frozen_set, read_set, write_set
from benchmarks.reading.synthetic_sets import SyntheticSet
from tests.data.written_pages import write_page
from tests.synth.built_fonts import build_font
from text_recognizer.charset import ASCII
from text_recognizer.errors import UserError

LINE = np.full((40, 200), 250, np.uint8)


def make(folder: Path, level: int = 250) -> None:
    write_set(folder, About("line", "print", made_with="ink 1"), [(np.full((40, 200), level, np.uint8), "a b", "font")])


def test_a_set_is_read_as_it_was_written(tmp_path):
    colour = np.zeros((30, 60, 3), np.uint8)
    about = About("page", "mixed", "fra+eng", "ink 1")
    write_set(tmp_path / "x", about, [(LINE, 'dit "né"', "0012"), (colour, " two\nrows ", "0013")])
    found = read_set(tmp_path / "x", "x")
    assert found.about == about
    assert [(item.text, item.source) for item in found.items] == [('dit "né"', "0012"), ("two rows", "0013")]
    assert np.array_equal(np.asarray(Image.open(found.items[1].path)), colour)


def test_a_set_that_fails_half_way_leaves_nothing_behind(tmp_path):
    def broken():
        yield LINE, "a", "b"
        raise UserError("fonts: gone")

    with pytest.raises(UserError, match="gone"):
        write_set(tmp_path / "x", About("line", "print"), broken())
    assert not (tmp_path / "x").exists()
    with pytest.raises(UserError, match="no picture was made"):
        write_set(tmp_path / "x", About("line", "print"), [])


def test_a_frozen_set_is_accepted_and_another_refused(tmp_path):
    digests = tmp_path / "digests.json"
    freeze(frozen_set(tmp_path, "x", make, digests), digests)
    made = []
    assert frozen_set(tmp_path, "x", made.append, digests).digest == json.loads(digests.read_text())["x"]["sha256"]
    assert not made  # what is there is not made again
    make(tmp_path / "x", level=249)
    with pytest.raises(UserError, match=r"its digest is .*that of the frozen set is .*made with ink 1.*--freeze x"):
        frozen_set(tmp_path, "x", make, digests)


def test_pairs_of_pictures_and_texts_are_a_set(tmp_path):
    Image.fromarray(LINE).save(tmp_path / "a.png")
    (tmp_path / "a.gt.txt").write_text("hello\n")
    (item,) = read_set(tmp_path, "mine").items
    assert (item.path.name, item.text, item.source) == ("a.png", "hello", "a")
    (tmp_path / "b.gt.txt").write_text("gone")
    with pytest.raises(UserError, match=r"b\.png: there is no such picture"):
        read_set(tmp_path, "mine")


def test_a_row_without_text_is_refused(tmp_path):
    (tmp_path / "truth.tsv").write_text("file\ttext\tsource\nx.png\t\tfont\n")
    with pytest.raises(UserError, match="1 of 1 rows lack a file or text"):
        read_set(tmp_path, "x")


def test_a_sample_is_spread_over_the_set(tmp_path):
    write_set(tmp_path / "x", About("line", "print"), [(LINE, str(number), "font") for number in range(10)])
    whole = read_set(tmp_path / "x", "x")
    assert [item.text for item in whole.sample(5).items] == ["0", "2", "4", "6", "8"]
    assert len(whole.sample(20).items) == 10 and whole.sample(5).digest != whole.digest


def test_synthetic_lines_are_of_test_families_and_the_same_each_time(tmp_path):
    build_font(tmp_path / "fonts" / "print" / "x" / "x.ttf", "Vollkorn")
    synthetic = SyntheticSet("print", 0.0, 3)
    for name in ("x", "y"):
        synthetic.make(tmp_path / name, tmp_path / "fonts")
    x, y = read_set(tmp_path / "x", "x"), read_set(tmp_path / "y", "y")
    assert {item.source for item in x.items} == {"Vollkorn"} and len(x.items) == 3
    assert x.digest == y.digest
    with pytest.raises(UserError, match="run make fonts"):
        synthetic.make(tmp_path / "z", tmp_path / "nowhere")


def test_french_lines_have_accents(tmp_path):
    text = (synthetic_sets.TEXTS / "declaration-1789.txt").read_text(encoding="utf-8")
    build_font(tmp_path / "fonts" / "print" / "x" / "x.ttf", "Vollkorn", "".join(sorted({*text, *ASCII} - {"\n"})))
    SyntheticSet("print", 0.0, 3, synthetic_sets.TEXTS).make(tmp_path / "x", tmp_path / "fonts")
    found = read_set(tmp_path / "x", "x")
    assert not any(item.text.isascii() for item in found.items) and found.about.languages == "fra+eng"


def test_lines_and_pages_of_transcribed_pages_are_sets(tmp_path):
    write_page(tmp_path / "book", "x_0012_1", ["un deux", "né le >3< 4 mai"])
    lines, pages = (
        real_sets.real_set(tmp_path / "book", tmp_path, name) for name in real_sets.real_names(Path("book"))
    )
    assert [(item.text, item.source) for item in lines.items] == [("un deux", "0012"), ("né le 4 mai", "0012")]
    assert [item.text for item in pages.items] == ["un deux né le 4 mai"]
    assert (lines.about.unit, pages.about.unit) == ("line", "page")


def test_what_is_painted_out_takes_the_colour_of_its_paper():
    page_HWC = np.full((100, 100, 3), (250, 240, 200), np.uint8)
    page_HWC[40:50, 20:60] = 0
    painted_HWC = real_sets.painted_out(page_HWC, [15, 35, 70, 55])
    assert (painted_HWC == (250, 240, 200)).all() and not page_HWC[45, 30].any()
