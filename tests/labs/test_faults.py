"""Mistakes in markers, exercises and labs.yaml: each is refused with its file and line, before anything is written."""

import copy
import shutil

import pytest

from labs.__main__ import main
from tests.labs.small_course import edit_notebook, make_course, replace

SETTINGS, PLAN, NOTEBOOK = "settings.yaml", "labs/labs.yaml", "notebooks/lab01_add.ipynb"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return make_course(tmp_path_factory.mktemp("faults") / "course")


@pytest.fixture
def course(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "course")


def refused(course, capsys) -> str:
    assert main(["cut", "--root", str(course), "--out", str(course / "_labs")]) == 1
    assert not (course / "_labs").exists()
    return capsys.readouterr().err


# file, what stands in it, what is put there instead, where it is refused, and the word that says why
IN_TEXT = [
    ("an end is missing", SETTINGS, "# lab 02: end\n", "", "settings.yaml:4", "begins within"),
    ("the last end is missing", SETTINGS, "# lab 03: end\n", "", "settings.yaml:5", "has no end"),
    ("a begin is missing", SETTINGS, "# lab 02: begin\n", "", "settings.yaml:3", "nothing began"),
    ("another lab's end", SETTINGS, "# lab 02: end", "# lab 03: end", "settings.yaml:4", "lab 02 began in line 2"),
    ("a region in a region", SETTINGS, "multiply: 2", "# lab 03: begin", "settings.yaml:3", "begins within lab 02"),
    ("a lab that is not", SETTINGS, "# lab 03: begin", "# lab 04: begin", "settings.yaml:5", "give 02 to 03"),
    ("the file's own lab", SETTINGS, "# lab 02: begin", "# lab 01: begin", "settings.yaml:2", "give 02 to 03"),
    ("one digit", SETTINGS, "# lab 02: begin", "# lab 2: begin", "settings.yaml:2", "almost a marker"),
    ("start for begin", SETTINGS, "# lab 02: begin", "# lab 02: start", "settings.yaml:2", "almost a marker"),
    ("no colon", SETTINGS, "# lab 02: end", "# lab 02 end", "settings.yaml:4", "almost a marker"),
    ("a capital", SETTINGS, "# lab 02: end", "# Lab 02: end", "settings.yaml:4", "almost a marker"),
    ("words after it", SETTINGS, "# lab 02: end", "# lab 02: end of it", "settings.yaml:4", "almost a marker"),
    ("a comment left open", "README.md", "<!-- lab 02: begin -->", "<!-- lab 02: begin", "README.md:11", "not closed"),
    ("an exercise in Markdown", "README.md", "# Numbers", "# solution 01.1: begin", "README.md:1", "in code"),
    ("a number of another lab", "pkg/add.py", "    return a + b\n", "    # solution 02.2: begin\n    return a + b\n"
     "    # exercise 02.2: pass\n    # solution 02.2: end\n", "pkg/add.py:2", "number it 01.K"),
    ("an exercise nobody checks", "pkg/add.py", "    return a + b\n", "    # solution 01.2: begin\n    return a + b\n"
     "    # exercise 01.2: pass\n    # solution 01.2: end\n", "pkg/add.py:2", "no check cell"),
    ("a module of a later lab", "pkg/add.py", "def add", "import pkg.power\n\n\ndef add", "pkg/add.py:1",
     "imports pkg/power.py"),
    ("a relative import", "pkg/add.py", "def add", "from .power import square\n\n\ndef add", "pkg/add.py:1",
     "imports pkg/power.py of lab 03"),
    ("a name of a later lab", "pkg/add.py", "def add", "# see pkg/power.py\ndef add", "pkg/add.py:1",
     "'pkg/power.py' is of lab 03"),
    ("a module in prose", "pkg/add.py", "def add", "# as in pkg.power.square\ndef add", "pkg/add.py:1", "'pkg.power'"),
    ("a target of a later lab", "README.md", "# Numbers", "Run `make add power`", "README.md:1", "'make power'"),
    ("an option of a later lab", "run.sh", "echo add", "echo --times", "run.sh:2", "'--times' is of lab 02"),
    ("a folder of a later lab", "README.md", "# Numbers", "# Numbers, docs/", "README.md:1", "'docs/' is of lab 02"),
    ("a link to a later lab", "README.md", "<!-- lab 02: end -->", "<!-- lab 02: end -->\n[p](./pkg/power.py)",
     "README.md:14", "links to pkg/power.py"),
    ("a target of no lab", "Makefile", "add:  ##", "subtract:\n\techo -\n\nadd:  ##", "Makefile:6",
     "belongs to no lab"),
    ("a file of no lab", PLAN, "      - run.sh\n", "", "run.sh:1", "belongs to no lab"),
    ("a file that is not", PLAN, "      - run.sh\n", "      - run.sh\n      - walk.sh\n", "labs/labs.yaml:20",
     "is no file"),
    ("a pattern for nothing", PLAN, "pkg/p*.py", "pkg/q*.py", "labs/labs.yaml:40", "matches no file"),
    ("the same file twice", PLAN, "pkg/p*.py", "pkg/*.py", "labs/labs.yaml:40", "already in lab 01"),
    ("nothing to take out", PLAN, "pkg/p*.py", "!pkg/q.py", "labs/labs.yaml:40", "takes out nothing"),
    ("a target that is not", PLAN, "[help, add]", "[help, add, divide]", "labs/labs.yaml:25", "not in the Makefile"),
    ("a target twice", PLAN, "[power]", "[power, add]", "labs/labs.yaml:41", "listed twice"),
    ("an option that is nowhere", PLAN, '"--times"', '"--twice"', "labs/labs.yaml:33", "stands nowhere"),
    ("a mistyped key", PLAN, "    options:", "    opitons:", "labs/labs.yaml:33", "did you mean options?"),
    ("a key twice", PLAN, "    title: Powers", "    title: Powers\n    title: Roots", "labs/labs.yaml:40",
     "second time"),
    ("a lab left out", PLAN, "\n  3:\n", "\n  4:\n", "labs/labs.yaml:38", "lab 3 is due"),
    ("a list that is a text", PLAN, "    targets: [multiply]", "    targets: multiply", "labs/labs.yaml:32",
     "list of texts"),
    ("no YAML", PLAN, "    title: Powers", "    title: [Powers", "labs/labs.yaml:", "not YAML"),
    ("no title", PLAN, "    title: Powers\n", "", "labs/labs.yaml:38", "has no title"),
    ("a passage that is not there", PLAN, " and [products]", " or [products]", "labs/labs.yaml:37",
     "is not in README.md"),
    ("a passage that is there twice", PLAN, '"| `pkg/power.py` | powers |\\n"', '"pkg/"', "labs/labs.yaml:43",
     "more than once"),
    ("a passage of the file's own lab", PLAN, "[help, add]", "[help, add]\n    passages: {README.md: [file]}",
     "labs/labs.yaml:26", "give a later lab"),
    ("a passage across a region", PLAN, '"| `pkg/power.py` | powers |\\n"', '"| `pkg/power.py` ... begin -->"',
     "README.md:11", "overlaps"),
    ("a passage of no file", PLAN, '      README.md: ["|', '      README.txt: ["|', "labs/labs.yaml:43",
     "is in no lab"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "old", "new", "where", "why"), [row[1:] for row in IN_TEXT], ids=[row[0] for row in IN_TEXT]
)
def test_a_mistake_in_a_text_is_refused(course, capsys, path, old, new, where, why):
    replace(course / path, old, new)
    said = refused(course, capsys)
    assert f"error: {where}" in said and why in said, said


