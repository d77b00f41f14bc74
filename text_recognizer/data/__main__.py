"""``python -m text_recognizer.data NAME [--out picture.png]``: prepare a set, say what it holds, draw samples.

NAME is that of a data class, as MNIST or iam_lines; its options follow, as --split aachen. --help NAME shows them.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from PIL import Image

from text_recognizer.data.base import LabData
from text_recognizer.data.pictures_of_samples import sample_picture
from text_recognizer.data.prepared import MANIFEST, check_digests
from text_recognizer.data.raw_sets import read_raw_set
from text_recognizer.errors import UsageError, UserError, check_range, nearest


def main(arguments: list[str] | None = None) -> int:
    """Print what a set holds and return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        kinds = _kinds()
        if not given or (given[0].startswith("-") and given[1:2] == []):
            print(f"{(__doc__ or '').strip()}\n\nsets: {', '.join(sorted(kind.__name__ for kind in kinds.values()))}")
            return 0 if given[:1] in ([], ["-h"], ["--help"]) else 2
        if given[0] in ("-h", "--help"):
            given = [given[1], "--help"]
        kind = kinds.get(_plain(given[0]))
        if kind is None:
            names = [found.__name__ for found in kinds.values()]
            raise UsageError(f"{given[0]}: there is no such set; {nearest(given[0], names, 20)}")
        data, options = _built(kind, given[1:])
        check_range("--samples", options["samples"], 1, 400)
        _print_description(data)
        if options["verify"]:
            _verify(data)
        if options["out"]:
            _save(sample_picture(data, options["samples"]), options["out"])
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _kinds() -> dict[str, type[LabData]]:
    """Return the data classes that can be built, by their plain names."""
    package = import_module("text_recognizer.data")
    for module in iter_modules(package.__path__):
        if module.name != "__main__":
            import_module(f"{package.__name__}.{module.name}")
    waiting, found = [LabData], {}
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if not inspect.isabstract(kind) and kind.__module__.startswith(package.__name__):
            found[_plain(kind.__name__)] = kind
    return found


def _plain(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def _built(kind: type[LabData], given: list[str]) -> tuple[LabData, dict[str, Any]]:
    """Return a data module with the options given, and the program's own options."""
    jsonargparse = import_module("jsonargparse")
    parser = jsonargparse.ArgumentParser(
        prog=f"python -m text_recognizer.data {kind.__name__}",
        exit_on_error=False,
        description=(kind.__doc__ or "").split("\n")[0],
    )
    parser.add_argument("--out", type=Path | None, default=None, help="picture of samples to write")
    parser.add_argument("--samples", type=int, default=24, help="drawn on the picture")
    parser.add_argument("--verify", action="store_true", help="read the prepared files and compare their digests")
    parser.add_class_arguments(kind, "data", as_group=True)
    own = {"out", "samples", "verify"}
    named = [_prefixed(word, own) for word in given]
    try:
        options = parser.parse_args(named)
        built = parser.instantiate(options)
    except jsonargparse.ArgumentError as error:
        said = " ".join(str(error).replace("data.", "").split())
        raise UsageError(f"{kind.__name__}: {said[:300]}; --help shows its options") from None
    return built.data, {name: getattr(options, name) for name in own}


def _prefixed(word: str, own: set[str]) -> str:
    """Return an option of the class as the parser calls it: ``--split`` is ``--data.split``."""
    name = word[2:].split("=")[0]
    if not word.startswith("--") or name in own or name in ("help", "config") or name.startswith("data."):
        return word
    return f"--data.{word[2:]}"


def _print_description(data: LabData) -> None:
    data.prepare_data()
    counts = data.counts()
    print(f"{type(data).__name__}: {(type(data).__doc__ or '').splitlines()[0]}")
    print("splits:     " + (", ".join(f"{name} {number:,}" for name, number in counts.items()) or "drawn without end"))
    for note in data.notes():
        print(f"            {note}")
    characters = getattr(data, "characters", "")
    print(f"characters: {len(characters)}: {characters!r}")
    batch = data.train_batches()[0]
    print(f"a batch:    {' x '.join(map(str, batch.x_BCHW.shape))} float32, {batch.x_BCHW.numel() * 4 / 1e6:.1f} MB")
    texts = getattr(batch, "texts", None)
    if texts:
        lengths = sorted(map(len, texts))
        print(f"texts:      {lengths[0]} to {lengths[-1]} characters, as {texts[0][:60]!r}")
    if data.raw_name:
        raw = read_raw_set(data.raw_name, _folder(data))
        print(f"from:       {raw.title}, {raw.origin}\nlicence:    {raw.licence}\ncitation:   {raw.citation}")
        held = _folder(data) / data.raw_name
        size = sum(path.stat().st_size for path in held.iterdir())
        print(f"prepared:   {held}, {size / 1e6:.1f} MB")


def _verify(data: LabData) -> None:
    folder = _folder(data) / str(data.raw_name)
    if not data.raw_name or not (folder / MANIFEST).exists():
        raise UsageError(f"--verify: {type(data).__name__} has no prepared files; leave it out")
    print(f"verified:   {check_digests(folder)} files have the digests of their {MANIFEST}")


def _folder(data: LabData) -> Path:
    return Path(getattr(data, "folder", "data"))


def _save(picture: Image.Image, path: Path) -> None:
    try:
        picture.save(path, format="PNG")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error}); name another file") from error
    print(f"wrote {path}")


def known_sets() -> Sequence[str]:
    """Return the names that can be given."""
    return sorted(kind.__name__ for kind in _kinds().values())


if __name__ == "__main__":
    raise SystemExit(main())
