"""No version that is written twice can drift: each mention is changed in turn, caught where it stands, and put back."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import version_truth
import versions
from version_mentions import files, in_file, mentions, rows

ROOT = Path(__file__).parents[2]
TABLE = rows(ROOT / "tools" / "version_rules.txt")
TRUTH = version_truth.read(ROOT)
ALWAYS = ("environment.yml", "pyproject.toml")

# How a version of ours may be written, whatever the table says, and a version of the same shape that is none of ours.
SHAPES = [
    (r"(?<![\d.])3\.11(?:\.5)?(?![\d.]*\d)", "3.9"),
    (r"\bpy311\b", "py39"),
    (r"\b3, 11, 5\b", "3, 9, 1"),
    (r"(?<![\d.])26\.3(?![\d.])", "25.0"),
    (r"(?<![\d.=-])13\.0(?=\.\d+-|\b(?![.-]\d|\)))", "12.8"),
    (r"(?<![\d.])9\.20(?![\d.])", "8.9"),
    (r"-cu13\b", "-cu12"),
    (r"\bcu130\b", "cu126"),
    (r"\bv0\.1\.0\b", "v0.0.9"),
    (r"\btextrecognizer:0\.1\.0\b", "textrecognizer:0.0.9"),
]
PASSED_OVER = ("tests/", "benchmarks/", "tools/version_", "instructions/readers", "instructions/fine")
PASSED_OVER += ("instructions/seed_commands",)  # figures, and what the seeds had
DECIDE = (r"^  - python=3\.11", r"^  - pip=")  # these are the truth, not a repetition


def spots() -> list[tuple[str, int, int, str]]:
    """Return (path, start, end, replacement) of everything in the repository that has the shape of our versions."""
    found = []
    for path in files(ROOT, TABLE):
        if path.startswith(PASSED_OVER):
            continue
        text = (ROOT / path).read_text(encoding="utf-8")
        for shape, other in SHAPES:
            for match in re.finditer(shape, text):
                if not passed_over(path, text, match):
                    found.append((path, match.start(), match.end(), other))
    return found


def passed_over(path: str, text: str, match: re.Match[str]) -> bool:
    line = text[text.rfind("\n", 0, match.start()) + 1 : (text + "\n").find("\n", match.end())]
    if path == "environment.yml" and any(re.search(pattern, line) for pattern in DECIDE):
        return True
    return path.startswith("requirements/") and path != "requirements/build.txt"


SPOTS = spots()


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of every file that the table is about, and of all that decides a version."""
    root = tmp_path_factory.mktemp("lab")
    for path in {*files(ROOT, TABLE), *ALWAYS}:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, root / path)
    for path in (ROOT / "requirements").iterdir():
        (root / "requirements").mkdir(exist_ok=True)
        shutil.copy(path, root / "requirements" / path.name)
    return root


def check(root: Path, capsys, command: str = "check") -> tuple[int, list[str]]:
    code = versions.main(root, [command])
    return code, capsys.readouterr().out.splitlines()


def test_nothing_has_drifted_and_nothing_is_cried_wolf_over(capsys):
    code, lines = check(ROOT, capsys)
    assert (code, len(lines)) == (0, 1), "\n".join(lines)
    assert re.fullmatch(r"versions: \d+ mentions in \d+ files and the locks agree", lines[0])


def test_there_are_many_mentions_to_keep_alike():
    assert len(SPOTS) >= 40
    assert len({path for path, *_ in SPOTS}) >= 8


@pytest.mark.parametrize(("path", "start", "end", "other"), SPOTS, ids=lambda value: str(value).replace("/", "."))
def test_a_changed_mention_is_caught_on_its_line_and_put_back_byte_for_byte(copy, path, start, end, other, capsys):
    file = copy / path
    before = file.read_bytes()
    text = before.decode("utf-8")
    file.write_bytes((text[:start] + other + text[end:]).encode("utf-8"))
    try:
        code, lines = check(copy, capsys)
        line = text.count("\n", 0, start) + 1
        assert code == 1
        assert [said for said in lines if said.startswith(f"{path}:{line}: found ")], "\n".join(lines)
        assert check(copy, capsys, "sync")[0] == 0
        assert file.read_bytes() == before
    finally:
        file.write_bytes(before)


def test_a_new_python_reaches_every_mention_and_the_old_one_puts_all_back(copy, capsys):
    listed = copy / "environment.yml"
    watched = [copy / path for path in sorted({spot.path for spot in mentions(copy, TABLE, TRUTH)})]
    before = {path: path.read_bytes() for path in watched}
    listed.write_bytes(before[listed].replace(b"python=3.11  # 3.11.5", b"python=3.12  # 3.12.2"))
    _, lines = check(copy, capsys, "sync")
    left = [line for line in lines if re.match(r"\S+:\d+: found", line)]
    assert not left
    assert b'requires-python = ">=3.12.2"' in (copy / "pyproject.toml").read_bytes()
    assert any("compiled with Python 3.11, wanted 3.12" in line for line in lines)  # a lock is compiled, never edited
    listed.write_bytes(before[listed])
    assert check(copy, capsys, "sync")[0] == 0
    assert {path: path.read_bytes() for path in watched} == before


