"""Fits of growth: ten thousand refits of 1,500 models, against loops of statsmodels; growth with models; frontiers.

Seconds of the processor with one thread: those of the clock where nothing else runs, and the same where something does.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when NumPy is imported

import time
import warnings
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import statsmodels.api as sm
from _measure import table

from comptometer.trends import FITS, Points, Resampling
from comptometer.trends.frontier import Frontier, reselected

MODELS, ORGANIZATIONS, DRAWS = 1500, 250, 10_000
FIRST, LAST, BENDS = 733_773, 739_500, (735_000, 737_500)  # ordinals: 2010 to 2025
PAIRS = 120  # of breaks that the loop tries: sixteen places


def world(models: int = MODELS, organizations: int = ORGANIZATIONS) -> Points:
    generator = np.random.default_rng(0)
    days = np.sort(generator.integers(FIRST, LAST, models)).astype(np.float64)
    early, late = (np.maximum(days - at, 0) for at in BENDS)
    logs = 0.0016 * (days - FIRST) + 0.001 * (early - late)
    groups = np.concatenate([np.arange(organizations), generator.integers(0, organizations, models - organizations)])
    return Points(
        days=days,
        logs=logs + generator.normal(0, 1, models),
        groups=generator.permutation(groups).astype(np.intp),
        spread=np.full(models, 0.35),
        names=[f"model {at}" for at in range(models)],
    )


def seconds(call: Callable[[], Any], runs: int = 3) -> float:
    """Of the processor, the least of some runs."""
    found = []
    for _ in range(runs):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return min(found)


def fit(name: str, points: Points, draws: int, by: Any = "organization", **options: Any) -> Callable[[], Any]:
    noise = options.pop("noise", False)
    return lambda: FITS[name](points, Resampling(name="bench", draws=draws, by=by, noise=noise), **options)


# Loops: one resample by rows, times how many there would be.


def ordinary(points: Points) -> Callable[[], Any]:
    generator, design = np.random.default_rng(1), sm.add_constant(points.days - FIRST)

    def one() -> None:
        rows = generator.integers(0, points.n, points.n)
        sm.OLS(points.logs[rows], design[rows]).fit().params  # noqa: B018

    return one


def quantile(points: Points) -> Callable[[], Any]:
    generator, design = np.random.default_rng(1), sm.add_constant((points.days - FIRST) / 365.25)

    def one() -> None:
        rows = generator.integers(0, points.n, points.n)
        sm.QuantReg(points.logs[rows], design[rows]).fit(q=0.5)

    return one


def searched(points: Points) -> Callable[[], Any]:
    """Every pair of sixteen places, each a fit with two hinges."""
    generator, x = np.random.default_rng(1), points.days - FIRST
    knots = np.quantile(x, np.linspace(0.05, 0.95, 16))
    hinges = np.maximum(x[:, None] - knots, 0)
    plain = sm.add_constant(x)

    def one() -> None:
        rows = generator.integers(0, points.n, points.n)
        for pair in combinations(range(16), 2):
            sm.OLS(points.logs[rows], np.column_stack([plain, hinges[:, pair]])[rows]).fit().ssr  # noqa: B018

    return one


def loop(one: Callable[[], Any], draws: int, sample: int) -> float:
    return seconds(lambda: [one() for _ in range(sample)]) / sample * draws


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    points = world()
    loops = {
        "log-linear": loop(ordinary(points), DRAWS, 200),
        "segmented": loop(searched(points), DRAWS, 2),
        "quantile": loop(quantile(points), 500, 10),
    }
    rows = []
    for name, draws, options in (
        ("log-linear", DRAWS, {}),
        ("two-era", DRAWS, {"knot": "2017-01-01"}),
        ("segmented", DRAWS, {"breaks": 2, "join": "apart"}),
        ("segmented", DRAWS, {"breaks": 2, "join": "meet"}),
        ("quantile", 500, {}),
        ("theil-sen", 1000, {}),
    ):
        took = {by: seconds(fit(name, points, draws, by, **options)) for by in ("organization", "model")}
        noisy = "–" if name == "theil-sen" else f"{seconds(fit(name, points, draws, noise=True, **options)):.2f}"
        against = f"{loops[name]:.1f}" if name in loops else "–"
        ratio = f"{loops[name] / took['organization']:.0f}, {loops[name] / took['model']:.0f}" if name in loops else "–"
        said = f"{name} {options.get('join', '')}".strip()
        rows.append([said, f"{draws:,}", f"{took['organization']:.3f}", f"{took['model']:.3f}", noisy, against, ratio])
    table(
        f"{MODELS:,} models of {ORGANIZATIONS} organizations; seconds. The loop of segmented tries {PAIRS} pairs",
        ["fit", "refits", "by organization", "by model", "with noise", "loop of statsmodels", "times faster"],
        rows,
    )
    rows = []
    for models in (1_500, 10_000, 100_000):
        many = world(models, models // 6)
        took = {by: seconds(fit("log-linear", many, 1000, by), 2) for by in ("organization", "model")}
        breaks = seconds(fit("segmented", many, 1000), 1)
        each = 1e9 / models / 1000
        rows.append([f"{models:,}", *(f"{s:.3f} ({s * each:.1f})" for s in (*took.values(), breaks))])
    table(
        "1,000 refits; seconds (nanoseconds for each model and refit), a sixth as many organizations",
        ["models", "log-linear by organization", "by model", "segmented by organization"],
        rows,
    )
    took = seconds(lambda: reselected(points, Resampling(name="bench", draws=1000, by="organization"), Frontier()))
    print(
        f"\nthe ten largest at release of {MODELS:,} models, chosen anew under noise and fitted: {took:.2f} ms a draw"
    )
