"""What a lab holds: its own files and no word of a later one; solved again it is the full repository."""

import json
import os
import random
import subprocess
import sys

import nbformat
import pytest

from labs.__main__ import main
from labs.cutting import read_course
from labs.markers import ALMOST, read_markers
from labs.spans import Exercise, Span, cut_text, solutions, tasks
from tests.labs.small_course import FILES, ROOT, edit_notebook, make_course, replace


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return make_course(tmp_path_factory.mktemp("cut") / "course")


@pytest.fixture(scope="module")
def labs(course):
    assert main(["cut", "--root", str(course), "--out", str(course / "_labs")]) == 0
    return course / "_labs"


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_lab_holds_the_files_of_its_lab_and_of_those_before(labs):
    one, two, three = (set(files(labs / f"lab0{number}")) for number in (1, 2, 3))
    assert one < two < three
    assert two - one == {"pkg/multiply.py", "docs/multiply.md", "notebooks/lab02_multiply.ipynb"}
    assert three - two == {"pkg/power.py", "notebooks/lab03_power.ipynb"}
    assert not any("labs.yaml" in path or "teacher" in path for path in three)
    assert os.access(labs / "lab01/run.sh", os.X_OK) and not os.access(labs / "lab01/README.md", os.X_OK)


def test_regions_targets_and_passages_come_with_their_lab(labs):
    readme = [(labs / f"lab0{number}/README.md").read_text() for number in (1, 2, 3)]
    assert "Sums.\n" in readme[0] and "multiply" not in readme[0] and "power" not in readme[0]
    assert "[products](docs/multiply.md)" in readme[1] and "`make multiply`" in readme[1] and "power" not in readme[1]
    assert "powers" in readme[2] and not any("Teachers" in text or "<!--" in text for text in readme)
    settings = [(labs / f"lab0{number}/settings.yaml").read_text() for number in (1, 2, 3)]
    assert settings == ["add: 1\n", "add: 1\nmultiply: 2\n", "add: 1\nmultiply: 2\npower: 3\n"]
    makefile = (labs / "lab02/Makefile").read_text()
    assert makefile.startswith(".PHONY: help add multiply\n") and "power" not in makefile
    assert (labs / "lab03/Makefile").read_text() == FILES["Makefile"]


def test_a_notebook_has_the_exercise_and_no_word_of_its_solution(labs):
    raw = (labs / "lab02/notebooks/lab01_add.ipynb").read_text()
    cells = nbformat.reads(raw, as_version=4).cells
    assert cells[3].source == 'def plus(a, b):\n    raise NotImplementedError("give a + b")'
    assert dict(cells[3].metadata) == {"exercise": "01.1"} and dict(cells[4].metadata) == {"check": "01.1"}
    assert "wrong" not in raw and not ALMOST.search(raw)


def test_solved_again_the_last_lab_is_the_full_repository(course, tmp_path, capsys):
    assert main(["cut", "--root", str(course), "--out", str(tmp_path)]) == 0
    assert main(["solve", "--root", str(course), str(tmp_path / "lab03")]) == 0
    assert "3 exercises solved" in capsys.readouterr().out
    machinery = ("labs/", "_labs/", ".git/", "teacher.md")
    full = {path: content for path, content in files(course).items() if not path.startswith(machinery)}
    mine = files(tmp_path / "lab03")
    assert set(mine) == set(full)
    for path, content in full.items():
        if path != "README.md":
            text = content if b"\0" in content else without_markers(path, content.decode()).encode()
            assert mine[path] == text, path
    assert mine["README.md"].decode() == without_markers("", FILES["README.md"]).replace(
        "Teachers read [this](teacher.md).\n", ""
    )


def without_markers(path: str, text: str) -> str:
    """Take marker lines out in another way than labs/ does."""
    if path.endswith(".ipynb"):
        read = json.loads(text)
        for cell in read["cells"]:
            lines = [line for line in "".join(cell["source"]).split("\n") if not ALMOST.match(line)]
            cell["source"] = "\n".join(lines).splitlines(keepends=True)
        return json.dumps(read, indent=1, ensure_ascii=False) + "\n"
    return "".join(line for line in text.splitlines(keepends=True) if not ALMOST.match(line))


