"""Installs what the notebooks need and this Python lacks; what is there stays as it is: tools/install_missing.py

For machines whose environment is not ours, as Colab's, where syncing with the locks would tear out what the machine
brought. In a checkout of one's own, make env is the way. Standard library only.
"""

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

LAYERS = ("prod.in", "dev.in", "torch.txt")
MODULES = {"opencv-python-headless": "cv2", "torch": "torch"}
"""What is there under whatever name it was installed."""


def requirements(text: str) -> list[str]:
    """Return the requirements of an .in file, without comments and options.

    >>> requirements("-c prod.txt\\n\\n# export\\nonnx\\npillow<13  # why\\n")
    ['onnx', 'pillow<13']
    """
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def is_there(requirement: str) -> bool:
    """Return whether a requirement is met in some version."""
    name = re.split(r"[\[<>=!~; ]", requirement)[0]
    if name in MODULES:
        return find_spec(MODULES[name]) is not None
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def main(root: Path) -> int:
    """Install what is missing and return pip's exit code."""
    wanted = [line for name in LAYERS for line in requirements((root / "requirements" / name).read_text())]
    missing = [requirement for requirement in wanted if not is_there(requirement)]
    if not missing:
        return 0
    print("installing", *missing)
    return subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *missing], check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(Path(__file__).resolve().parent.parent))
