"""A model is staged, listed, fetched and read with; old versions are cleaned up, if one asks for it."""

import json
import os
import time

import pytest

from tests.inference.tiny_model import draw_flag_page, save_tiny_model
from tests.training.tiny_run import save_tiny_run
from text_recognizer.errors import UserError
from text_recognizer.inference.recipe import sha256_of
from training import cleanup_artifacts, stage_model
from training.registry import Staged, bring, versions


@pytest.fixture(autouse=True)
def no_account(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE", "NETRC"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def staged(tmp_path):
    """Return the registry with one version of a model."""
    save_tiny_model(tmp_path / "exported")
    assert stage_model.main([str(tmp_path / "exported"), "--name", "flags", "--registry", str(tmp_path / "reg")]) == 0
    return tmp_path / "reg"


@pytest.mark.slow
def test_a_checkpoint_is_exported_staged_fetched_and_read(tmp_path, capsys):
    run = save_tiny_run(tmp_path / "runs" / "line_ctc-001")
    registry, out = tmp_path / "registry", tmp_path / "fetched"
    assert stage_model.main([str(run / "best.ckpt"), "--name", "lines", "--registry", str(registry)]) == 0
    told = capsys.readouterr().out
    assert "lines:v1, 4 files, of run line_ctc-001, best.ckpt" in told
    origin = Staged.load(registry / "lines" / "v1").origin
    assert origin["checkpoint_sha256"] == sha256_of(run / "best.ckpt")
    assert origin["git_commit"] == "abc" and origin["finished"] == {"steps": 30}
    assert stage_model.main([str(run), "--name", "lines", "--registry", str(registry)]) == 0
    assert "holds just that already" in capsys.readouterr().out
    assert stage_model.main(["--fetch", "lines:latest", "--out", str(out), "--registry", str(registry)]) == 0
    assert f"text-recognizer read --model {out}" in capsys.readouterr().out
    assert not list(registry.rglob(".new-*"))


def test_the_fetched_model_reads_what_the_staged_one_reads(staged, tmp_path, capsys):
    from PIL import Image

    from text_recognizer.inference.cli import main as read

    assert stage_model.main(["--fetch", "flags", "--out", str(tmp_path / "got"), "--registry", str(staged)]) == 0
    Image.fromarray(draw_flag_page(["abc"])).save(tmp_path / "page.png")
    capsys.readouterr()
    read(["read", "--model", str(tmp_path / "got"), str(tmp_path / "page.png")])
    assert "abc" in capsys.readouterr().out


def test_what_is_staged_is_listed_with_its_origin(staged, capsys):
    capsys.readouterr()
    assert stage_model.main(["--list", "--registry", str(staged)]) == 0
    assert capsys.readouterr().out.startswith("flags:v1, ")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("flag", "did you mean flags"),
        ("flags:v7", "there is no such version; flags has v1"),
        ("flags:x", "there is no such version"),
    ],
)
def test_what_is_not_staged_is_answered_with_what_is(staged, tmp_path, wanted, message):
    with pytest.raises(UserError, match=message):
        stage_model.main(["--fetch", wanted, "--out", str(tmp_path / "got"), "--registry", str(staged)])


def test_a_damaged_version_is_refused_and_nothing_is_brought(staged, tmp_path):
    path = staged / "flags" / "v1" / "model.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="model.onnx: is not what was staged"):
        bring(staged / "flags" / "v1", tmp_path / "got")
    assert not (tmp_path / "got").exists()


def test_another_models_folder_is_not_overwritten(staged, tmp_path):
    (tmp_path / "got").mkdir()
    with pytest.raises(UserError, match="is not flags:v1; name another folder with --out"):
        bring(staged / "flags" / "v1", tmp_path / "got")


def test_without_a_key_wandb_is_not_asked(staged, tmp_path):
    with pytest.raises(UserError, match="needs an account of W&B and no key is set; run `wandb login`"):
        stage_model.main(["--fetch", "flags", "--wandb", "me/mine", "--out", str(tmp_path / "got")])
    with pytest.raises(UserError, match="no key is set"):
        cleanup_artifacts.main(["--wandb", "me/mine"])


@pytest.fixture
def five(staged, tmp_path):
    """Return the registry with five versions, each of another model."""
    for number in range(4):
        card = tmp_path / "exported" / "card.md"
        card.write_text(f"model {number}")
        stage_model.main([str(tmp_path / "exported"), "--name", "flags", "--registry", str(staged)])
    return staged


def test_cleaning_up_deletes_nothing_unless_it_is_told_to(five, capsys):
    capsys.readouterr()
    assert cleanup_artifacts.main(["--registry", str(five)]) == 0
    told = capsys.readouterr().out
    assert "flags:v3" in told and "flags:v4" not in told
    assert "3 of 5 versions" in told and "nothing was deleted, --delete does it" in told
    assert list(versions(five, "flags")) == [1, 2, 3, 4, 5]


def test_cleaning_up_keeps_the_newest_and_other_names(five, capsys):
    assert cleanup_artifacts.main(["--registry", str(five), "--names", "^other", "--delete"]) == 0
    assert len(versions(five, "flags")) == 5
    assert cleanup_artifacts.main(["--registry", str(five), "--keep", "1", "--delete"]) == 0
    assert list(versions(five, "flags")) == [5]
    assert "deleted, 4 newer versions" in capsys.readouterr().out


def test_what_a_killed_program_left_is_named_after_a_day(staged, capsys):
    left = staged / "flags" / ".new-abc"
    left.mkdir()
    cleanup_artifacts.main(["--registry", str(staged), "--delete"])
    assert left.exists(), "it may still be being written"
    os.utime(left, (time.time() - 90_000,) * 2)
    cleanup_artifacts.main(["--registry", str(staged), "--delete"])
    assert not left.exists()


def test_versions_count_on_after_old_ones_are_gone(five, tmp_path):
    cleanup_artifacts.main(["--registry", str(five), "--keep", "1", "--delete"])
    (tmp_path / "exported" / "card.md").write_text("one more")
    stage_model.main([str(tmp_path / "exported"), "--name", "flags", "--registry", str(five)])
    assert list(versions(five, "flags")) == [5, 6]
    assert json.loads((five / "flags" / "v6" / "staged.json").read_text())["version"] == "v6"
