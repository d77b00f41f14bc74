"""Writes a mlbox.yaml for a folder of scripts, from what lies there."""

from __future__ import annotations

import re
from pathlib import Path

from mlbox.faults import Fault

REQUIREMENTS = ("requirements.txt", "requirements/prod.txt", "requirements/dev.txt")
OPTION = re.compile(r"""add_argument\(\s*["']--([A-Za-z][\w-]*)["']""")


def write_box(folder: Path) -> Path:
    """Write mlbox.yaml and return its path: one task for each script that can be run.

    Raises:
        Fault: there is one already, or no script.
    """
    path = folder / "mlbox.yaml"
    if path.exists():
        raise Fault(f"{path}: is there already; edit it, or remove it first")
    scripts = [file for file in sorted(folder.glob("*.py")) if _is_script(file)] if folder.is_dir() else []
    shell = sorted(folder.glob("*.sh"))
    if not scripts and not shell:
        raise Fault(
            f"{folder}: no script here (a .py file with `if __name__ == '__main__'`, or a .sh file); write one first"
        )
    path.write_text("\n".join(_lines(folder, scripts, shell)) + "\n", encoding="utf-8")
    return path


def _is_script(file: Path) -> bool:
    text = file.read_text(encoding="utf-8", errors="replace")
    return "__name__" in text or not re.search(r"^(def|class) ", text, re.MULTILINE)


def _lines(folder: Path, scripts: list[Path], shell: list[Path]) -> list[str]:
    name = re.sub(r"[^a-z0-9_.-]+", "_", folder.resolve().name.lower()).strip("_.-") or "box"
    lines = [f"name: {name}", "version: 0.1", "workspace: .", "", "tasks:"]
    code = ", ".join(f"'*{suffix}'" for suffix in (".py", ".sh") if any(folder.glob(f"*{suffix}")))
    for file in scripts:
        lines += _task(file, "{python}", code)
    for file in shell:
        lines += _task(file, "sh", code)
    lines += ["", "implementations:", "  baremetal:", "    type: python"]
    wanted = [file for file in REQUIREMENTS if (folder / file).is_file()]
    if wanted:
        lines.append(f"    requirements: [{wanted[0]}]")
    if (folder / "environment.yml").is_file():
        lines.append("    environment: environment.yml")
    if (folder / "Dockerfile").is_file():
        lines += ["  docker:", "    type: docker", f"    image: {name}:0.1", "    dockerfile: Dockerfile"]
        lines += ["  singularity:", "    type: apptainer", "    from: docker"]
    return lines


def _task(file: Path, program: str, code: str) -> list[str]:
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", file.stem).strip("_.-") or "task"
    options = OPTION.findall(file.read_text(encoding="utf-8", errors="replace"))
    hints = "".join(f" --{option}={{{option}}}" for option in options)
    lines = [f"  {name}:", f"    run: ['{program}', {_quoted(file.name)}]", f"    code: [{code}]"]
    if hints:
        lines.append(f"    # its options, once named in inputs: or outputs: or params: below, are written{hints}")
    return lines


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
