"""Types of cloud instances → their chips; the table is data (`data/instances.toml`), each part with its source."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from comptometer.release import DATA

FILE = DATA / "instances.toml"
_SIGNS = re.compile(r"[\s_]+")


class Chips(NamedTuple):
    """Chips of one instance: how many, and which."""

    number: float
    name: str


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@cache
def instances() -> Mapping[str, Chips]:
    """The chips of every type on record, by its name as `plain` writes it."""
    return {
        plain(name): Chips(float(count), row["chip"])
        for series in _table()["series"]
        for row in series["types"]
        for name, count in row["chips"].items()
    }


def plain(name: str) -> str:
    """A type as all its spellings have it.

    >>> plain("Standard_ND96isr_H100_v5"), plain("ND96isr H100 v5 Spot"), plain("ml.p5.48xlarge")
    ('nd96isr h100 v5', 'nd96isr h100 v5', 'p5.48xlarge')
    """
    words = _SIGNS.sub(" ", name).strip().casefold()
    return words.removeprefix("standard ").removeprefix("ml.").removesuffix(" low priority").removesuffix(" spot")


def google_chip(sku: str) -> str | None:
    """The chip that a SKU of Google's bills by the hour; None for cores, memory, licences and commitments.

    >>> google_chip("Nvidia Tesla A100 80GB GPU running in Americas"), google_chip("A3 Instance Core running in X")
    ('nvidia/a100-sxm-80gb', None)
    """
    if not re.search(r"\bgpu\b", sku, re.IGNORECASE) or re.search(r"commitment|licen[cs]", sku, re.IGNORECASE):
        return None
    for part, chip in _table()["google"]["names"].items():
        if re.search(rf"\b{part}\b", sku, re.IGNORECASE):
            return str(chip)
    return sku
