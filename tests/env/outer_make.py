"""Starting make from a test that make itself has started."""

import os

HANDED_DOWN = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "ARGS", "TORCH", "LAB_MANAGER")


def outside_make() -> dict[str, str]:
    """Return the environment without what the `make test` that runs the tests hands down to other makes."""
    return {name: value for name, value in os.environ.items() if name not in HANDED_DOWN}
