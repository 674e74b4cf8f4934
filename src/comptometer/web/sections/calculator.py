"""The calculator: figures as people write them → training compute with its evidence, while they type."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from comptometer.catalogue import Entry
from comptometer.request import estimate
from comptometer.vocabulary import DOMAINS, PRECISIONS
from comptometer.web import SECTIONS, Leaf, Section
from comptometer.web.tables import chips, tables
from comptometer.web.wording import Wording

# Parts of the form: what is asked first, and what only some need.
PARTS: Final = (
    (
        "model",
        ("params", "active_params", "tokens"),
        ("experts", "backward_factor", "flop_per_example", "examples", "epochs", "sequence_length"),
    ),
    (
        "machines",
        ("chip", "chips", "time", "chip_hours", "precision", "utilization", "mfu"),
        ("peak", "hfu", "recompute"),
    ),
    ("reported", ("reported", "reported_as"), ("scale_up", "domain")),
)
CHOICES: Final = {
    "precision": PRECISIONS,
    "recompute": ("none", "selective", "full"),
    "reported_as": ("model", "hardware", "derived-from-hardware"),
    "domain": DOMAINS,
}
# Meta's model card and paper: https://arxiv.org/abs/2407.21783, sections 3 and 3.3.
EXAMPLES: Final = (
    (
        "Llama 3.1-405B",
        {"params": "405B", "tokens": "15.6T", "chip": "h100-sxm", "chip_hours": "30.84M", "mfu": "38% to 43%"},
    ),
    ("16k × H100", {"chip": "h100-sxm", "chips": "16384", "time": "54 to 75 days", "mfu": "38% to 43%"}),
    ("4050亿 × 15–16万亿", {"params": "4050亿", "tokens": "15至16万亿"}),
)


@cache
def example() -> Entry:
    """The first example, as readers without scripts see it."""
    name, figures = EXAMPLES[0]
    return estimate(name=name, **figures)


def leaf(path: str, words: Wording) -> Leaf:
    """The page."""
    return Leaf(
        template="calculator.html",
        title=words("calculator.title"),
        description=words("calculator.lead"),
        facts={
            "parts": PARTS,
            "choices": CHOICES,
            "examples": EXAMPLES,
            "chips": sorted(chips()["records"].items(), key=lambda item: item[1]["name"]),
            "entry": example(),
            "data": _data(words),
        },
        scripts=("beliefs.js", "notation.js", "calculation.js", "calculator.js"),
    )


def _data(words: Wording) -> dict[str, Any]:
    return {
        **tables(words.language),
        "domains": list(DOMAINS),
        "examples": [{"name": name, "figures": figures} for name, figures in EXAMPLES],
    }


SECTIONS.add("calculator", Section(place=4, pages=lambda: ("calculator.html",), leaf=leaf))