def cell_source(index, old, new):
    def change(cells):
        assert old in cells[index].source
        cells[index].source = cells[index].source.replace(old, new)

    return change


def metadata(index, **values):
    return lambda cells: cells[index].metadata.update(values)


def duplicate(cells):
    again = copy.deepcopy(cells[3:5])
    for number, cell in enumerate(again):
        cell.id = f"again{number}"
    cells[5:5] = again


def skip_a_number(cells):
    for index in (3, 4):
        cells[index].source = cells[index].source.replace("01.1", "01.2")
    cells[4].metadata["check"] = "01.2"


def out_of_order(cells):
    duplicate(cells)
    for index, number in ((3, "01.2"), (4, "01.2")):
        cells[index].source = cells[index].source.replace("01.1", number)
    cells[4].metadata["check"] = "01.2"


AT = "notebooks/lab01_add.ipynb: cell"
IN_NOTEBOOK = [
    ("no exercise line", cell_source(3, "    # exercise 01.1: raise NotImplementedError(\"give a + b\")\n", ""),
     f"{AT} 3, line 2", "no exercise line"),
    ("no end of the solution", cell_source(3, "\n    # solution 01.1: end", ""), f"{AT} 3, line 2", "has no end"),
    ("a solution in a solution", cell_source(3, "    return", "    # solution 01.1: begin\n    return"),
     f"{AT} 3, line 3", "begins within"),
    ("an end without a begin", cell_source(3, "    # solution 01.1: begin\n", ""), f"{AT} 3, line 3",
     "outside a solution"),
    ("another number's exercise", cell_source(3, "# exercise 01.1", "# exercise 01.2"), f"{AT} 3, line 4",
     "numbers is wrong"),
    ("a differing indent", cell_source(3, "    # exercise", "  # exercise"), f"{AT} 3, line 4", "not indented"),
    ("code after the exercise line", cell_source(3, "    # solution 01.1: end",
     "    return 1\n    # solution 01.1: end"),
     f"{AT} 3, line 5", "put the solution before it"),
    ("an empty solution", cell_source(3, "    return a + b\n", ""), f"{AT} 3, line 2", "is empty"),
    ("a region in a solution", cell_source(3, "    return a + b", "    # lab 02: begin\n    # lab 02: end"),
     f"{AT} 3, line 3", "holds no region"),
    ("a later lab's exercise", cell_source(3, "01.1", "02.1"), f"{AT} 3, line 2", "number it 01.K"),
    ("no space after #", cell_source(3, "# solution 01.1: begin", "#solution 01.1: begin"), f"{AT} 3, line 2",
     "almost a marker"),
    ("no check cell", lambda cells: cells.pop(4), f"{AT} 4, line 1", "has no check here"),
    ("a check at the end is missing", lambda cells: cells.__delitem__(slice(4, 6)), f"{AT} 3, line 1", "has no check"),
    ("a cell before the check", lambda cells: cells.insert(3, cells.pop(2)), f"{AT} 3, line 1", "has no check here"),
    ("another number's check", metadata(4, check="01.2"), f"{AT} 4, line 1", "has no check here"),
    ("a check of another number", cell_source(4, "01.1", "01.2"), f"{AT} 4, line 1", "its code checks 01.2"),
    ("a check of nothing", metadata(1, check="01.9"), f"{AT} 1, line 1", "its code checks none"),
    ("no wrong solution", lambda cells: cells[3].metadata.pop("wrong"), f"{AT} 3, line 1", "no plausible wrong"),
    ("a heading of another number", cell_source(0, "An exercise", "## Exercise 01.2\n"), f"{AT} 0, line 3",
     "the next check is of 01.1"),
    ("wrong without an exercise", metadata(2, wrong=["x"]), f"{AT} 2, line 1", "without an exercise"),
    ("the same number twice", duplicate, f"{AT} 5, line 2", "already in"),
    ("a number left out", skip_a_number, f"{AT} 3, line 2", "where 01.1 is due"),
    ("numbers out of order", out_of_order, f"{AT} 5, line 2", "comes after 01.2"),
    ("a cell of a lab that is not", metadata(5, lab=4), f"{AT} 5, line 1", "give a later lab"),
    ("too few exercises", lambda cells: cells.__delitem__(slice(3, 5)), "notebooks/lab01_add.ipynb:1",
     "at least 1 are due"),
    ("a module of a later lab", cell_source(5, "pkg.add", "pkg.power"), f"{AT} 5, line 1", "imports pkg/power.py"),
    ("a name of a later lab", cell_source(0, "pkg/add.py", "pkg/power.py"), f"{AT} 0, line 3", "'pkg/power.py'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "where", "why"), [row[1:] for row in IN_NOTEBOOK], ids=[row[0] for row in IN_NOTEBOOK]
)
def test_a_mistake_in_a_notebook_is_refused(course, capsys, change, where, why):
    edit_notebook(course / NOTEBOOK, change)
    said = refused(course, capsys)
    assert f"error: {where}" in said and why in said, said


def test_a_notebook_that_is_written_otherwise_is_refused(course, capsys):
    path = course / NOTEBOOK
    path.write_text(path.read_text().rstrip("\n"))
    assert f"error: {NOTEBOOK}:1: is not written as nbformat writes it" in refused(course, capsys)
    path.write_text("{}")
    assert f"error: {NOTEBOOK}:1: is no notebook" in refused(course, capsys)


def test_a_notebook_under_another_lab_is_refused(course, capsys):
    replace(course / PLAN, "      - notebooks/lab01_*.ipynb\n", "")
    replace(course / PLAN, '"notebooks/lab03_*.ipynb"', '"notebooks/lab03_*.ipynb", "notebooks/lab01_*.ipynb"')
    assert f"error: {NOTEBOOK}:1: is listed under lab 03" in refused(course, capsys)


def test_a_copy_without_its_history_is_cut_as_a_checkout_is(course, tmp_path, capsys):
    (course / "pkg/__pycache__").mkdir()
    (course / "pkg/__pycache__/add.pyc").write_text("ignored")
    assert main(["cut", "--root", str(course), "--out", str(tmp_path / "with")]) == 0
    shutil.rmtree(course / ".git")
    assert main(["cut", "--root", str(course), "--out", str(tmp_path / "without")]) == 0
    one, other = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("with", "without")
    )
    assert one.keys() == other.keys()


def test_every_mistake_is_shown_at_once(course, capsys):
    replace(course / SETTINGS, "# lab 02: end\n", "")
    edit_notebook(course / NOTEBOOK, skip_a_number)
    replace(course / "README.md", "# Numbers", "# Numbers, docs/")
    said = refused(course, capsys)
    assert len(said.splitlines()) == 3 and all(line.startswith("error: ") for line in said.splitlines())


@pytest.mark.parametrize("labs", ["0", "4", "two", "1-9", "2-1", "1-", "\N{SUPERSCRIPT TWO}"])
def test_a_lab_that_is_not_is_refused(course, capsys, labs):
    assert main(["cut", "--root", str(course), "--labs", labs]) == 1
    assert f"error: --labs {labs}: " in capsys.readouterr().err
