import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.written_pages import write_page
from tests.inference.tiny_model import draw_flags, save_tiny_model
from tests.training.tiny_run import save_tiny_run, tiny_model
from text_recognizer.errors import UserError
from text_recognizer.inference.shipped import weights_folder
from training import evaluate
from training.command_line import mistakes_shown
from training.readers import reader_of, torch_reader

LINES = [("abc", "anna"), ("de ab", "anna"), ("ebeb", "berta")]
"""Texts that the tiny model's flags can say, and whose hand they are."""


def save_lines(folder: Path, lines=LINES) -> Path:
    """Write a folder of lines with its table, and return it."""
    folder.mkdir()
    for number, (text, _) in enumerate(lines):
        Image.fromarray(draw_flags(text)).save(folder / f"{number}.png")
    rows = [f"{number}.png\t{text}\t{source}" for number, (text, source) in enumerate(lines)]
    (folder / "truth.tsv").write_text("\n".join(["file\ttext\tsource", *rows]) + "\n")
    return folder


def test_scores_equal_those_worked_out_by_hand(tmp_path):
    read = ["abd", "de ab", "eb"]  # one character wrong, all right, two missing: 3 of 12, and 2 words of 4
    whole, anna, berta = evaluate.scores_of(lambda lines: read, [save_lines(tmp_path / "lines")])
    assert (whole.source, whole.lines, whole.cer, whole.wer) == ("lines", 3, 3 / 12, 2 / 4)
    assert (anna.source.strip(), anna.lines, anna.cer, anna.wer) == ("anna", 2, 1 / 8, 1 / 3)
    assert (berta.source.strip(), berta.lines, berta.cer, berta.wer) == ("berta", 1, 2 / 4, 1.0)


def test_the_interval_holds_the_rate_and_is_a_point_where_there_is_one_line(tmp_path):
    whole, _, berta = evaluate.scores_of(lambda lines: ["abd", "de ab", "eb"], [save_lines(tmp_path / "lines")])
    assert whole.cer_interval[0] <= whole.cer <= whole.cer_interval[1]
    assert berta.cer_interval == (0.5, 0.5)


def test_the_program_scores_an_exported_model_and_writes_what_it_is_asked_for(tmp_path, capsys):
    model, lines = save_tiny_model(tmp_path / "model"), save_lines(tmp_path / "lines", [("abc", "a"), ("ebeb", "a")])
    worst, scores = tmp_path / "worst.png", tmp_path / "scores.json"
    assert evaluate.main([str(model), "--lines", str(lines), "--worst", str(worst), "--json", str(scores)]) == 0
    assert [row["cer"] for row in json.loads(scores.read_text())] == [0, 0]
    assert Image.open(worst).size[0] > 100
    assert str(worst) in capsys.readouterr().out


def test_the_worst_lines_of_a_model_that_ships_are_not_drawn_into_the_package(tmp_path):
    assert evaluate.place_of_worst(weights_folder() / "fast") == Path("worst_lines.png")
    assert evaluate.place_of_worst(tmp_path) == tmp_path / "worst_lines.png"
    assert evaluate.place_of_worst(tmp_path / "last.ckpt") == tmp_path / "worst_lines.png"


def test_the_worst_lines_come_first(tmp_path, monkeypatch):
    drawn = []

    def keep(rows):
        drawn.extend(rows)
        return Image.new("L", (1, 1))

    monkeypatch.setattr(evaluate, "picture_of", keep)
    evaluate.scores_of(lambda lines: ["abd", "de ab", ""], [save_lines(tmp_path / "lines")], tmp_path / "worst.png")
    assert [read for _, _, read in drawn] == ["", "abd", "de ab"]


def test_a_torch_reader_reads_each_line_as_if_it_were_alone():
    dice = np.random.default_rng(0)
    lines = [draw_flags("".join(dice.choice(list("abcde"), dice.integers(1, 20)))) for _ in range(9)]
    model = tiny_model()
    together = torch_reader(model, batch_size=4)(lines)
    assert together == [torch_reader(model)([line])[0] for line in lines]


