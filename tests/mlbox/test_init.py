"""`mlbox init`: a box for a folder of scripts, that runs."""

import pytest

from mlbox.cli import main

SCRIPT = "import argparse\n\nif __name__ == '__main__':\n    print('it ran')\n"


def test_a_plain_folder_becomes_a_box_that_runs(tmp_path, capfd):
    folder = tmp_path / "My Scripts"
    folder.mkdir()
    (folder / "count words.py").write_text(SCRIPT)
    (folder / "helpers.py").write_text("def f():\n    return 1\n")
    (folder / "say.sh").write_text("echo said\n")
    assert main(["init", str(folder)]) == 0
    assert main(["describe", str(folder)]) == 0
    assert main(["run", f"{folder}:count_words"]) == 0
    assert main(["run", f"{folder}:say"]) == 0
    told = capfd.readouterr()
    assert told.out.endswith("it ran\nsaid\n") and "helpers" not in told.err


def test_a_box_is_not_overwritten(tmp_path, capsys):
    (tmp_path / "a.py").write_text(SCRIPT)
    assert main(["init", str(tmp_path)]) == 0
    assert main(["init", str(tmp_path)]) == 120
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["notes.txt", ""])
def test_a_folder_without_scripts(tmp_path, capsys, name):
    if name:
        (tmp_path / name).write_text("x")
    assert main(["init", str(tmp_path)]) == 120
    assert "no script here" in capsys.readouterr().err