def test_a_students_notebook_is_solved_where_the_student_wrote_and_stays_elsewhere(course, tmp_path):
    main(["cut", "--root", str(course), "--out", str(tmp_path), "--labs", "1"])
    path = tmp_path / "lab01/notebooks/lab01_add.ipynb"

    def student(cells):
        cells[3].source = "def plus(a, b):\n    return 5"
        cells.insert(3, nbformat.v4.new_code_cell("print('mine')"))

    edit_notebook(path, student)
    assert main(["solve", "--root", str(course), str(tmp_path / "lab01")]) == 0
    cells = nbformat.read(path, as_version=4).cells
    assert cells[3].source == "print('mine')" and cells[4].source == "def plus(a, b):\n    return a + b"


def test_a_notebook_that_lost_its_cells_ids_is_solved_and_nonsense_is_refused(course, tmp_path, capsys):
    main(["cut", "--root", str(course), "--out", str(tmp_path), "--labs", "1"])
    path = tmp_path / "lab01/notebooks/lab01_add.ipynb"
    notebook = json.loads(path.read_text())
    notebook["nbformat_minor"] = 0  # as Colab saves
    for cell in notebook["cells"]:
        cell.pop("id")
    path.write_text(json.dumps(notebook))
    assert main(["solve", "--root", str(course), str(tmp_path / "lab01")]) == 0
    assert "def plus(a, b):\n    return a + b" in [cell.source for cell in nbformat.read(path, as_version=4).cells]
    for nonsense in ("[]", '{"cells": 3}', '{"cells": [1], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "{"):
        path.write_text(nonsense)
        assert main(["solve", "--root", str(course), str(tmp_path / "lab01")]) == 1
        assert "lab01_add.ipynb: is no notebook (" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["solve", "elsewhere"], 2, "its name tells no lab"),
        (["solve", "lab01"], 1, "is missing; cut the lab anew"),
    ],
)
def test_solving_what_is_no_lab_is_refused(course, tmp_path, capsys, monkeypatch, arguments, code, why):
    monkeypatch.chdir(tmp_path)
    assert main([*arguments, "--root", str(course)]) == code
    assert why in capsys.readouterr().err


def test_a_solution_of_a_file_is_put_in_only_where_nothing_else_changed(tmp_path, capsys):
    course = make_course(tmp_path / "course")
    body = "    # solution 01.2: begin\n    return a + b\n    # exercise 01.2: pass\n    # solution 01.2: end\n"
    replace(course / "pkg/add.py", "    return a + b\n", body)
    check = 'from notebooks.exercise import exercise\n\nwith exercise("01.2", "add"):\n    from pkg.add import add'
    cell = nbformat.v4.new_code_cell(check, metadata={"check": "01.2"})
    edit_notebook(course / "notebooks/lab01_add.ipynb", lambda cells: cells.append(cell))
    assert main(["cut", "--root", str(course), "--out", str(tmp_path / "out")]) == 0, capsys.readouterr().err
    lab = tmp_path / "out/lab01"
    assert (lab / "pkg/add.py").read_text() == "def add(a: int, b: int) -> int:\n    pass\n"
    assert main(["solve", "--root", str(course), str(lab)]) == 0
    assert (lab / "pkg/add.py").read_text() == FILES["pkg/add.py"]
    (lab / "pkg/add.py").write_text("mine = 1\n")
    assert main(["solve", "--root", str(course), str(lab)]) == 1
    assert "is not as it was cut" in capsys.readouterr().err


def test_a_cell_of_a_later_lab_is_left_out(tmp_path):
    course = make_course(tmp_path / "course")
    edit_notebook(course / "notebooks/lab01_add.ipynb", lambda cells: cells[5].metadata.update(lab=3))
    read = read_course(course)
    counts = [len(json.loads(read.lab(lab)["notebooks/lab01_add.ipynb"])["cells"]) for lab in (1, 2, 3)]
    assert counts == [5, 5, 6]
    assert "lab" not in json.loads(read.whole()["notebooks/lab01_add.ipynb"])["cells"][5]["metadata"]


