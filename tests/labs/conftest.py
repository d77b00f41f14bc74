"""The first lab of the small course, its question, and a sandbox that asks it."""

import pytest

from labs.cutting import read_course
from labs.grading.questions import questions
from labs.grading.sandbox import Limits, Sandbox
from labs.written import write_folder
from tests.labs.small_course import make_course


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return make_course(tmp_path_factory.mktemp("grade") / "course")


@pytest.fixture(scope="module")
def question(course):
    return questions(read_course(course), 1)[0]


@pytest.fixture(scope="module")
def lab(course, tmp_path_factory):
    folder = tmp_path_factory.mktemp("labs") / "lab01"
    write_folder(folder, read_course(course).lab(1), course)
    return folder


@pytest.fixture(scope="module")
def ask(lab, question):
    limits = Limits(seconds=20, memory=600 << 20, processes=20, disk=16 << 20)

    def asked(code, **changed):
        return Sandbox(lab, Limits(**{**limits.__dict__, **changed})).ask(question, code)

    return asked
