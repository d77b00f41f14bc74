"""The space of a sweep: a W&B sweep file, read for Optuna."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import Any

import yaml
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from text_recognizer.errors import UserError, nearest

METHODS = ("bayes", "random", "grid")

DISTRIBUTIONS = ("uniform", "q_uniform", "int_uniform", "log_uniform", "log_uniform_values", "categorical", "constant")


@dataclass(frozen=True)
class Space:
    """What is tried, and what decides.

    Attributes:
        method: bayes, random or grid.
        metric: whose best value in metrics.csv decides.
        minimize: whether low values of it are good.
        trials: to make, if no number is given.
        fixed: options that all trials share.
        varied: options that the sweep chooses.
    """

    method: str
    metric: str
    minimize: bool
    trials: int
    fixed: Mapping[str, Any]
    varied: Mapping[str, BaseDistribution]


def read_space(path: Path) -> Space:
    """Read a sweep file.

    Raises:
        UserError: it is not there, or has something that a local sweep does not know.
    """
    try:
        sweep = yaml.safe_load(path.read_text(encoding="utf-8"))
        parameters, metric = dict(sweep["parameters"]), dict(sweep["metric"])
        metric_name, method = str(metric["name"]), sweep.get("method", "bayes")
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: not a sweep file ({error}); write one as training/sweep.yaml is written") from error
    if method not in METHODS:
        raise UserError(f"{path}: method {method!r} is not known; {nearest(str(method), METHODS)}")
    chosen = {name: _distribution(path, name, value) for name, value in parameters.items()}
    return Space(
        method=method,
        metric=metric_name,
        minimize=metric.get("goal", "minimize") == "minimize",
        trials=int(sweep.get("run_cap", 10)),
        fixed={name: parameters[name]["value"] for name, found in chosen.items() if found is None},
        varied={name: found for name, found in chosen.items() if found is not None},
    )


def _distribution(path: Path, name: str, value: Any) -> BaseDistribution | None:
    """Return what Optuna draws an option from; None for one that has a single value."""
    if not isinstance(value, dict):
        raise UserError(f"{path}: {name} is {value!r}; give it value:, values:, or min: and max:")
    if "value" in value:
        return None
    if "values" in value:
        return CategoricalDistribution(value["values"])
    try:
        low, high = value["min"], value["max"]
        whole = isinstance(low, int) and isinstance(high, int)
        kind = value.get("distribution", "int_uniform" if whole else "uniform")
        if kind == "int_uniform":
            return IntDistribution(int(low), int(high))
        if kind == "log_uniform_values":
            return FloatDistribution(float(low), float(high), log=True)
        if kind == "log_uniform":
            return FloatDistribution(exp(low), exp(high), log=True)
        if kind in ("uniform", "q_uniform"):
            return FloatDistribution(float(low), float(high), step=value.get("q") if kind == "q_uniform" else None)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: {name} is no range ({error}); give it min: and max:, min the lower one") from error
    raise UserError(f"{path}: {name} has the distribution {kind!r}; {nearest(str(kind), DISTRIBUTIONS)}")
