"""The documents: what they link to is there, and what they tell to type exists."""

import re
from pathlib import Path

import pytest
import site_files

ROOT = Path(__file__).parents[2]
DOCUMENTS = site_files.documents(ROOT)
LINK = re.compile(r"\]\(([^)\s]+)[^)]*\)")
MAKE = re.compile(r"(?:^|&& |; )(?:sudo )?make ((?:[A-Z_]+=\S+ )*)([a-z][a-z-]*)", re.MULTILINE)
PROGRAM = re.compile(
    r"(?:python3?|bash|sh) ((?:training|benchmarks|tools)/\w+\.(?:py|sh))|python3? -m ([a-z_]+(?:\.\w+)*)"
)


def anchors(path: Path) -> set[str]:
    """Return what the headings of a document are called in a link."""
    heads = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def code_of(name: str) -> str:
    """Return what a document shows as code: blocks and spans."""
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = [
        *re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL),
        *re.findall(r"^    (.*)$", text, re.MULTILINE),
    ]
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", text)])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_relative_link_leads_somewhere(name):
    text = re.sub(r"^```.*?^```", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"`[^`\n]+`|^    .*$", "", text, flags=re.MULTILINE)
    for target in LINK.findall(text):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        there = (ROOT / name).parent / path if path else ROOT / name
        assert there.exists(), f"{name}: ({target}) leads nowhere"
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), f"{name}: {there.name} has no heading #{anchor}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_target_of_make_and_every_program_that_is_told_exists(name):
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    code = code_of(name)
    for _, target in MAKE.findall(code):
        assert target in targets, f"{name}: `make {target}` is no target of the Makefile"
    for file, module in PROGRAM.findall(code):
        path = ROOT / (file or module.replace(".", "/") + ".py")
        ours = file or (ROOT / module.split(".")[0]).is_dir()
        assert not ours or path.exists() or path.with_suffix("").is_dir(), f"{name}: {file or module} is not there"


def test_every_document_is_on_the_site():
    listed, _, hidden = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("not_in_nav: |\n")
    folders = [line.strip().strip("/").removesuffix("/*") + "/" for line in hidden.splitlines()]
    for name in DOCUMENTS:
        left_out = any(name.startswith(folder) for folder in folders)
        assert left_out or f" {name}\n" in listed, f"{name}: is neither in mkdocs.yml's nav nor left out there"
