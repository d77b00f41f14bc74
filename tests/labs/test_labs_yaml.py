"""What labs.yaml promises of the course: titles, notebooks, and every word in its place."""

import ast
import re
from pathlib import Path

import pytest

from labs.cutting import read_course
from labs.plan import read_plan
from labs.sources import decoded
from labs.tokens import tokens_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def course():
    return read_course(ROOT)


def test_every_lab_has_a_title_that_the_teachers_table_has_too():
    table = (ROOT / "instructions" / "teaching.md").read_text(encoding="utf-8").lower()
    for part in read_plan(ROOT).labs:
        assert f"| {part.number:02} | {part.title.lower()} |" in table


def test_every_lab_compiles(course):
    parsed = set()
    for part in course.plan.labs:
        for path, content in course.lab(part.number).items():
            if path.endswith(".py") and content not in parsed:
                ast.parse(content, filename=f"lab{part.number:02}/{path}")
                parsed.add(content)


def test_the_last_lab_is_the_full_repository_without_its_machinery(course):
    differing = {path for path, content in course.whole().items() if content != (ROOT / path).read_bytes()}
    named = set(course.plan.machinery.passages)
    marked = {path for path in differing if re.search(rb"# (lab|solution) \d\d", (ROOT / path).read_bytes())}
    assert differing <= {"Makefile"} | named | marked
    machinery = {path for path, lab in course.owner.items() if lab > len(course.plan.labs)}
    assert set(course.whole()) | machinery == set(course.owner)


def test_every_lab_brings_its_notebook_and_keeps_those_before(course):
    for part in course.plan.labs:
        held = [path for path in course.lab(part.number) if re.fullmatch(r"notebooks/lab\d\d_\w+\.ipynb", path)]
        assert sorted({int(path[13:15]) for path in held}) == list(range(1, part.number + 1))


def test_no_word_of_a_later_lab_is_in_the_text_of_an_earlier_one(course):
    """Looks at what is cut, in another way than the cutter does: every token, as it is written, in every file."""
    tokens = tokens_of(course.plan, course.owner)
    for part in course.plan.labs[:-1]:
        text = "\n".join(filter(None, map(decoded, course.lab(part.number).values())))
        words = set(re.split(r"[^\w./-]+", text))
        later = {name for name, lab in {**tokens.files, **tokens.modules}.items() if lab > part.number}
        assert not {word.strip(".") for word in words} & {name for name in later if re.search(r"[/.]", name)}
