import json

import pytest
from PIL import Image

from text_recognizer.inference.recipe import Recipe
from training import demo, run_experiment

TINY = [
    *("--max_steps", "8", "--precision", "32-true", "--threads", "1", "--logger", "none", "--data.num_workers", "0"),
    *("--data.validation_lines", "4", "--data.pixels", "600"),
    *("--model.channels", "[4,4,8,8]", "--model.width", "16", "--model.layers", "1"),
]


@pytest.mark.slow
def test_the_demo_trains_scores_exports_and_reads_a_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)  # where nobody ran make fonts
    assert demo.main(["--runs", "runs", "--page", "3", *TINY]) == 0
    run = tmp_path / "runs" / "demo-001"
    assert Image.open(run / "page.png").size[0] >= 900
    assert [row["lines"] for row in json.loads((run / "scores.json").read_text())].count(300) == 2
    card = (run / "model" / "card.md").read_text()
    assert Recipe.load(run / "model").name == "demo-001"
    assert "| handwriting | 300 |" in card and "8 steps" in card
    said = "".join(capsys.readouterr().out.split())
    for name in ("page.png", "page_read.png", "worst_lines.png"):
        assert (run / name).exists()
        assert f"runs/demo-001/{name}" in said
    assert "truth" in said and "CER" in said and "maketrain" in said


def test_another_run_that_is_written_to_meanwhile_is_not_taken_for_the_demos(tmp_path, monkeypatch):
    def trained(options):
        for name in ("demo-002", "line_ctc-001"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "finished.json").write_text("{}")
            (tmp_path / name / "best.ckpt").write_text("")
        return 0

    monkeypatch.setattr(run_experiment, "main", trained)
    assert demo.train(tmp_path, []) == tmp_path / "demo-002"


@pytest.mark.parametrize("code", [85, 1])
def test_a_training_that_did_not_end_ends_the_demo_with_its_code(code, tmp_path, monkeypatch):
    monkeypatch.setattr(run_experiment, "main", lambda options: code)
    with pytest.raises(SystemExit) as end:
        demo.main(["--runs", str(tmp_path)])
    assert end.value.code == code
