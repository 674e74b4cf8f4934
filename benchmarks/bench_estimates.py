"""Estimates per second: one model, and a catalogue of 2,000."""

from __future__ import annotations

import itertools
import resource
import time
from dataclasses import replace

import numpy as np
from _measure import calls, table

import comptometer
from comptometer.catalogue import entry
from comptometer.dossiers import dossier, dossier_ids, read_dossier
from comptometer.store import SHIPPED

CATALOGUE = 2000


def renamed(at: int, name: str):  # type: ignore[no-untyped-def]
    """A copy of a shipped dossier under another id, so that nothing that was drawn before serves again."""
    original = dossier(name)
    claims = [replace(claim, id=f"{at}/{claim.id}") for claim in original.claims]
    return replace(original, id=f"{at}/{name}", claims=claims)


def catalogue() -> tuple[float, float]:
    """Seconds and growth of memory in MB for 2,000 models through all methods, reconciled."""
    models = [renamed(at, name) for at, name in zip(range(CATALOGUE), itertools.cycle(dossier_ids()), strict=False)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    medians = [entry(model).median for model in models]
    seconds = time.perf_counter() - start
    assert np.all(np.isfinite(medians))
    return seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


if __name__ == "__main__":
    multiply = calls(
        lambda: np.prod([np.exp(np.random.default_rng(0).normal(size=4096)) for _ in range(4)], axis=0), 50
    )
    counter = itertools.count()
    raw = (SHIPPED / "models/university-of-toronto/alexnet.toml").read_bytes()
    rows = {
        "one model, AlexNet (3 methods), new draws": calls(
            lambda: entry(renamed(next(counter), "university-of-toronto/alexnet")), 50
        ),
        "one model, AlexNet, draws kept": calls(lambda: entry(dossier("university-of-toronto/alexnet")), 50),
        "estimate(params=…, tokens=…)": calls(lambda: comptometer.estimate(params="405B", tokens="15.6T"), 50),
        "reading and checking its dossier": calls(lambda: read_dossier(raw, "x", "x"), 50),
    }
    table(
        "One model in process; the yardstick multiplies four arrays of 4,096 fresh lognormal draws",
        ["what", "ms", "per second", "over the yardstick"],
        [[name, f"{1e3 * s:.2f}", f"{1 / s:.0f}", f"{s / multiply:.1f}"] for name, s in rows.items()],
    )
    seconds, megabytes = catalogue()
    table(
        f"A catalogue of {CATALOGUE} models, all methods, reconciled",
        ["seconds", "models per second", "over 2,000 yardsticks", "memory grown, MB"],
        [
            [
                f"{seconds:.2f}",
                f"{CATALOGUE / seconds:.0f}",
                f"{seconds / (CATALOGUE * multiply):.2f}",
                f"{megabytes:.0f}",
            ]
        ],
    )
