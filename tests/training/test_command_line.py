"""What the training program says to options, right and wrong."""

import pytest

from text_recognizer.errors import UserError
from training.command_line import mistakes_shown
from training.run_experiment import main, options_parser


@pytest.mark.parametrize("columns", [None, "100", "40"])
def test_help_is_at_most_100_lines_of_100_columns(monkeypatch, columns):
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    lines = options_parser().format_help().splitlines()
    assert len(lines) <= 100
    assert max(map(len, lines)) <= 100
    assert not [line for line in lines if "LineModel," in line], "bases are not offered"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "LineCTCC"], "--model LineCTCC: there is no such class; did you mean LineCTC"),
        (["--model", "text_recognizer.models.line_ctc.Nope"], "there is no such class"),
        (["--model", "LineModel"], "--model LineModel: is the base of the classes that can be named"),
        (["--model", '{"class_path": "LineCTCC"}'], "--model LineCTCC: there is no such class; did you mean LineCTC"),
        (["--data=SynteticLines"], "did you mean SyntheticLines? (all: "),
        (["--data.help", "Nope"], "--data.help Nope: there is no such class"),
        (["--max_stpes", "3"], "--max_stpes: there is no such option; did you mean --max_steps"),
        (["--lit_model.lrr=3"], "--lit_model.lrr: there is no such option; did you mean --lit_model.lr"),
        (["--model.wdth", "3"], "--model.wdth: there is no such option; did you mean --model.width"),
        (["extra"], "extra: is not an option"),
        (["--max_steps", "many"], "--max_steps many: it must be an int"),
        (["--lit_model.lr", "fast"], "--lit_model.lr fast: it must be a float"),
        (["--precision", "bf16"], "--precision bf16: it must be one of '32-true', 'bf16-mixed'"),
        (["--model.channels", "[1,2]"], "--model.channels [1, 2]: it must be a tuple with 4 elements"),
        (["--data.pixels", "x"], "--data.pixels x: it must be an int"),
        (["--max_steps", "0"], "--max_steps 0: is out of range; give 1 or more"),
        (["--threads", "0"], "--threads 0: is out of range"),
        (["--seed", "-1"], "--seed -1: is out of range"),
        (["--budget", "0"], "--budget 0.0: is out of range"),
        (["--checkpoint_every", "0"], "--checkpoint_every 0: is out of range"),
        (["--model.width", "33"], "--model.width 33: does not divide into 4 heads"),
        (["--name", "../x", "--max_steps", "1"], "--name '../x': is not the name of a folder"),
        (["--config", "nope.yaml"], "nope.yaml: there is no such file"),
    ],
)
def test_a_mistake_is_answered_with_one_sentence_and_code_2(tmp_path, capsys, arguments, message):
    with pytest.raises(SystemExit) as end, mistakes_shown():
        main(["--runs", str(tmp_path / "runs"), *arguments])
    told = capsys.readouterr().err
    assert end.value.code == 2
    assert message in told
    assert told.startswith("error: ") and len(told.splitlines()) == 1
    assert not (tmp_path / "runs").exists(), "nothing is left behind"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_stpes: 3", "--max_stpes: there is no such option; did you mean --max_steps"),
        ("model:\n  class_path: LineCTCC", "--model LineCTCC: there is no such class"),
        ("model: LineModel", "is the base of the classes that can be named"),
        ("model:\n  class_path: LineCTC\n  init_args:\n    wdth: 3", "--model.wdth: there is no such option"),
        ("lit_model:\n  lrr: 3", "--lit_model.lrr: there is no such option"),
        ("lit_model:\n  lr: many", "--lit_model.lr many: it must be a float"),
        ("model: [", "while parsing"),
        ("hello", "hello"),
        ("\udcff", "utf-8"),  # not text at all
    ],
)
def test_a_mistake_in_a_file_is_answered_with_one_sentence_and_code_2(tmp_path, capsys, text, message):
    path = tmp_path / "own.yaml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SystemExit) as end, mistakes_shown():
        main(["--config", str(path), "--runs", str(tmp_path / "runs")])
    told = capsys.readouterr().err
    assert end.value.code == 2
    assert message in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--resume", "line-002"], "--resume line-002: there is no such run"),
        (["--data.fonts", "FOLDER", "--max_steps", "1"], "holds no .ttf or .otf file"),
        (["--data.texts", "FOLDER", "--max_steps", "1"], "holds no .txt file"),
        (["--data.characters", "ab\u0434", "--max_steps", "1"], "'\u0434'"),
    ],
)
def test_what_cannot_be_used_is_answered_with_one_sentence_and_code_1(tmp_path, capsys, arguments, message):
    (tmp_path / "empty").mkdir()
    given = [str(tmp_path / "empty") if a == "FOLDER" else a for a in arguments]
    with pytest.raises(SystemExit) as end, mistakes_shown():
        main(["--runs", str(tmp_path / "runs"), *given])
    assert end.value.code == 1
    assert message in capsys.readouterr().err


def test_a_full_disk_is_one_sentence(capsys):
    with pytest.raises(SystemExit) as end, mistakes_shown():
        raise OSError(28, "No space left on device", "runs/x/metrics.csv")
    assert end.value.code == 1
    assert capsys.readouterr().err.startswith("error: runs/x/metrics.csv: No space left on device; ")


def test_our_own_mistakes_keep_their_traceback():
    for error in (OSError(5, "Input/output error"), ValueError("x")):
        with pytest.raises(type(error)), mistakes_shown():
            raise error


def test_a_sentence_from_a_worker_loses_its_traceback(capsys):
    text = "Caught UserError in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n  File\n"
    with pytest.raises(SystemExit), mistakes_shown():
        raise UserError(f"{text}text_recognizer.errors.UserError: x: is wrong; change it\n")
    assert capsys.readouterr().err == "error: x: is wrong; change it\n"
