"""What follows from the record of a chip, or of several that share a name: the same for a terminal, a page and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from comptometer import store, text
from comptometer.records import Chip, Peak
from comptometer.release import data_version
from comptometer.vocabulary import FORMATS, PRECISIONS

Taken = Literal["default", "named", ""]
Key = tuple[str, str, str, str, str]


def document(chips: Sequence[Chip], name: str) -> dict[str, Any]:
    """The JSON object: of one chip (`comptometer/chip/1`), or of a family (`comptometer/chip-family/1`)."""
    head = {"data_version": data_version(), "sources_cited": _cited(chips)}
    if len(chips) == 1:
        return {"schema": "comptometer/chip/1", **chips[0].to_dict(), **head}
    members = [chip.to_dict() for chip in chips]
    return {
        "schema": "comptometer/chip-family/1",
        "name": name,
        "reason": reason(chips, name),
        "chips": members,
        **head,
    }


def _cited(chips: Iterable[Chip]) -> dict[str, dict[str, str]]:
    """Title, address and grade of every source, by its id."""
    names = dict.fromkeys(name for chip in chips for name in chip.cited)
    found = {name: store.source(name) for name in names}
    return {name: {"title": one.title, "url": one.url, "grade": one.grade} for name, one in found.items()}


def reason(chips: Sequence[Chip], name: str) -> str:
    """Why a name of several chips is not enough, or why it is."""
    said = f'"{name}" can be any of {len(chips)} chips'
    differ = [chip for chip in chips if chip.default_precision]
    formats = [p for p in dict.fromkeys(p for chip in differ for p in chip.default_precision) if _have(differ, p)]
    apart = []
    for precision in formats:
        values = [chip.peak(precision).value / 1e12 for chip in differ]
        if max(values) > 1.001 * min(values):
            low, high = text.number(min(values), 5), text.number(max(values), 5)
            apart.append(f"from {low} to {high} TFLOP/s in {precision}")
    if apart:
        return (
            f"{said}, whose dense peaks differ: {' and '.join(apart)}. Name one; where nobody does, an estimate keeps "
            "all of them open."
        )
    return f"{said}, which have the same dense peaks: an estimate does not depend on which. They differ in the rest."


def _have(chips: Sequence[Chip], precision: str) -> bool:
    return all(any(peak.precision == precision and not peak.sparse for peak in chip.peaks) for chip in chips)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakKind:
    """Rates of a chip that differ in nothing but sparsity.

    Attributes:
        taken: does an estimate of training use the dense one: by default, or where the number format is named?
    """

    precision: str
    path: str
    accumulate: str
    clock: str
    dense: Peak | None
    sparse: Peak | None
    taken: Taken

    @property
    def rates(self) -> list[Peak]:
        """Those that are on record."""
        return [peak for peak in (self.dense, self.sparse) if peak]

    @property
    def sources(self) -> list[str]:
        """Who gives them, each once."""
        return list(dict.fromkeys(peak.source for peak in self.rates))


def peak_kinds(chip: Chip) -> list[PeakKind]:
    """The rates of a chip by kind, those of the widest number format first."""
    kinds: dict[Key, dict[bool, Peak]] = {}
    for peak in chip.peaks:
        kinds.setdefault(_key(peak, kinds), {})[peak.sparse] = peak
    return [
        PeakKind(
            precision=key[0],
            path=key[1],
            accumulate=key[2],
            clock=key[3],
            dense=kinds[key].get(False),
            sparse=kinds[key].get(True),
            taken=_taken(chip, kinds[key].values()),
        )
        for key in sorted(kinds, key=lambda key: FORMATS.index(key[0]), reverse=True)
    ]


def _key(peak: Peak, known: dict[Key, dict[bool, Peak]]) -> Key:
    """Kind of a rate; a revised one beside the present one has a row of its own."""
    sort = peak.precision, peak.path, peak.accumulate, peak.clock
    key = (*sort, "")
    return (*sort, peak.where) if peak.sparse in known.get(key, {}) else key


def _taken(chip: Chip, peaks: Iterable[Peak]) -> Taken:
    for peak in peaks:
        if peak.precision in PRECISIONS and chip.has_peak(peak.precision) and chip.peak(peak.precision) is peak:
            return "default" if peak.precision in chip.default_precision else "named"
    return ""
