"""The program `text-recognizer`: reads pictures and writes what they say, or drafts of it; reports on readings.

What needs numpy is imported only once there is something to read, so that ``--help`` answers at once.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from text_recognizer.errors import UsageError, UserError
from text_recognizer.inference.options import is_folder, parse
from text_recognizer.inference.output import check_writable, discard_output, print_text, write_text
from text_recognizer.inference.progress import Progress, progress
from text_recognizer.inference.stopping import Terminated, terminable

if TYPE_CHECKING:
    from text_recognizer.inference.page_settings import PageSettings
    from text_recognizer.inference.sources import Source

STOPPED, TERMINATED = 130, 143
"""Exit codes after Ctrl-C and SIGTERM, as shells have them: 128 and the signal's number."""


def main(arguments: list[str] | None = None) -> int:
    """Run the program and return its exit code: 0 done, 1 failed for some picture, 2 called wrongly."""
    try:
        with terminable():
            options = parse(sys.argv[1:] if arguments is None else arguments)
            return {"label": _label, "monitor": _monitor}.get(options.command, _read)(options)
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # whoever reads our output has seen enough
        discard_output()
        return 1
    except KeyboardInterrupt as reason:
        print("text-recognizer: stopped; no file is half-written", file=sys.stderr)
        return TERMINATED if isinstance(reason, Terminated) else STOPPED


def _label(options: Namespace) -> int:
    from text_recognizer.inference.labelling.job import label

    return label(options)


def _monitor(options: Namespace) -> int:
    return import_module("text_recognizer.monitoring.command").monitor(options)


def _read(options: Namespace) -> int:
    from text_recognizer.image import SUFFIXES
    from text_recognizer.inference.sources import count_files, find_sources

    warnings.filterwarnings("ignore", module="PIL")  # what matters of them is said by an error
    each = is_folder(options.out)
    _check_targets(options, each)
    sources = find_sources(options.images, SUFFIXES)
    settings = _settings(options)
    with progress(lambda: count_files(options.images, SUFFIXES)) as shown:
        return (_into_folder if each else _in_order)(options, settings, sources, shown)


def _in_order(options: Namespace, settings: PageSettings, sources: Iterator[Source], shown: Progress) -> int:
    """Read into one file or to the standard output."""
    from text_recognizer.image import Limits
    from text_recognizer.inference.formats import FORMATS
    from text_recognizer.inference.ordered_reading import OrderedReading

    engine = _engine(options, settings)
    with TemporaryDirectory(prefix="text-recognizer-") as copies:
        two = [source.kept(Path(copies), Limits()) for source in islice(sources, 2)]  # is there a second one?
        job = OrderedReading(chain(two, sources), settings, engine.most, Path(copies), options.boxes, shown)
        pages = job.pages(engine)
        with closing(pages):
            first = list(islice(pages, 1))
            if first or not job.errors:  # otherwise there is nothing to write
                text = FORMATS[options.format](chain(first, pages), titled=len(two) > 1)
                print_text(text) if options.out is None else write_text(options.out, text)
    return job.report()


def _into_folder(options: Namespace, settings: PageSettings, sources: Iterator[Source], shown: Progress) -> int:
    """Read into a file per source, and go on where an earlier run into the same folder ended."""
    from text_recognizer.inference.folder_reading import FolderReading
    from text_recognizer.inference.formats import FORMATS, ONE_PAGE, SUFFIX_OF
    from text_recognizer.inference.journal import Journal
    from text_recognizer.inference.sources import ResultNames

    told = {"--format": options.format, **settings.told()}
    with closing(Journal(options.out, told, options.restart)) as journal:
        engine = _engine(options, settings)
        job = FolderReading(
            sources,
            settings,
            engine.most,
            journal.copies,
            options.boxes,
            shown,
            journal=journal,
            names=ResultNames(SUFFIX_OF[options.format]),
            chunks=FORMATS[options.format],
            one_page=options.format in ONE_PAGE,
        )
        job.run(engine)
    return job.report()


def _settings(options: Namespace) -> PageSettings:
    from text_recognizer.inference.page_settings import PageSettings

    several = options.engine != "local" or options.jobs not in (None, 1)
    threads = options.threads if options.threads is not None else int(several)
    drawn = ""
    if options.boxes is not None:
        from PIL import Image

        drawn = Image.registered_extensions()[options.boxes.suffix.lower()]
    return PageSettings.of(options, threads=threads, drawn=drawn)


def _engine(options: Namespace, settings: PageSettings) -> Any:
    """Return who reads; what several processes need is imported only for several."""
    if options.engine == "ray":
        from text_recognizer.inference.ray_engine import RayEngine

        return RayEngine(settings, options.jobs or 0)
    if options.jobs in (None, 1):
        from text_recognizer.inference.one_by_one import OneByOne

        return OneByOne(settings)
    from text_recognizer.inference.worker_pool import WorkerPool, usable_cores

    return WorkerPool(settings, options.jobs or usable_cores())


def _check_targets(options: Namespace, each: bool) -> None:
    """Refuse what cannot be written to, or would destroy what is read, before the first picture is read."""
    from text_recognizer.image import SUFFIXES

    if each:
        check_writable(options.out, create=True)
    elif options.out is not None:
        check_writable(options.out.parent)
    if options.boxes is not None:
        check_writable(options.boxes.parent)
    for option, target in (("--out", None if each else options.out), ("--boxes", options.boxes)):
        if target is not None:
            _refuse_inputs(option, target, options.images)
    if not each and options.out is not None and options.out.suffix.lower() in SUFFIXES:
        raise UsageError(
            f"--out {options.out}: ends like a picture, and results are text; name a file as page.txt, or a folder"
            " (searchable PDF files are made by ocrmypdf, see instructions/formats.md)"
        )


def _refuse_inputs(option: str, target: Path, images: list[str]) -> None:
    """Refuse to write over a picture that is to be read, or where the next run would find one."""
    from text_recognizer.inference.sources import is_elsewhere

    for name in images:
        source = Path(name)
        if is_elsewhere(name) or not os.path.exists(name):
            continue
        same = source.stem == target.stem or re.fullmatch(re.escape(target.stem) + r"-\d+", source.stem)
        over = same and source.suffix == target.suffix and source.resolve().parent == target.resolve().parent
        within = option == "--boxes" and source.is_dir() and target.resolve().is_relative_to(source.resolve())
        if over or within:
            raise UsageError(
                f"{option} {target}: would be written over or among what is read ({name}); name another place"
            )


if __name__ == "__main__":
    sys.exit(main())
