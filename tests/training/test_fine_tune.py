"""From a folder of lines to a model that the reader takes."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from text_recognizer.data.frozen_lines import read_lines
from text_recognizer.errors import UsageError, UserError
from text_recognizer.inference.cli import main as read_main
from text_recognizer.inference.recipe import Recipe
from text_recognizer.inference.shipped import shipped_models, weights_folder
from training import fine_tune
from training.evaluate import FROZEN
from training.export import export, fresh_lines, prove_same
from training.keeping import Known, between, print_lines
from training.readers import reader_of, trained_model
from training.starting_weights import WEIGHTS

START = weights_folder() / "fast"


@pytest.fixture(autouse=True)
def little_print(monkeypatch):
    """Few lines of print are read to see what was forgotten."""
    monkeypatch.setattr(fine_tune, "print_lines", lambda characters: print_lines(characters, 8))


@pytest.fixture
def lines(tmp_path) -> Path:
    """Twelve transcribed lines by three writers, and a picture that is none."""
    folder = tmp_path / "my hand"
    folder.mkdir()
    for number, sample in enumerate(read_lines(FROZEN[0])[:12]):
        name = f"{1000 + number % 3}_{number}"
        Image.fromarray(sample.image_HW).save(folder / f"{name}.png")
        (folder / f"{name}.gt.txt").write_text(sample.text + "\n", encoding="utf-8")
    (folder / "1000_99.png").write_text("no picture")
    (folder / "1000_99.gt.txt").write_text("text\n")
    return folder


def tune(lines: Path, tmp_path: Path, *more: str) -> Path:
    where = ["--out", str(tmp_path / "model"), "--runs", str(tmp_path / "runs"), "--json", str(tmp_path / "s.json")]
    assert fine_tune.main([str(lines), "--start", "fast", "--steps", "3", "--threads", "1", *where, *more]) == 0
    return tmp_path / "model"


@pytest.mark.slow
def test_a_folder_of_lines_becomes_a_model_that_reads_and_can_be_tuned_again(lines, tmp_path, capsys):
    model = tune(lines, tmp_path)
    said = capsys.readouterr().out
    assert "left out" in said and "1000_99.png" in said
    assert "taken by writer" in said
    assert f"text-recognizer read page.png --model {model}" in said
    assert read_main(["read", str(lines / "1000_0.png"), "--model", str(model), "--line"]) == 0
    scores = json.loads((tmp_path / "s.json").read_text())["scores"]
    assert [pair["before"]["source"] for pair in scores] == ["test", "print"]
    card = (model / "card.md").read_text()
    assert "The model fast, fine-tuned on" in card and "| print | 300 |" in card
    assert trained_model(model).characters == Recipe.load(START).characters


@pytest.mark.slow
def test_characters_that_the_model_lacks_are_refused_or_added(lines, tmp_path, capsys):
    (lines / "1001_1.gt.txt").write_text("Ωmega\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"1001_1.*1 characters .* 'Ω' \(U\+03A9, 1 times\).*--charset union"):
        tune(lines, tmp_path)
    model = tune(lines, tmp_path, "--charset", "union")
    assert Recipe.load(model).characters == Recipe.load(START).characters + "Ω"
    assert "New characters: Ω" in (model / "card.md").read_text(encoding="utf-8")
    assert fine_tune.characters_for("new", "abc", []) == " "


def test_a_model_without_its_torch_form_is_refused(lines, tmp_path):
    bare = shutil.copytree(START, tmp_path / "bare")
    (bare / WEIGHTS).unlink()
    with pytest.raises(UserError, match="bare: has no weights.pt, so it can be read with but not trained on"):
        fine_tune.main([str(lines), "--start", str(bare)])


def test_the_torch_form_of_another_model_is_refused(lines, tmp_path):
    other = shutil.copytree(START, tmp_path / "other")
    shutil.copyfile(weights_folder() / "best" / WEIGHTS, other / WEIGHTS)
    with pytest.raises(UserError, match=r"weights.pt: is not what .*model.onnx was made of"):
        fine_tune.main([str(lines), "--start", str(other)])


@pytest.mark.parametrize("name", shipped_models())
def test_the_torch_form_of_a_model_that_ships_reads_what_its_onnx_form_reads(name, tmp_path):
    model = trained_model(weights_folder() / name)
    images = fresh_lines(model.characters, 40)
    export(model, tmp_path / "float", name, {}, "", 4)
    prove_same(model, tmp_path / "float", images)
    exact = reader_of(tmp_path / "float", language_model=False, second_look=False)(images)
    shipped = reader_of(weights_folder() / name, language_model=False, second_look=False)(images)
    same = np.mean([a == b for a, b in zip(exact, shipped, strict=True)])
    assert same > 0.75, "8 bits change a few characters in a hundred lines, not most lines"


def test_what_was_learnt_is_kept_as_far_as_print_is_not_forgotten():
    before, wrecked = trained_model(weights_folder() / "fast"), trained_model(weights_folder() / "fast")
    lines = print_lines(before.characters, 12)
    known = Known(before, lines)
    assert known.kept(wrecked)[1] == 1.0
    with_noise = wrecked.scores.weight
    with_noise.data += (
        3 * with_noise.std() * with_noise.new_tensor(np.random.default_rng(0).normal(size=with_noise.shape))
    )
    model, share = known.kept(wrecked)
    assert share < 1.0
    for a, b in zip(between(before, wrecked, share).parameters(), model.parameters(), strict=True):
        assert a.equal(b)


def test_a_model_is_not_written_over_the_one_it_starts_from(tmp_path):
    own = shutil.copytree(START, tmp_path / "own")
    before = (own / "recipe.json").read_bytes()
    with pytest.raises(UsageError, match=r"--out .*own: there is the model to start from; name another folder"):
        fine_tune.main([str(tmp_path / "lines"), "--start", str(own), "--out", str(tmp_path / "x" / ".." / "own")])
    assert (own / "recipe.json").read_bytes() == before


def test_where_nothing_can_be_written_is_said_before_the_training(lines, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UserError, match="file: cannot write here"):
        fine_tune.main([str(lines), "--start", "fast", "--out", str(tmp_path / "file" / "model")])
    with pytest.raises(UserError, match="gone: cannot write here"):
        fine_tune.main(
            [str(lines), "--start", "fast", "--out", str(tmp_path / "m"), "--json", str(tmp_path / "gone/s.json")]
        )


@pytest.mark.slow
def test_of_a_folder_of_several_tables_only_the_named_one_is_learnt(lines, tmp_path):
    pictures = sorted(path for path in lines.glob("*.png") if path.name != "1000_99.png")
    rows = [f"{path.name}\t{path.with_suffix('.gt.txt').read_text().strip()}\n" for path in pictures]
    for path in lines.glob("*.gt.txt"):
        path.unlink()
    (lines / "mine.tsv").write_text("".join(rows[:8]))
    (lines / "theirs.tsv").write_text("".join(rows[8:]))
    model = tune(lines / "mine.tsv", tmp_path)
    (config,) = (tmp_path / "runs").glob("*/config.yaml")
    assert "mine.tsv" in config.read_text()
    assert "`my hand`" in (model / "card.md").read_text()
