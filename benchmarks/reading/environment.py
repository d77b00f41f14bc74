"""Where the benchmark's own layer and the programs that it compares with are, and what machine this is."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from text_recognizer.errors import UserError

BENCH_PYTHON = Path(__file__).parents[2] / ".venv" / "bench" / "bin" / "python"
LIMITS = {"OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
"""What keeps every reader to one thread."""

VECTOR_UNITS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8", "asimd", "asimddp", "i8mm")


def bench_python() -> Path:
    """Return the Python that has the peers.

    Raises:
        UserError: it was not installed.
    """
    if not BENCH_PYTHON.exists():
        raise UserError(f"{BENCH_PYTHON}: the benchmark's layer is not installed; run make bench-env")
    return BENCH_PYTHON


@cache
def program_version(program: str, *arguments: str) -> str:
    """Return the first line that a program says of its version.

    Raises:
        UserError: it is not installed.
    """
    if not shutil.which(program):
        raise UserError(f"{program}: this program is not installed; apt-get install what the benchmark's page lists")
    command = [program, *(arguments or ("--version",))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return ((done.stdout or done.stderr).strip().splitlines() or ["?"])[0]


def cpu(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the CPU's name and those of its vector units that matter to readers."""
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    values = {key.strip(): value.strip() for key, value in pairs}
    flags = values.get("flags", values.get("Features", "")).split()
    units = [unit for unit in VECTOR_UNITS if unit in flags]
    absent = [unit for unit in ("avx512f", "avx512_vnni", "avx_vnni", "amx_int8") if unit not in flags]
    name = values.get("model name", "CPU without a name")
    return (
        f"{name}, {os.cpu_count()} cores; has {', '.join(units) or 'none known'}; lacks {', '.join(absent) or 'none'}"
    )


def load() -> float:
    """Return the mean number of running processes over the last minute."""
    return os.getloadavg()[0]
