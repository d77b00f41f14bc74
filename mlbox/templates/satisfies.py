import os
import sys
from importlib.metadata import PackageNotFoundError, version

from pip._vendor.packaging.requirements import Requirement


def check(path: str) -> None:
    with open(path, encoding="utf-8") as stream:
        text = stream.read().replace("\\\n", " ")
    for line in (line.split(" #")[0].split(" --hash")[0].strip() for line in text.splitlines()):
        if line.startswith(("-r ", "--requirement ")):
            check(os.path.join(os.path.dirname(path), line.split()[1]))
        elif line and not line.startswith(("#", "-")):
            need(line)


def need(line: str) -> None:
    wanted = Requirement(line)
    if wanted.marker is None or wanted.marker.evaluate():
        try:
            found = version(wanted.name)
        except PackageNotFoundError:
            sys.exit(1)
        if not wanted.specifier.contains(found, prereleases=True):
            sys.exit(1)


for argument in sys.argv[1:]:
    check(argument) if argument.endswith(".txt") else need(argument)
