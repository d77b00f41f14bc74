"""Which cells of a notebook an exercise needs, by the names that cells define and want."""

import pytest

from labs.grading.slices import names, needed


def test_an_exercise_needs_the_cells_that_define_its_names(question):
    assert question.number == "01.1" and question.solution == "def plus(a, b):\n    return a + b"
    assert question.task == 'def plus(a, b):\n    raise NotImplementedError("give a + b")'
    assert question.wrong == ("def plus(a, b):\n    return a - b",)
    assert question.before[-1].startswith("def three") and len(question.before) == 2


@pytest.mark.parametrize(
    ("cells", "taken"),
    [
        (["a = 1", "b = 2", "f(a)"], [0]),  # only what is used
        (["a = 1", "b = a", "f(b)"], [0, 1]),  # what that uses
        (["a = 1", "a = 2", "f(a)"], [1]),  # the last that gives the name a value
        (["a = 1", "a += 2", "f(a)"], [0, 1]),  # unless it goes on from the one before
        (["import x", "x.y = 2", "f(x)"], [0, 1]),  # what is changed inside
        (["for a in b: pass", "b = []", "f(a)"], [0]),  # in the order of the notebook
        (["%magic a", "a = 1", "f(a)"], [1]),
        (["a = 1", "b = 2", "f([a for a in b])"], [1]),  # a name of the comprehension alone
        (["a = 1", "b = 2", "def g(a):\n    c = a\n    return b, c"], [1]),  # of the function alone
        (["a = 1", "b = 2", "for a in b: f(a)"], [1]),  # which the cell gives a value before
        (["a = 1", "b = 2", "a = a + b"], [0, 1]),  # and after
        (["c = 1", "b = 2", "def g(): return b + d\nd = 1"], [1]),  # a function is called later
        (["a = 1", "b = 2", "class G(a):\n    c: b\n    def m(self): return self.c"], [0, 1]),
    ],
)
def test_the_cells_that_are_needed(cells, taken):
    assert needed(cells, 2, "f") == taken


@pytest.mark.parametrize(
    ("cell", "defined", "wanted"),
    [
        ("def f(x):\n    inner = x + outer\n    return inner", {"f"}, {"outer"}),
        ("def f():\n    made = {}\n    made[0] = 1", {"f"}, set()),
        ("x = [y for y in z]", {"x"}, {"z"}),
        ("def f(x=size): pass\nsize = 5", {"f", "size"}, {"size"}),
        ("try: a\nexcept E as e: e", set(), {"a", "E"}),
        ("match a:\n    case [b, *c]: b, c", set(), {"a"}),
        ("with a as b: b", {"b"}, {"a"}),
        ("a: int = b\na", {"a"}, {"b"}),
        ("f(lambda x: x + y)\ny = 1", {"y"}, {"f"}),
    ],
)
def test_what_a_cell_defines_and_wants(cell, defined, wanted):
    assert names(cell) == (defined, wanted)
