"""`python -m mlbox`; the first lines are for a Python or an environment that is too old."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  an old python3 must be able to say so
    found = ".".join(str(number) for number in sys.version_info[:3])
    sys.exit(
        "mlbox: this is Python " + found + ", mlbox needs 3.11 or newer; make the environment anew: "
        "python3.11 -m venv .virtualenv && . .virtualenv/bin/activate && pip install pyyaml"
    )

from mlbox.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