def test_the_address_is_one_value(copy, capsys):
    before = {path: path.read_bytes() for path in [copy / "pyproject.toml", *copy.glob("notebooks/*.ipynb")]}
    settings = copy / "pyproject.toml"
    text = before[settings].decode()
    text = re.sub(r"\n\[tool\.lab\]\n(?:[^\[\n].*\n)*", "\n", text)
    settings.write_text(text + '\n[tool.lab]\nrepository = "https://github.com/someone/lab"\n', encoding="utf-8")
    assert check(copy, capsys)[0] == 1
    assert check(copy, capsys, "sync")[0] == 0
    for path in copy.glob("notebooks/*.ipynb"):
        notebook = path.read_text(encoding="utf-8")
        assert f"/github/someone/lab/blob/v{TRUTH.values['lab']}/notebooks/{path.name})" in notebook
        assert notebook.count("https://github.com/someone/lab") == 1
    for path, content in before.items():
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (".github/workflows/new.yml", "with: {python-version: '3.10'}", "found '3.10', wanted '3.11'"),
        (".github/workflows/new.yml", "with: {python-version: 3.x, cuda: 12.4}", "found 12.4, which no row"),
        ("anything/Dockerfile", "FROM python:3.10-slim", "found '3.10', wanted '3.11'"),
        ("docker/Other/Dockerfile", "ARG BASE=nvidia/cuda:12.4.1-devel-ubuntu22.04", "found '12.4', wanted '13.0'"),
        ("docker/Other/Dockerfile", "RUN pip install numpy==1.0", f"wanted '{TRUTH.pins['numpy']}' (pin, the locks)"),
        ("a/gpu.Dockerfile", "RUN apt-get install python3.8", "found '3.8', wanted '3.11'"),
        ("a/lab.def", "From: python:3.12-slim", "found '3.12', wanted '3.11'"),
        ("platforms/slurm/x.sbatch", "module load python/3.8", "found '3.8', wanted '3.11'"),
        ("platforms/platforms.yaml", "setup: module load cuda/11.3", "found '11.3', wanted '13.0'"),
        ("notebooks/x.ipynb", '"TAG = \\"v0.0.1\\"\\n"', f"wanted '{TRUTH.values['lab']}'"),
        ("instructions/x.md", "Install Python 3.9 first.", "found 3.9, which no row"),
        (".pre-commit-config.yaml", "- repo: https://x/ruff-pre-commit\n  rev: v0.1.0", "found '0.1.0', wanted"),
    ],
)
def test_a_mention_in_a_new_file_is_seen(copy, name, text, said, capsys):
    file = copy / name
    before = file.read_bytes() if file.exists() else None
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n", encoding="utf-8")
    code, lines = check(copy, capsys)
    file.write_bytes(before) if before is not None else file.unlink()
    assert code == 1
    assert [line for line in lines if line.startswith(f"{name}:") and said in line], "\n".join(lines)


def test_what_git_does_not_take_is_let_be(tmp_path):
    """A virtual environment under another name, the folders of students."""
    for path in ("env/notes.md", "submissions/a/README.md", "README.md"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("python=3.9\n")
    (tmp_path / ".gitignore").write_text("env\nsubmissions\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    assert list(files(tmp_path, TABLE)) == ["README.md"]


def test_a_foreign_version_that_a_row_declares_is_let_be(copy):
    (copy / "instructions" / "y.md").write_text("`this is Python 3.10.12, the lab needs 3.11.5 or newer`\n")
    found = in_file(copy, "instructions/y.md", TABLE, TRUTH)
    assert [spot.found for spot in found] == ["3.11.5"]
    (copy / "instructions" / "y.md").unlink()


def test_a_truth_that_is_gone_is_named(copy, capsys):
    listed = copy / "environment.yml"
    before = listed.read_text(encoding="utf-8")
    listed.write_text(before.replace("- python=3.11", "- python"), encoding="utf-8")
    assert versions.main(copy, ["check"]) == 2
    assert capsys.readouterr().err.startswith("environment.yml: no line like `- python=3.11`")
    listed.write_text(before, encoding="utf-8")


def test_a_broken_row_is_named(tmp_path):
    (tmp_path / "t.txt").write_text("python  *.md  no version here\n")
    with pytest.raises(SystemExit, match=r"t\.txt:1: not `what  where  text`"):
        rows(tmp_path / "t.txt")
