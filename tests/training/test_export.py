import json
from pathlib import Path

import pytest

from tests.training.tiny_run import save_tiny_run, tiny_model
from text_recognizer.errors import UserError
from text_recognizer.inference.recipe import Recipe
from training import export
from training.command_line import mistakes_shown
from training.readers import reader_of, torch_reader


def export_tiny(folder: Path, proof_lines: int = 8) -> None:
    export.export(tiny_model(), folder, "tiny", {"git_commit": "abc"}, "# tiny\n", proof_lines)


@pytest.fixture
def sabotaged(monkeypatch):
    """The exporter writes another model than the one it is given."""
    write = export.write_onnx
    monkeypatch.setattr(export, "write_onnx", lambda model, path: write(tiny_model(seed=1), path))


def test_an_exported_model_reads_what_the_trained_one_reads(tmp_path):
    export_tiny(tmp_path / "model")
    lines = export.fresh_lines(tiny_model().characters, 20)
    read = reader_of(tmp_path / "model", second_look=False)(lines)
    assert read == torch_reader(tiny_model())(lines)
    assert len(set(read)) > 1, "a model that reads the same everywhere proves nothing"


def test_the_recipe_says_how_to_read_and_by_what_it_was_made(tmp_path):
    export_tiny(tmp_path / "model")
    recipe = Recipe.load(tmp_path / "model")
    model = tiny_model()
    assert (recipe.characters, recipe.height, recipe.stride) == (model.characters, model.height, model.stride)
    assert recipe.created_by == {"git_commit": "abc"}
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["card.md", "model.onnx", "recipe.json"]


def test_a_model_that_reads_otherwise_is_refused_and_nothing_is_left(tmp_path, sabotaged):
    with pytest.raises(UserError, match=r"of 8 lines differ after export, first .*\(torch\) and .*nothing was written"):
        export_tiny(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_refused_export_leaves_the_former_model_as_it_was(tmp_path, request):
    export_tiny(tmp_path / "model")
    before = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}
    request.getfixturevalue("sabotaged")
    with pytest.raises(UserError):
        export_tiny(tmp_path / "model")
    assert {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()} == before


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("file", "is a file, not a folder"), ("file/model", "cannot be written")],
)
def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_done(name, complaint, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("mine")
    monkeypatch.setattr(export, "write_onnx", lambda *_: pytest.fail("the model was written"))
    with pytest.raises(UserError, match=f"{complaint}.*; name another.* --out"):
        export_tiny(tmp_path / name)
    assert (tmp_path / "file").read_text() == "mine"


def test_the_program_exports_a_run_with_a_card_that_knows_its_scores(tmp_path, capsys):
    run = save_tiny_run(tmp_path / "tiny-001")
    scores = [{"source": name, "lines": 3, "cer": 0.125, "wer": 0.5} for name in ("print", "  Arimo")]
    (run / "scores.json").write_text(json.dumps(scores))
    assert export.main([str(run)]) == 0
    assert "the same text as torch on 200 lines" in capsys.readouterr().out
    card = (run / "model" / "card.md").read_text()
    assert "30 steps" in card
    assert "| print | 3 | 12.50 | 50.0 |" in card
    assert "Arimo" not in card
    assert Recipe.load(run / "model").created_by["git_commit"] == "abc"


@pytest.mark.parametrize("name", ["nothing", "file", "folder", "folder/best.ckpt"])
def test_what_is_no_run_is_refused_with_exit_code_1(name, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(SystemExit) as end, mistakes_shown():
        export.main([str(tmp_path / name)])
    assert end.value.code == 1
    assert "holds no best.ckpt of a run; train one with training/run_experiment.py" in capsys.readouterr().err
