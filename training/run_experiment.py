"""Train a text recogniser; without an argument the default experiment: a CTC reader of synthetic lines.

Every option is a keyword of a constructor. --print_config shows all of them with their values, --model.help NAME and
--data.help NAME those of a class, --config FILE reads them from a YAML file; options after it change single values.
"""

from __future__ import annotations

import inspect
import os
import sys

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads stall for seconds where cores are shared

import pytorch_lightning as pl
from jsonargparse import ArgumentParser

from text_recognizer.data.base import LineData
from text_recognizer.errors import check_range
from text_recognizer.lit_models.ctc import CTC
from text_recognizer.models.base import LineModel
from training.command_line import Help, import_all, mistakes_shown, parse
from training.run import Run
from training.run_folder import is_finished, new_run, refuse_changes, run_to_resume


def options_parser() -> ArgumentParser:
    """Return the parser of all options; its defaults are the default experiment."""
    import_all("text_recognizer.models")
    import_all("text_recognizer.data")
    parser = ArgumentParser(description=__doc__, usage="%(prog)s [options]", exit_on_error=False, formatter_class=Help)
    parser.add_argument("--config", action="config", help="a YAML file with options")
    parser.add_class_arguments(Run, instantiate=False)
    parser.add_subclass_arguments(LineData, "data", default={"class_path": "SyntheticLines"})
    parser.add_subclass_arguments(LineModel, "model", default={"class_path": "LineCTC"})
    parser.add_class_arguments(CTC, "lit_model", skip={"model"}, instantiate=False)
    parser.link_arguments("seed", "data.init_args.seed")
    parser.link_arguments("seed", "lit_model.seed")
    parser.link_arguments("data.init_args.height", "model.init_args.height")
    parser.link_arguments("data.init_args.characters", "model.init_args.characters")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Train what the command line describes and return the exit code: 0 done, 85 stopped by a signal and saved."""
    parser, bases = options_parser(), {"data": LineData, "model": LineModel}
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = parse(parser, given, bases)
    folder = run_to_resume(options.resume, options.runs, options.name) if options.resume else None
    if folder:
        options = parse(parser, ["--config", str(folder / "config.yaml"), *given], bases)
        refuse_changes(folder, parser.dump(options, skip_link_targets=True))
        if is_finished(folder):
            print(f"{folder} is finished; start a new run to train more")
            return 0
    check_range("--seed", options.seed, 0, 2**32 - 1)
    pl.seed_everything(options.seed, verbose=False)
    built = parser.instantiate(options)
    run = Run(**{name: built[name] for name in inspect.signature(Run).parameters})
    lit_model = CTC(built.model, **built.lit_model.as_dict())
    folder = folder or new_run(options.runs, options.name, parser.dump(options, skip_link_targets=True))
    return run.fit(lit_model, built.data, folder)


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
