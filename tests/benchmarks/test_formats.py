"""The benchmark of formats with a real reader: the tiny model."""

import pytest

from benchmarks import formats
from tests.inference.result_pages import PAGES
from tests.inference.tiny_model import save_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return str(save_tiny_model(tmp_path_factory.mktemp("model")))


def test_every_format_has_a_row_in_which_all_pages_are_right(model, tmp_path, capsys):
    words = ["--model", model, "--count-real", "0", "--count-drawn", "2", "--fonts", str(tmp_path / "none")]
    assert formats.main(words) == 0
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("| ")][1:]
    cells = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows}
    assert set(cells) == {*formats.BACK, "training/alto", "training/page"}
    assert all(row[0] == row[2] == "2" and row[1] in ("2", "-") for row in cells.values())
    assert cells["alto"][1] == "2" and float(cells["alto"][3]) == 0.0


@pytest.mark.parametrize(
    ("old", "new", "counted", "said"),
    [
        (' ID="page1"', "", (0, 1), "'ID' is required"),
        ("one", "own", (1, 0), "its texts came back changed"),
    ],
)
def test_a_file_that_is_not_valid_or_comes_back_changed_is_noticed(old, new, counted, said, monkeypatch, tmp_path):
    whole = formats.FORMATS["alto"]
    monkeypatch.setitem(formats.FORMATS, "alto", lambda pages: ["".join(whole(pages)).replace(old, new)])
    score = formats.Score()
    formats.judge("alto", PAGES["plain"], tmp_path / "x.alto.xml", score)
    assert (score.valid, score.equal) == counted and said in score.faults[0]


@pytest.mark.slow
def test_memory_is_measured_for_each_number_of_pages(model, tmp_path, capsys):
    words = ["--pdf", "--pdf-pages", "1", "3", "--model", model, "--fonts", str(tmp_path / "none")]
    assert formats.main(words) in (0, 1)
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines() if line.startswith(("| 1 ", "| 3 "))]
    assert len(rows) == 2 and all(30 < float(row[2]) < 1000 for row in rows)


def test_missing_pages_are_named_with_the_command_that_fetches_them(model, tmp_path, capsys):
    assert formats.main(["--model", model, "--pages", str(tmp_path / "none")]) == 1
    assert "make pages" in capsys.readouterr().err
