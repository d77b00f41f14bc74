"""The program `text-recognizer`: reads pictures and writes what they say.

What needs numpy is imported only once there is something to read, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
import warnings
from argparse import Namespace
from itertools import chain, islice
from pathlib import Path

from text_recognizer.errors import UserError
from text_recognizer.inference.options import parse
from text_recognizer.inference.output import check_writable, discard_output, print_text, write_text
from text_recognizer.inference.progress import progress

STOPPED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the signal's number."""


def main(arguments: list[str] | None = None) -> int:
    """Run the program and return its exit code: 0 done, 1 failed for some picture, 2 called wrongly."""
    try:
        return _read(parse(sys.argv[1:] if arguments is None else arguments))
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # whoever reads our output has seen enough
        discard_output()
        return 1
    except KeyboardInterrupt:
        print("text-recognizer: stopped; no file is half-written", file=sys.stderr)
        return STOPPED


def _read(options: Namespace) -> int:
    from text_recognizer.image import SUFFIXES
    from text_recognizer.inference.formats import FORMATS, SUFFIX_OF
    from text_recognizer.inference.reading_job import ReadingJob
    from text_recognizer.inference.sources import find_sources, result_names

    warnings.filterwarnings("ignore", module="PIL")  # what matters of them is said by an error
    sources = find_sources(options.images, SUFFIXES)
    each = _is_folder(options.out)
    _check_targets(options, each)
    chunks = FORMATS[options.format]
    with progress(len(sources)) as step:
        job = ReadingJob(_reader(options), options.boxes, step, options.pages, options.dpi)
        if each:
            names = result_names(sources, SUFFIX_OF[options.format])
            job.write_each(sources, [options.out / name for name in names], chunks)
        else:
            pages = job.pages(sources)
            first = list(islice(pages, 1))
            if first or not job.errors:  # otherwise there is nothing to write
                text = chunks(chain(first, pages), titled=len(sources) > 1)
                print_text(text) if options.out is None else write_text(options.out, text)
    return job.report(len(sources))


def _check_targets(options: Namespace, each: bool) -> None:
    """Refuse what cannot be written to before the first picture is read."""
    if each:
        check_writable(options.out, create=True)
    elif options.out is not None:
        check_writable(options.out.parent)
    if options.boxes is not None:
        check_writable(options.boxes.parent)


def _reader(options: Namespace):  # type: ignore[no-untyped-def]
    from text_recognizer.inference.line_recognizer import LineRecognizer
    from text_recognizer.inference.page_reader import PageReader
    from text_recognizer.inference.segmenter import Segmenter

    recognizer = LineRecognizer.load(options.model, options.threads, options.language_model, options.second_look)
    segmenter = None if options.line else Segmenter.load(options.model, options.threads)
    return PageReader(recognizer, options.line, segmenter, options.abstain)


def _is_folder(out: Path | None) -> bool:
    """Return whether results go to a folder: one that exists, or a new name without a suffix."""
    return out is not None and (out.is_dir() or (not out.exists() and not out.suffix))


if __name__ == "__main__":
    sys.exit(main())
