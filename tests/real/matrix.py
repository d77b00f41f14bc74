"""What is done in each place where the lab runs, and the table of how it went: .venv/bin/python -m tests.real.matrix"""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "outputs" / "matrix.json"
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
    rows = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    tests = " ".join(passed).strip("= ").partition(" in ")[0]
    rows[place] = {"environment": int(made) + made_before, "tests": int(tested), "said": tests, "weights": weights}
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(json.dumps(rows, indent=1, sort_keys=True))
    return weights


def main() -> None:
    """Print the table."""
    print("| place | environment, s | `make test-fast`, s | tests | weights of the smoke training |")
    print("|---|---:|---:|---|---|")
    for place, row in json.loads(TABLE.read_text()).items():
        cells = (place, row["environment"], row["tests"], row["said"], f"`{row['weights'][:12]}`")
        print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    main()
