"""The benchmark of speed with a real reader: the tiny model that reads flags."""

import pytest

from benchmarks import speed
from tests.inference.tiny_model import save_tiny_model


@pytest.mark.slow
def test_a_reader_has_a_row_with_times_ratios_start_and_memory(tmp_path, capsys):
    model = save_tiny_model(tmp_path / "model")
    words = ["--ours", f"tiny={model}", "--readers", "--repeats", "1", "--fonts", str(tmp_path / "none")]
    assert speed.main(words) == 0
    (row,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("| tiny |"))
    line, ratio, page, _, start, memory = (cell.split()[0] for cell in row.split("|")[2:-1])
    assert float(page) > float(line) > 0 and 1.0 <= float(ratio) < 10
    assert float(start) > 0.05 and 30 < float(memory) < 400


def test_lines_that_are_timed_have_about_28_characters():
    lines = list(speed.line_pictures(None))
    assert len(lines) == 60 and {len(text) for _, text, _ in lines} <= set(range(26, 31))


def test_a_mistake_is_one_sentence(capsys):
    assert speed.main(["--repeats", "0"]) == 2
    assert capsys.readouterr().err.startswith("speed: --repeats 0: is out of range")
