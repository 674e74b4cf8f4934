"""Cost and energy in a terminal: the page of `comptometer cost`, and the section of `comptometer models show`."""

from __future__ import annotations

from collections.abc import Sequence

from comptometer import text
from comptometer.cli._print import aligned, bold, style, wrapped
from comptometer.cost import Cost
from comptometer.evidence import Known
from comptometer.machines import Machines
from comptometer.published_costs import PublishedFigure
from comptometer.records import Claim
from comptometer.release import data_version

MEANS = {
    "amortised": "what machines, interconnect and energy were used up",
    "cloud": "the same chip-hours, rented on a commitment for three years",
    "acquisition": "the whole cluster, bought",
    "chip": "the chips alone",
    "server": "with host, memory, fans and network cards",
    "facility": "with cooling and losses of the building",
}


def page(found: Cost, beside: Sequence[PublishedFigure]) -> str:
    """Everything about the cost of one model."""
    head = [found.entry.name, found.entry.dossier.developer, str(found.entry.dossier.published or "")]
    parts = [
        "   ".join([bold(head[0]), *(part for part in head[1:] if part)]),
        "\n".join(_machines(part) for part in found.machines if part.chips),
        section(found),
        _published(beside),
        _formulas(found),
        _claims(found.claims),
        _noted(found.warnings),
        style(f"data {data_version()} · comptometer cost --json has every figure in full", dim=True),
    ]
    return "\n\n".join(part for part in parts if part)


def section(found: Cost) -> str:
    """The amounts: costs, energy, power and CO2, and what is missing for the others."""
    return "\n\n".join(part for part in (_costs(found), _energy(found), _missing(found)) if part)


def _machines(part: Machines) -> str:
    count = f"{text.number(part.count.estimate.median, 4)} × " if part.count else ""
    hours = f", {text.number(part.chip_hours.estimate.median)} chip-hours" if part.chip_hours else ""
    bought = f", in use from {part.purchase.acquired}" if part.purchase else ""
    began = f", training from about {part.started:%Y-%m}" if part.started else ""
    return f"Machines  {count}{part.name}{hours}{bought}{began}"


def _costs(found: Cost) -> str:
    if not found.kinds:
        return ""
    rows = [[name, *_cells(known), MEANS[name]] for name, known in found.kinds.items()]
    lines = [bold(f"Cost in dollars of {found.dollars}"), *aligned(["kind", "USD", "90%", "is"], rows)]
    if found.parts:
        whole = found.kinds["amortised"].estimate.median
        shares = [f"{name} {text.percent(known.estimate.median / whole)}" for name, known in found.parts.items()]
        lines.append(wrapped(f"of the amortised cost: {', '.join(shares)}"))
    return "\n".join(lines)


def _energy(found: Cost) -> str:
    if not found.energy:
        return ""
    rows = [[name, *_cells(known), MEANS[name]] for name, known in found.energy.items()]
    lines = [bold("Energy"), *aligned(["boundary", "MWh", "90%", "is"], rows)]
    if found.power:
        low, high = found.power.estimate.interval()
        value = text.number(found.power.estimate.median, 2)
        lines.append(f"Power  {value} MW in the mean, with the building   90% {text.interval(low, high)}")
    if found.co2:
        low, high = found.co2.estimate.interval()
        where = f"the grid of {found.place}" if found.place else "a grid anywhere; --place COUNTRY narrows it"
        amount = text.number(found.co2.estimate.median, 2)
        lines.append(wrapped(f"CO2  {amount} t   90% {text.interval(low, high)}   ({where})", 0))
    return "\n".join(lines)


def _cells(known: Known) -> list[str]:
    return [text.number(known.estimate.median, 2), text.interval(*known.estimate.interval())]


def _missing(found: Cost) -> str:
    if not found.missing:
        return ""
    wants = [f"{name} needs {', '.join(needs)}" for name, needs in found.missing.items()]
    return wrapped(f"Missing  {'; '.join(wants)}", 0)


def _published(beside: Sequence[PublishedFigure]) -> str:
    if not beside:
        return ""
    rows = [
        [
            figure.claim.about,
            f"{text.number(figure.median)} {figure.unit}",
            figure.claim.kind if figure.claim.verified else f"{figure.claim.kind}, unverified",
            figure.claim.source,
            ", ".join(f"{name} {text.number(ratio, 2)}" for name, ratio in figure.ratios.items()),
            ", ".join(figure.within) or "none",
            "; ".join(part for part in (figure.claim.where, figure.claim.note) if part),
        ]
        for figure in beside
    ]
    columns = ["about", "value", "kind", "source", "over ours", "within our 90%", "where, note"]
    return "\n".join([bold("What others say"), *aligned(columns, rows)])


def _formulas(found: Cost) -> str:
    named = {**(found.parts or {}), **{name: known for name, known in found.amounts.items() if name != "amortised"}}
    return "\n".join([bold("How it follows"), *(wrapped(f"{name} = {known.text}") for name, known in named.items())])


def _claims(claims: Sequence[Claim]) -> str:
    rows = [
        [
            claim.about.replace("_", " "),
            claim.value,
            claim.kind if claim.verified else f"{claim.kind}, unverified",
            claim.source,
            "; ".join(part for part in (claim.where, claim.note) if part),
        ]
        for claim in claims
    ]
    return "\n".join([bold("Rests on"), *aligned(["about", "value", "kind", "source", "where, note"], rows)])


def _noted(warnings: Sequence[str]) -> str:
    return "\n".join(["Notes", *(wrapped(warning) for warning in warnings)]) if warnings else ""
