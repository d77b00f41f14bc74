"""The report on a store's readings: one HTML page that needs nothing else, with plots and alarms."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from text_recognizer.monitoring.drift import ALPHA, WINDOWS, Finding, alarms, findings
from text_recognizer.monitoring.plots import Plots
from text_recognizer.monitoring.records import FEATURES, Feedback, Loss, Reading
from text_recognizer.monitoring.reference import Reference
from text_recognizer.monitoring.report_page import Section, Table, html_page

HISTORY = 40
"""Points of time at which drift is looked for, evenly spread over the readings."""

SHOWN: tuple[tuple[str, str, str, tuple[float, ...]], ...] = (
    ("seconds", "Time per reading", "seconds", (0.5, 0.95)),
    ("confidence", "Mean confidence", "share", (0.1, 0.5, 0.9)),
    ("line_confidence_low", "Least certain line", "confidence", (0.1, 0.5, 0.9)),
    ("surprise", "Surprise by language", "nats per character", (0.1, 0.5, 0.9)),
    ("unusual", "Unusual characters", "share", (0.1, 0.5, 0.9)),
    ("characters", "Characters per picture", "characters", (0.1, 0.5, 0.9)),
    ("line_length", "Length of lines", "characters", (0.1, 0.5, 0.9)),
    ("brightness", "Brightness", "0 to 1", (0.1, 0.5, 0.9)),
    ("contrast", "Contrast", "0 to 1", (0.1, 0.5, 0.9)),
    ("sharpness", "Sharpness", "of the contrast", (0.1, 0.5, 0.9)),
    ("noise", "Noise", "of the contrast", (0.1, 0.5, 0.9)),
    ("ink", "Ink", "share of the picture", (0.1, 0.5, 0.9)),
    ("megapixels", "Size of pictures", "megapixels", (0.1, 0.5, 0.9)),
)
"""Features that are drawn, their title, unit and quantiles."""


@dataclass(frozen=True)
class Report:
    """What is told of a store.

    Args:
        name: of the store.
        readings: at least one, in the order of their times.
        feedback: of users.
        losses: records that could not be kept.
        reference: what drift is measured against; None looks for none.
    """

    name: str
    readings: Sequence[Reading]
    feedback: Sequence[Feedback]
    losses: Sequence[Loss]
    reference: Reference | None

    @cached_property
    def found(self) -> list[Finding]:
        """How the last readings compare with the reference."""
        return findings(self.reference, self.readings) if self.reference else []

    @cached_property
    def alarms(self) -> list[Finding]:
        """What of it is an alarm."""
        return alarms(self.found)

    def alarm_sentences(self) -> list[str]:
        """Return a sentence for each alarm."""
        return [_sentence(one) for one in self.alarms]

    def page(self) -> str:
        """Return the page as HTML."""
        plots = Plots(np.array([reading.at for reading in self.readings]))
        sections = [self._drift(plots), Section("Traffic", (), (plots.counts("Traffic", "pictures"),))]
        drawn = tuple(
            plots.quantiles(title, unit, values, shares)
            for name, title, unit, shares in SHOWN
            if np.isfinite(values := self._column(name)).any()
        )
        sections.append(Section("Readings over time", ("Curves are quantiles; each point covers as many.",), drawn))
        sections.append(self._feedback())
        return html_page("Readings", self._facts(), self.alarm_sentences(), self._checked(), sections)

    def _facts(self) -> dict[str, str]:
        first, last = (_day(self.readings[at].at) for at in (0, -1))
        models = Counter(reading.model or "unnamed" for reading in self.readings)
        lost = sum(loss.count for loss in self.losses)
        latency = self._column("seconds")
        facts = {"store": self.name, "pictures": f"{len(self.readings):,}", "from": first, "to": last}
        facts["models"] = ", ".join(f"{name} ({count:,})" for name, count in models.most_common(5))
        if np.isfinite(latency).any():
            middle, high = np.nanquantile(latency, (0.5, 0.95))
            facts["time per picture"] = f"median {middle:.2f} s, 95 % within {high:.2f} s"
        facts["records lost"] = f"{lost:,}" + (f" ({self.losses[-1].why})" if lost else "")
        return facts

    def _checked(self) -> str:
        """Return what was compared, for the line that stands where there is no alarm."""
        if self.reference is None:
            return (
                "No reference was given, so no drift was looked for; write one with text-recognizer monitor reference."
            )
        if not self.found:
            return f"The store has fewer than {WINDOWS[0]} readings; drift needs more."
        window = max(one.window for one in self.found)
        return f"The last {window} pictures look like the {self.reference.count:,} of the reference."

    def _drift(self, plots: Plots) -> Section:
        if not self.reference or not self.found:
            return Section("Drift", (self._checked(),))
        text = (
            f"Compared with {self.reference.count:,} readings of {', '.join(self.reference.models) or 'a model'}."
            f" KS is the largest distance of the two distributions, 0 to 1; PSI the stability index; p how likely such"
            f" a distance is if nothing changed. Alarm: p below {ALPHA:g} and PSI of 0.25 or more, in any window.",
        )
        at_M, strength_M = self._history()
        drawn = plots.levels("Drift over time", "−log10 of the least p", at_M, strength_M, -np.log10(ALPHA))
        return Section("Drift", text, (drawn,), self._table())

    def _history(self) -> tuple[np.ndarray, np.ndarray]:
        """Return times and how improbable the most improbable difference was then."""
        assert self.reference is not None
        ends = np.unique(np.linspace(WINDOWS[0], len(self.readings), HISTORY).astype(int))
        strength = []
        for end in ends:
            found = [one.p_value for one in findings(self.reference, self.readings[:end]) if one.psi >= 0.25]
            strength.append(-np.log10(max(min(found, default=1.0), 1e-300)))
        return np.array([self.readings[end - 1].at for end in ends]), np.array(strength)

    def _table(self) -> Table:
        """Return a row per feature: that of its least probable window."""
        least: dict[str, Finding] = {}
        for one in self.found:
            if one.feature not in least or (not one.is_alarm, one.p_value) < _order(least[one.feature]):
                least[one.feature] = one
        rows = [
            (
                FEATURES[one.feature],
                "ALARM" if one.is_alarm else "as before",
                f"{one.was:.3g}",
                f"{one.now:.3g}",
                f"{one.ks:.2f}",
                f"{one.psi:.2f}",
                f"{one.p_value:.1e}",
                str(one.window),
            )
            for one in sorted(least.values(), key=_order)
        ]
        return Table(("feature", "state", "median then", "now", "KS", "PSI", "p", "last pictures"), tuple(rows))

    def _feedback(self) -> Section:
        if not self.feedback:
            return Section("Feedback", ("Nobody has corrected or flagged anything yet.",))
        flags = Counter(one.flag or "corrected" for one in self.feedback)
        learnable = sum(one.picture is not None and bool(one.corrected_text) for one in self.feedback)
        text = f"{learnable} can be learnt from: text-recognizer monitor export {self.name} --out DIR"
        rows = tuple((name, f"{count:,}") for name, count in flags.most_common())
        return Section("Feedback", (text,), (), Table(("what users said", "times"), rows))

    def _column(self, name: str) -> np.ndarray:
        return np.array([reading.features.get(name, np.nan) for reading in self.readings])


def _order(one: Finding) -> tuple[bool, float]:
    return not one.is_alarm, one.p_value


def _sentence(one: Finding) -> str:
    return (
        f"{FEATURES[one.feature]}: median {one.now:.3g} over the last {one.window} pictures, {one.was:.3g} in the"
        f" reference (KS {one.ks:.2f}, PSI {one.psi:.2f}, p {one.p_value:.0e})"
    )


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))
