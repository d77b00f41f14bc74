"""Train a text recogniser; without an argument the default experiment: a CTC reader of synthetic lines.

--model and --data name a model and a data set of the same kind: characters, lines or paragraphs.
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

from text_recognizer.data.base import LabData
from text_recognizer.errors import check_range
from text_recognizer.lit_models.base import LitModel
from text_recognizer.lit_models.ctc import CTC
from text_recognizer.models.base import Recognizer
from training.command_line import Help, import_all, mistakes_shown, parse
from training.kinds import DEFAULT, lit_model_for, refuse_mixture
from training.processes import Processes, joined, refuse_unseen, silenced_but_first
from training.run import Run
from training.run_folder import is_finished, new_run, refuse_changes, run_to_resume

BASES: dict[str, type] = {"data": LabData, "model": Recognizer}
"""The options that name a class, with its base."""


def options_parser(lit_model: type[LitModel] = CTC) -> ArgumentParser:
    """Return the parser of all options; its defaults are the default experiment.

    Args:
        lit_model: what trains, whose options are those of --lit_model; see `lit_model_for`.
    """
    import_all("text_recognizer.models")
    import_all("text_recognizer.data")
    parser = ArgumentParser(description=__doc__, usage="%(prog)s [options]", exit_on_error=False, formatter_class=Help)
    parser.add_argument("--config", action="config", help="a YAML file with options")
    parser.add_class_arguments(Run, instantiate=False)
    parser.add_subclass_arguments(LabData, "data", default={"class_path": DEFAULT["data"]})
    parser.add_subclass_arguments(Recognizer, "model", default={"class_path": DEFAULT["model"]})
    parser.add_class_arguments(lit_model, "lit_model", skip={"model"}, instantiate=False)
    parser.link_arguments("seed", "data.init_args.seed")
    parser.link_arguments("seed", "lit_model.seed")
    parser.link_arguments("data.init_args.height", "model.init_args.height")
    parser.link_arguments("data.init_args.width", "model.init_args.image_width")
    parser.link_arguments("data.init_args.characters", "model.init_args.characters")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Train what the command line describes and return the exit code: 0 done, 85 stopped by a signal and saved."""
    with joined() as processes:
        silenced_but_first(processes)
        return train(list(sys.argv[1:] if arguments is None else arguments), processes)


def train(given: list[str], processes: Processes) -> int:
    """Do what `main` does, in one of the processes of a training."""
    parser = options_parser(lit_model_for(given))
    options = parse(parser, given, BASES)
    found = run_to_resume(options.resume, options.runs, options.name) if options.resume and processes.first else None
    folder = processes.agreed(found)
    if folder:
        refuse_unseen(folder, processes)
        recorded = ["--config", str(folder / "config.yaml")]
        given = [*recorded, *given]
        parser = options_parser(lit_model_for(given))
        options, before = parse(parser, given, BASES), parse(parser, recorded, BASES)
        refuse_changes(folder, *(parser.dump(each, skip_link_targets=True) for each in (before, options)))
        if is_finished(folder):
            print(f"{folder} is finished; start a new run to train more")
            return 0
    refuse_mixture(*(options[name].class_path.rpartition(".")[2] for name in ("model", "data")))
    check_range("--seed", options.seed, 0, 2**32 - 1)
    pl.seed_everything(options.seed, verbose=False)
    built = parser.instantiate(options)
    run = Run(**{name: built[name] for name in inspect.signature(Run).parameters})
    lit_model = lit_model_for(given)(built.model, **built.lit_model.as_dict())
    if folder is None:
        config = parser.dump(options, skip_link_targets=True)
        folder = processes.agreed(new_run(options.runs, options.name, config) if processes.first else None)
        refuse_unseen(folder, processes)
    return run.fit(lit_model, built.data, folder)


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
