"""The benchmark of readers from its command line to its report, with a real reader: the tiny model that reads flags."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import readers
from benchmarks.reading.sets import About, write_set
from tests.inference.tiny_model import draw_flags, save_tiny_model

TEXTS = ["abc", "deed", "bad", "cede"]


@pytest.fixture
def flags(tmp_path: Path) -> Path:
    drawn = [(draw_flags(text), text, f"writer {number % 2}") for number, text in enumerate(TEXTS)]
    write_set(tmp_path / "flags", About("line", "print"), [*drawn, (draw_flags("abe"), "abd", "writer 0")])
    return tmp_path / "flags"


def test_a_run_reports_errors_time_size_and_memory_of_each_reader(flags, tmp_path, capsys):
    model = save_tiny_model(tmp_path / "model")
    words = ["--ours", f"tiny={model}", "--data", str(flags), "--sets", str(flags), "--readers"]
    assert readers.main([*words, "--repeats", "1", "--timed", "2", "--folder", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "5 lines of 2 writers" in shown and "**tiny** | 5.88 [" in shown  # one of 17 characters
    row = json.loads((tmp_path / "out/report/readers.json").read_text())["sets"]["flags"]["readers"]["tiny"]
    assert row["cost"]["ms"] > 0 and 30 < row["cost"]["peak_mb"] < 300 and row["cost"]["first_s"] > 0.05
    assert row["models_mb"] == pytest.approx((model / "model.onnx").stat().st_size / 1e6)
    assert (tmp_path / "out/report/readers.png").stat().st_size > 1000


def test_without_repeats_nothing_is_timed_and_nothing_plotted(flags, tmp_path, capsys):
    words = [
        "--ours",
        str(save_tiny_model(tmp_path / "model")),
        "--data",
        str(flags),
        "--sets",
        str(flags),
        "--readers",
    ]
    assert readers.main([*words, "--repeats", "0", "--limit", "2", "--folder", str(tmp_path)]) == 0
    assert "2 of 5 lines" in capsys.readouterr().out
    assert not (tmp_path / "report/readers.png").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--sets", "prnt"], 2, "'prnt': there is none of that name; did you mean print"),
        (["--readers", "teseract"], 2, "did you mean tesseract"),
        (["--repeats", "-1"], 2, "--repeats -1: is out of range"),
        (["--data", "nowhere", "--sets", "nowhere", "--readers"], 1, "nowhere: holds neither truth.tsv nor any"),
        (["--ours", "x=nowhere", "--sets", "print", "--readers"], 1, "nowhere: there is no model here"),
    ],
)
def test_a_mistake_is_one_sentence(words, code, said, tmp_path, capsys):
    assert readers.main([*words, "--folder", str(tmp_path)]) == code
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_a_frozen_set_is_known_by_its_digest(flags, tmp_path, monkeypatch, capsys):
    digests = tmp_path / "digests.json"
    for function in ("freeze", "is_frozen"):
        original = getattr(readers, function)
        monkeypatch.setattr(readers, function, lambda item, original=original: original(item, digests))
    assert readers.main(["--data", str(flags), "--freeze", str(flags), "--folder", str(tmp_path)]) == 0
    assert "frozen" in capsys.readouterr().out
    assert json.loads(digests.read_text())["flags"]["items"] == 5


def test_every_set_is_known_before_any_is_made(tmp_path):
    makers = readers.set_makers(readers.parsed(["--folder", str(tmp_path)]))
    assert {"print", "handwriting-french", "browser-pages", "copiste-lines", "fondue-en-print-pages"} <= set(makers)
    assert np.all([callable(maker) for maker in makers.values()]) and not any(tmp_path.iterdir())
