"""An upgrade reaches the locks only through passing tests. pip-compile, venv, pip and make are real."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import upgrade

from tests.env.wheels import write_wheel

PROGRAM = Path(upgrade.__file__)
MAKEFILE = f"""
locks:
\t{sys.executable} -m piptools compile --quiet --no-config --strip-extras --no-emit-find-links --no-emit-index-url \
$(UPGRADE) --output-file=requirements/prod.txt requirements/prod.in
test-fast: .venv/ready
\t.venv/bin/python -m pip install --quiet --no-deps --requirement requirements/prod.txt
\t.venv/bin/python -m unittest -q test_lab
.venv/ready:
\t{sys.executable} -m venv .venv
\ttouch .venv/ready
"""
TEST = """
import unittest, one, two, three, four

class Lab(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(one.value() + two.value() + three.value() + four.value(), 10)
"""
VALUES = {"one": 1, "two": 2, "three": 3, "four": 4}


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A miniature repository whose four packages are pinned at 1.0, and an index that is a folder of wheels."""
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    shelf = tmp_path / "shelf"
    settings = {"CONFIG_FILE": os.devnull, "NO_INDEX": "1", "FIND_LINKS": str(shelf), "DISABLE_PIP_VERSION_CHECK": "1"}
    for name, value in settings.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    root = tmp_path / "lab"
    (root / "requirements").mkdir(parents=True)
    (root / "requirements" / "prod.in").write_text("\n".join(VALUES) + "\n")
    (root / "Makefile").write_text(MAKEFILE)
    (root / "test_lab.py").write_text(TEST)
    for name in VALUES:
        release(shelf, name, "1.0")
    subprocess.run(["make", "--silent", "locks"], cwd=root, check=True)
    return root


def release(shelf: Path, name: str, version: str, adds: int = 0) -> None:
    write_wheel(shelf, name, version, f"def value():\n    return {VALUES[name] + adds}\n")


@pytest.mark.slow
def test_good_releases_are_taken_and_told(lab, capsys):
    for name in ("one", "three"):
        release(lab.parent / "shelf", name, "1.1")
    assert upgrade.main(lab, []) == 0
    assert upgrade.versions(lab) == {"one": "1.1", "two": "1.0", "three": "1.1", "four": "1.0"}
    said = capsys.readouterr().out
    assert "one    1.0 -> 1.1  tests pass" in said and "three  1.0 -> 1.1  tests pass" in said
    assert sorted(path.name for path in lab.iterdir()) == ["Makefile", "requirements", "test_lab.py"]
    assert sorted(path.name for path in (lab / "requirements").iterdir()) == ["prod.in", "prod.txt"]
    assert upgrade.main(lab, []) == 0
    assert "every lock is at the newest" in capsys.readouterr().out


@pytest.mark.slow
def test_a_planted_bad_release_is_named_and_the_locks_stay_as_they_were(lab, capsys):
    for name in VALUES:
        release(lab.parent / "shelf", name, "1.1", adds=1 if name == "three" else 0)
    before = (lab / "requirements" / "prod.txt").read_bytes()
    assert upgrade.main(lab, []) == 1
    said = capsys.readouterr().out
    assert (lab / "requirements" / "prod.txt").read_bytes() == before
    assert "three  1.0 -> 1.1  BREAKS THE TESTS" in said and "four   1.0 -> 1.1  held back" in said
    assert "AssertionError: 11 != 10" in said
    assert said.endswith("upgrade: three 1.1 breaks the fast tests; the locks are as they were\n")


@pytest.mark.slow
def test_two_releases_that_break_only_together_are_named_together(lab, capsys):
    write_wheel(lab.parent / "shelf", "one", "1.1", "new = True\ndef value():\n    return 1\n")
    write_wheel(lab.parent / "shelf", "four", "1.1", "import one\ndef value():\n    return 4 + hasattr(one, 'new')\n")
    assert upgrade.main(lab, []) == 1
    assert "four 1.1, one 1.1 break the fast tests together" in capsys.readouterr().out


@pytest.mark.slow
def test_tests_that_fail_already_are_not_blamed_on_a_release(lab, capsys):
    release(lab.parent / "shelf", "one", "1.1")
    (lab / "test_lab.py").write_text(TEST.replace("10)", "11)"))
    assert upgrade.main(lab, []) == 1
    assert "fail with the present locks too" in capsys.readouterr().out
    assert upgrade.versions(lab)["one"] == "1.0"


def test_versions_that_do_not_resolve_leave_the_locks_alone(lab, capsys):
    write_wheel(lab.parent / "shelf", "one", "1.1", requires=("two<1",))
    (lab / "requirements" / "prod.in").write_text("one>1\ntwo\nthree\nfour\n")
    assert upgrade.main(lab, []) == 1
    assert "do not resolve" in capsys.readouterr().out
    assert upgrade.versions(lab)["one"] == "1.0"


def test_a_layer_that_refuses_what_has_moved_below_it_is_named(lab, capsys):
    write_wheel(lab.parent / "shelf", "five", "1.0", requires=("one<1.1",))
    (lab / "requirements" / "remote.in").write_text("-c prod.txt\nfive\n")
    rule = MAKEFILE.split("test-fast")[0].replace("locks:", "requirements/remote.txt: requirements/remote.in")
    rule = rule.replace("requirements/prod.in", "requirements/remote.in").replace(
        "=requirements/prod", "=requirements/remote"
    )
    text = MAKEFILE.replace("test-fast: ", f"\t$(MAKE) --always-make requirements/remote.txt\n{rule}test-fast: ", 1)
    (lab / "Makefile").write_text(text)
    subprocess.run(["make", "--silent", "locks"], cwd=lab, check=True)
    release(lab.parent / "shelf", "one", "1.1")
    assert upgrade.main(lab, []) == 1
    said = capsys.readouterr().out
    assert "upgrade: requirements/remote.txt does not resolve beside what has moved before it (one 1.1)" in said
    assert upgrade.versions(lab)["one"] == "1.0"


def test_a_scratch_folder_that_is_taken_is_refused(lab, tmp_path, capsys):
    (tmp_path / "taken" / "lab").mkdir(parents=True)
    assert upgrade.main(lab, ["--scratch", str(tmp_path / "taken")]) == 2
    assert "name an empty folder" in capsys.readouterr().err


def test_the_program_needs_nothing_installed():
    result = subprocess.run([sys.executable, "-S", str(PROGRAM), "--help"], capture_output=True, text=True)
    assert result.returncode == 0 and "make locks" in result.stdout
