"""Proves that reading needs requirements/prod.txt alone: python3 tools/lean_check.py

Makes a fresh environment with prod.txt and this package, not editable, and shows there how large the layer is, that
every module of the prod side imports and how long that takes, and that `text-recognizer read` reads a frozen line.
Standard library only.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

PACKAGE = "text_recognizer"
BUILDERS = ("pip", "setuptools", "pkg_resources", "_distutils", PACKAGE)  # not part of the layer
PROD_SIDE = ("errors", "charset", "image", "decoding", "inference", "monitoring")
NOT_HERE = ("torch", "cv2", "scipy", "pytorch_lightning")
READING = (f"{PACKAGE}.inference.cli", f"{PACKAGE}.inference.page_reader", "onnxruntime")  # what a read imports
BUILD_FILES = ("pyproject.toml", "LICENSE", "requirements", PACKAGE, "training")


def main(root: Path) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--max-mb", type=float, default=230, help="largest allowed size of the layer in MB")
    parser.add_argument("--max-import-s", type=float, default=0.4, help="longest allowed import in seconds")
    parser.add_argument("--max-answer-s", type=float, default=1.0, help="longest allowed first answer in seconds")
    parser.add_argument("--image", type=Path, help="a line to read (default: the first of tests/data/lines)")
    parser.add_argument("--model", type=Path, help="an exported model to read with (default: the one of the package)")
    options = parser.parse_args()
    image = options.image or first_line(root)
    with tempfile.TemporaryDirectory(prefix="lean-") as folder:
        python = install(root, Path(folder))
        modules = prod_modules(root)
        run([str(python), "-c", imports(modules)], folder)
        model = ["--model", str(options.model.resolve())] if options.model else []
        read = [str(python.parent / "text-recognizer"), "read", *model, str(image.resolve())]
        text = run(read, folder).strip()
        start_s = fastest([str(python), "-c", ""], folder)
        import_s = fastest([str(python), "-c", f"import {', '.join(READING)}"], folder) - start_s
        measured = [
            ("size of the layer", layer_megabytes(python), options.max_mb, "MB"),
            ("import", import_s, options.max_import_s, "s"),
            ("first answer, from the start of the process", fastest(read, folder), options.max_answer_s, "s"),
        ]
    print(f"{len(modules)} modules import with prod.txt alone; {image.name} reads {text!r}")
    report(measured)
    if not text:
        raise SystemExit(f"lean: {image}: an empty answer; run text-recognizer read on it in .venv")


def report(measured: list[tuple[str, float, float, str]]) -> None:
    """Print (name, value, limit, unit) rows; SystemExit names those over their limit."""
    for name, value, limit, unit in measured:
        print(f"{name}: {value:.2f} {unit} (limit {limit:g})")
    over = [name for name, value, limit, _ in measured if value > limit]
    if over:
        raise SystemExit(f"lean: {', '.join(over)} over the limit; see the lines above")


def first_line(root: Path) -> Path:
    """Return the first frozen test line."""
    lines = sorted((root / "tests" / "data" / "lines").rglob("*.png"))
    if not lines:
        raise SystemExit("tests/data/lines: no PNG there; name a line with --image")
    return lines[0]


def install(root: Path, folder: Path) -> Path:
    """Install prod.txt and the package into a new environment; return its Python."""
    source = folder / "source"
    source.mkdir()
    for name in BUILD_FILES:
        kind = shutil.copytree if (root / name).is_dir() else shutil.copy
        kind(root / name, source / name)
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--requirement", str(root / "requirements" / "prod.txt")], folder)
    run([*pip, "--no-deps", str(source)], folder)
    return python


def layer_megabytes(python: Path) -> float:
    """Return the size in MB (10^6 bytes) of what prod.txt put into the environment: all but pip and setuptools."""
    site = next((python.parent.parent / "lib").glob("python3*/site-packages"))
    own = [path for path in site.iterdir() if not path.name.startswith(BUILDERS)]
    files = [file for path in own for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6


def prod_modules(root: Path) -> list[str]:
    """Return the dotted names of every module of the prod side."""
    package = root / PACKAGE
    found = [path for name in PROD_SIDE for path in (package / f"{name}.py", *(package / name).rglob("*.py"))]
    files = [path for path in found if path.exists()]
    dotted = {".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__") for file in files}
    return sorted(name for name in dotted if not name.endswith("__main__"))


def imports(modules: list[str]) -> str:
    """Return a program that imports `modules` and refuses when the dev layer is within reach."""
    return (
        "import importlib, importlib.util\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"there = [name for name in {list(NOT_HERE)!r} if importlib.util.find_spec(name)]\n"
        "assert not there, f'{there}: part of the prod layer; find out who requires it'\n"
    )


def run(command: list[str], folder: str | Path) -> str:
    """Return the output of a command run outside the repository; SystemExit with its errors when it fails."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    result = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{' '.join(command[:4])}: ended with {result.returncode}\n{result.stderr}")
    return result.stdout


def fastest(command: list[str], folder: str, times: int = 5) -> float:
    """Return the seconds of the fastest of several runs: other work on the machine only ever adds."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        run(command, folder)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


if __name__ == "__main__":
    if sys.version_info < (3, 11, 5):
        raise SystemExit(f"{sys.executable}: this is Python {sys.version.split()[0]}, the lab needs 3.11.5 or newer")
    main(Path(__file__).resolve().parent.parent)
