"""Writes wheels for tests whose package index is a folder."""

import base64
import hashlib
import zipfile
from pathlib import Path


def write_wheel(
    folder: Path, name: str, version: str, code: str = "", requires_python: str = "", requires: tuple[str, ...] = ()
) -> Path:
    """Write a pure-Python wheel that holds one module and return its path.

    Args:
        folder: made if it is not there
        name: of the package; the module has underscores instead of hyphens
        version: as "1.0"
        code: of the module
        requires_python: as ">=3.14"
        requires: requirements, as "other>=1"
    """
    folder.mkdir(exist_ok=True)
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Requires-Dist: {text}" for text in requires]
    contents = {
        f"{module}.py": code,
        f"{info}/METADATA": "\n".join(lines) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in contents.items():
            archive.writestr(inside, text)
        records = [f"{inside},sha256={digest(text)},{len(text.encode())}" for inside, text in contents.items()]
        archive.writestr(f"{info}/RECORD", "\n".join([*records, f"{info}/RECORD,,"]) + "\n")
    return path


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
