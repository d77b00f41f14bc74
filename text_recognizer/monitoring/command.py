"""What `text-recognizer monitor` does."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from contextlib import closing

from text_recognizer.errors import UserError
from text_recognizer.inference.output import check_writable, print_text, write_text
from text_recognizer.monitoring.corrections import export
from text_recognizer.monitoring.records import Reading
from text_recognizer.monitoring.reference import Reference
from text_recognizer.monitoring.stores import Store, open_store


def monitor(options: Namespace) -> int:
    """Run the action that the options name and return the exit code."""
    with closing(open_store(options.store)) as store:
        if options.action == "export":
            return _export(store, options)
        check_writable(options.out.parent)
        return (_report if options.action == "report" else _reference)(store, options)


def _report(store: Store, options: Namespace) -> int:
    from text_recognizer.monitoring.report import Report

    reference = Reference.load(options.reference) if options.reference else None
    report = Report(
        store.name, _readings(store, options), list(store.feedback(pictures=False)), list(store.losses()), reference
    )
    write_text(options.out, [report.page()])
    print_text(f"alarm: {sentence}\n" for sentence in report.alarm_sentences())
    print_text([f"{options.out}: {len(report.readings)} readings, {len(report.alarms)} alarms\n"])
    return 0


def _reference(store: Store, options: Namespace) -> int:
    reference = Reference.of(_readings(store, options), store.name)
    reference.save(options.out)
    print_text([f"{options.out}: {reference.count} readings, {len(reference.values)} features\n"])
    return 0


def _export(store: Store, options: Namespace) -> int:
    done = export(store, options.out)
    for fault in done.faults:
        print(fault, file=sys.stderr)
    if not done.lines:
        raise UserError(f"{store.name}: none of its {done.corrections} corrections gave a line; see above")
    print_text([f"{options.out}: {done.lines} lines of {done.corrections} corrected pictures\n"])
    return 0


def _readings(store: Store, options: Namespace) -> list[Reading]:
    since = time.time() - options.days * 86_400 if options.days else 0.0
    found = list(store.readings(since))
    if not found:
        within = f" of the last {options.days:g} days" if options.days else ""
        raise UserError(f"{store.name}: it holds no readings{within}; record some, or give more --days")
    return found
