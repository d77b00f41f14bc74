"""What is done in each place where the lab runs, and the tables of how it went: .venv/bin/python -m tests.real.matrix

The second table is of the images that the tests have built: make test-real PART="containers matrix"
"""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "outputs" / "matrix.json"
IMAGES = ROOT / "outputs" / "images.json"
STEPS = 20
"""Of the smoke training, as in mlbox.yaml."""

WORDS = f"--config=training/configs/line_ctc.yaml --name=run --max_steps={STEPS} --threads=1 --precision=32-true"
SCRIPT = f"""\
set -eu
out=$(mktemp -d)
begun=$(date +%s)
make env > "$out/env" 2>&1 || {{ tail -40 "$out/env"; exit 1; }}
made=$(date +%s)
make test-fast ARGS="-q -p no:cacheprovider" > "$out/tests" 2>&1 || {{ tail -60 "$out/tests"; exit 1; }}
tested=$(date +%s)
.venv/bin/python -m training.run_experiment {WORDS} --runs="$out/runs" --logger=none > "$out/run" 2>&1 || {{
  tail -40 "$out/run"
  exit 1
}}
weights=$(sed -n 's/.*"weights_sha256": "\\([0-9a-f]*\\)".*/\\1/p' "$out/runs/run-001/finished.json")
passed=$(grep ' passed' "$out/tests" | tail -1)
printf 'MATRIX %s %s %s %s\\n' $((made - begun)) $((tested - made)) "$weights" "$passed"
"""
"""Makes the environment, runs the fast tests and the smoke training in the folder of a fresh clone."""


def record(place: str, said: str, made_before: int = 0) -> str:
    """Note how it went in a place, and return the digest of the weights.

    Args:
        place: in words, as the table has it.
        said: what the script printed.
        made_before: seconds that the environment took before the script.

    Raises:
        AssertionError: it did not reach its end.
    """
    line = next((line for line in said.splitlines() if line.startswith("MATRIX ")), None)
    assert line, f"{place}: did not reach its end\n{said[-6000:]}"
    _, made, tested, weights, *passed = line.split()
    assert len(weights) == 64, line
    tests = " ".join(passed).strip("= ").partition(" in ")[0]
    row = {"environment": int(made) + made_before, "tests": int(tested), "said": tests, "weights": weights}
    _keep(TABLE, place, row)
    return weights


def record_image(name: str, size: int, base: int, seconds: float) -> None:
    """Note an image: its size and that of what it stands on, in MB, and how long it took to build."""
    _keep(IMAGES, name, {"size": size, "ours": size - base, "seconds": round(seconds)})


def _keep(table: Path, name: str, row: dict[str, object]) -> None:
    rows = json.loads(table.read_text()) if table.exists() else {}
    table.parent.mkdir(exist_ok=True)
    table.write_text(json.dumps(rows | {name: row}, indent=1, sort_keys=True))


def main() -> None:
    """Print the tables."""
    if IMAGES.exists():
        print("| image | MB | of these ours | built in, s |")
        print("|---|---:|---:|---:|")
        for name, row in json.loads(IMAGES.read_text()).items():
            print(f"| {name} | {row['size']:,} | {row['ours']:,} | {row['seconds']} |")
        print()
    print("| place | environment, s | `make test-fast`, s | tests | weights of the smoke training |")
    print("|---|---:|---:|---|---|")
    for place, row in json.loads(TABLE.read_text()).items():
        cells = (place, row["environment"], row["tests"], row["said"], f"`{row['weights'][:12]}`")
        print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    main()