@pytest.mark.parametrize(
    ("option", "name"),
    [("--worst", "no folder/worst.png"), ("--json", "no folder/scores.json"), ("--worst", ".")],
)
def test_a_file_that_cannot_be_written_is_refused_before_lines_are_read(option, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(evaluate, "scores_of", lambda *_: pytest.fail("lines were read"))
    model = save_tiny_model(tmp_path / "model")
    with pytest.raises(UserError, match=f"^{option} .*; name a"):
        evaluate.main([str(model), option, str(tmp_path / name)])


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        (None, "holds no truth.tsv; name a folder whose truth.tsv has the columns file, text, source"),
        ("file\ttext\n0.png\tabc\n", "lacks one of the columns file, text, source"),  # no source
        ("file\ttext\tsource\n", "lacks"),  # no line at all
        ("file\ttext\tsource\nnone.png\tabc\ta\n", "none.png"),  # an image that is not there
    ],
)
def test_a_folder_without_a_usable_table_is_refused(table, complaint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model, lines = save_tiny_model(tmp_path / "model"), tmp_path / "lines"
    lines.mkdir()
    if table:
        (lines / "truth.tsv").write_text(table)
    with pytest.raises(UserError, match=complaint):
        evaluate.main([str(model), "--lines", str(lines)])


def test_what_is_no_run_is_refused_with_exit_code_1(tmp_path, capsys):
    with pytest.raises(SystemExit) as end, mistakes_shown():
        evaluate.main([str(tmp_path)])
    assert end.value.code == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path}: holds no best.ckpt of a run; train one")


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda run: (run / "best.ckpt").write_bytes(b"PK\3\4"), "not a readable checkpoint"),
        (lambda run: (run / "best.ckpt").write_bytes((run / "best.ckpt").read_bytes()[:999]), "not a readable"),
        (
            lambda run: (run / "config.yaml").write_text((run / "config.yaml").read_text().replace("16", "32")),
            "its weights do not fit the model",
        ),
    ],
    ids=["not a checkpoint", "truncated", "of another model"],
)
def test_a_checkpoint_that_cannot_be_used_is_named(damage, complaint, tmp_path):
    run = save_tiny_run(tmp_path / "run")
    damage(run)
    with pytest.raises(UserError, match=f"^{run / 'best.ckpt'}: {complaint}"):
        reader_of(run)


def test_transcribed_pages_are_scored_line_by_line(tmp_path):
    write_page(tmp_path / "pages", "text_0007", ["one", "two"])
    scores = evaluate.scores_of(lambda lines: ["one"] * len(lines), [tmp_path / "pages"])
    assert [(row.source, row.lines) for row in scores] == [("pages", 2), ("  real: 0007", 2)]


def test_an_exported_model_can_be_scored_without_its_helps(tmp_path, capsys):
    model, lines = save_tiny_model(tmp_path / "model"), save_lines(tmp_path / "lines")
    arguments = ["--lines", str(lines), "--worst", str(tmp_path / "worst.png"), "--json", str(tmp_path / "scores.json")]
    assert evaluate.main([str(model), *arguments, "--ablate", "true", "--details", "false"]) == 0
    rows = [row["source"] for row in json.loads((tmp_path / "scores.json").read_text())]
    assert [row for row in rows if not row.startswith(" ")] == ["lines, greedy", "lines, greedy, one look", "lines"]


def test_a_run_has_nothing_to_leave_out(tmp_path):
    run, lines = save_tiny_run(tmp_path / "run"), save_lines(tmp_path / "lines")
    with pytest.raises(UserError, match="--ablate: .* is not an exported model"):
        evaluate.main([str(run), "--lines", str(lines), "--ablate", "true"])


def test_lines_whose_text_was_learnt_are_left_out_of_a_row_of_their_own(tmp_path):
    learnt = tmp_path / "train"
    for number, text in enumerate(["so A b e d d", "bab"]):
        write_page(learnt, f"text_000{number}", [text])
    lines = save_lines(tmp_path / "lines", [("a b e d", "anna"), ("bab", "anna"), ("bab a", "berta"), ("de", "berta")])
    scores = evaluate.scores_of(lambda lines: ["bab a"] * len(lines), [lines], learnt=learnt)
    row = next(row for row in scores if row.source == "lines, no text of train")
    assert (row.lines, row.cer) == (2, pytest.approx(5 / 7))