def test_only_the_named_labs_are_written_and_the_others_stay(course, tmp_path):
    assert main(["cut", "--root", str(course), "--out", str(tmp_path), "--labs", "1,3"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "lab01", "lab03"]
    (tmp_path / "lab01/stays.txt").write_text("")
    (tmp_path / "lab03/goes.txt").write_text("")
    assert main(["cut", "--root", str(course), "--out", str(tmp_path), "--labs", "3"]) == 0
    assert (tmp_path / "lab01/stays.txt").exists() and not (tmp_path / "lab03/goes.txt").exists()


def test_a_checkout_is_not_overwritten(course, tmp_path, capsys):
    (tmp_path / "lab01/.git").mkdir(parents=True)
    assert main(["cut", "--root", str(course), "--out", str(tmp_path)]) == 1
    assert "is a checkout of its own" in capsys.readouterr().err and (tmp_path / "lab01/.git").exists()


def test_check_writes_nothing(course, tmp_path, capsys):
    assert main(["cut", "--check", "--root", str(course), "--out", str(tmp_path / "no")]) == 0
    assert "3 labs, nothing written" in capsys.readouterr().out and not (tmp_path / "no").exists()


def test_files_that_git_ignores_are_in_no_lab(course):
    (course / "__pycache__").mkdir(exist_ok=True)
    (course / "__pycache__/add.pyc").write_bytes(b"\0")
    assert not any("pyc" in path for path in read_course(course).whole())


def drawn_text(draw: random.Random) -> tuple[str, list[str]]:
    """Draw a file of a course of five labs; return it, and the numbers of the lab that each kept line says."""
    lines, kept, number = ["line 1 of 01"], ["line 1 of 01"], 0
    for index in range(draw.randrange(1, 8)):
        kind, indent = draw.choice(["text", "lab", "solution"]), " " * draw.randrange(0, 9, 4)
        if kind == "text":
            lines.append(f"{indent}line {index} of 01")
        elif kind == "lab":
            lab = f"{draw.randrange(2, 6):02}"
            inner = [f"{indent}line {index}.{k} of {lab}" for k in range(draw.randrange(3))]
            lines += [f"{indent}# lab {lab}: begin", *inner, f"{indent}# lab {lab}: end"]
        else:
            number += 1
            name = f"01.{number}"
            lines += [f"{indent}# solution {name}: begin", f"{indent}solved {name} of 01"]
            lines += [f"{indent}# exercise {name}: open {name} of 01", f"{indent}# solution {name}: end"]
    kept = [line for line in lines if not ALMOST.match(line)]
    return "\n".join(lines) + draw.choice(["", "\n"]), kept


@pytest.mark.parametrize("seed", range(40))
def test_any_text_loses_its_markers_its_later_lines_and_nothing_else(seed):
    text, kept = drawn_text(random.Random(seed))
    marked = read_markers(text, lambda line: f"drawn:{line}", 1, 5)
    for lab in range(1, 6):
        wanted = [line for line in kept if int(line[-2:]) <= lab]
        solved = cut_text(text, marked.spans, marked.exercises, lab, solutions).splitlines()
        assert solved == wanted
        opened = cut_text(text, marked.spans, marked.exercises, lab, tasks).splitlines()
        assert opened == [line.replace("solved", "open") for line in wanted]


def test_cutting_an_outer_span_takes_the_inner_with_it():
    spans = [Span(2, 8, 3, 1), Span(4, 6, 2, 1)]
    assert [cut_text("0123456789", spans, [], lab, tasks) for lab in (1, 2, 3)] == ["0189", "0189", "0123456789"]
    exercise = Exercise("01.1", 4, 6, "S", "T", 1, "")
    assert cut_text("0123456789", spans[:1], [exercise], 1, tasks) == "0189"
    assert cut_text("0123456789", spans[:1], [exercise], 3, tasks) == "0123T6789"


def test_the_command_explains_itself():
    done = subprocess.run([sys.executable, "-m", "labs", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "python -m labs cut" in done.stdout and len(done.stdout.splitlines()) < 40
