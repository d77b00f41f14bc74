"""The workflows run what also runs here: make targets that exist, and no secret that a fork would miss."""

import json
import re
from pathlib import Path

import pytest
import real_parts
import yaml

ROOT = Path(__file__).parents[2]
PATHS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in PATHS}
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
NAMES = {"check", "real", "nightly", "images", "overfit"}


def steps(name: str) -> list[dict]:
    return [step for job in WORKFLOWS[name]["jobs"].values() for step in job["steps"]]


def targets(name: str) -> set[str]:
    """Return the make targets of a workflow, a matrix' names spelt out."""
    found = set()
    for job in WORKFLOWS[name]["jobs"].values():
        for step in job["steps"]:
            for target in re.findall(r"^make (\S+|\$\{\{.*?\}\})", step.get("run", "")):
                found |= {target} if "$" not in target else set(job["strategy"]["matrix"]["target"])
            if step.get("run", "").startswith("make ${{ matrix.target }}"):
                found |= set(job["strategy"]["matrix"]["target"])
    return {target for target in found if "$" not in target}


def test_each_has_its_place():
    assert set(WORKFLOWS) >= NAMES


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_only_make_targets_that_exist_run_before_anything_is_published(name):
    for step in steps(name):
        if "run" in step and "if" not in step:
            assert step["run"].startswith("make "), step
    assert targets(name) <= TARGETS


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_a_fork_needs_no_secret(name):
    """A secret is read only into the environment of what is skipped where there is none."""
    text = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    read = re.findall(r"^ +(\w+): \$\{\{ secrets\.\w+ \}\}$", text, re.MULTILINE)
    assert len(read) == text.count("secrets.")
    assert all(f"env.{variable} != ''" in text for variable in read)


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_every_job_may_only_read_unless_it_says_so_and_ends_in_time(name):
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {"contents": "read"}
    assert all(0 < job["timeout-minutes"] <= 120 for job in workflow["jobs"].values())


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_the_python_of_setup_python_is_the_one_that_is_tested(name):
    """The machines have a conda on their PATH as well, which make env would take."""
    assert WORKFLOWS[name]["env"] == {"LAB_MANAGER": "venv"}


def test_an_action_has_one_version_everywhere():
    used: dict[str, set[str]] = {}
    for name in WORKFLOWS:
        for step in steps(name):
            if "uses" in step:
                action, _, version = step["uses"].partition("@")
                used.setdefault(action, set()).add(version)
    assert not {action: versions for action, versions in used.items() if len(versions) > 1}


def test_the_nightly_matrix_is_three_pythons_by_locks_and_newest():
    matrix = WORKFLOWS["nightly"]["jobs"]["matrix"]["strategy"]["matrix"]
    assert matrix == {"python": ["3.11", "3.12", "3.13"], "target": ["test-fast", "test-newest"]}


def test_an_image_is_built_for_every_dockerfile_of_ours():
    built = WORKFLOWS["images"]["jobs"]["image"]["strategy"]["matrix"]["name"]
    there = [path.parent.name for path in ROOT.glob("*/Dockerfile") if not path.parent.name.startswith(".")]
    assert set(there) <= set(built) and "TextRecognizer" in built


def test_ci_run_is_what_the_check_workflow_runs():
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert {"lint", "test"} <= set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)) & targets("check")
    assert "real" not in WORKFLOWS["check"]["jobs"]


def test_every_real_part_has_a_machine():
    """The slow ones together take longer than a machine is lent for."""
    parts = WORKFLOWS["real"]["jobs"]["real"]["strategy"]["matrix"]["part"]
    assert parts == ["--fast", *(name for name, part in real_parts.PARTS.items() if not part.fast)]


@pytest.mark.parametrize("variant", [".devcontainer/devcontainer.json", ".devcontainer/gpu/devcontainer.json"])
def test_both_devcontainers_are_made_of_one_dockerfile_and_ready_for_prebuilds(variant):
    settings = json.loads((ROOT / variant).read_text(encoding="utf-8"))
    file = ROOT / Path(variant).parent / settings["build"]["dockerfile"]
    assert file.resolve() == ROOT / ".devcontainer" / "Dockerfile"
    assert settings["updateContentCommand"] == "make env"  # a prebuild runs it, a new codespace finds it done
    assert "postCreateCommand" not in settings
