"""The page of one model in a terminal."""

from __future__ import annotations

from comptometer import text
from comptometer.catalogue import Entry
from comptometer.cli._cost_page import section
from comptometer.cli._print import aligned, bold, style, wrapped
from comptometer.cli.estimate import agreement, drivers, methods, missing, notes, typed
from comptometer.profile import Profile
from comptometer.put_aside import put_aside
from comptometer.records import Claim
from comptometer.release import data_version


def page(found: Profile) -> str:
    """The model, top down: what it is, how much, how we know, who says so."""
    parts = [
        _head(found),
        *_result(found),
        _checks(found),
        _cost(found),
        _claims(found),
        _aside(found),
        _editions(found),
        _sources(found),
    ]
    more = f"data {data_version()} · comptometer explain {typed(found.item.id)} shows how each number follows"
    return "\n\n".join(part for part in [*parts, style(more, dim=True)] if part)


def _head(found: Profile) -> str:
    facts = found.facts
    line = [bold(found.dossier.name), found.dossier.developer, str(found.dossier.published or "date unknown")]
    about = [
        ", ".join(found.dossier.domain),
        facts["country"],
        {True: "open weights", False: "closed weights"}.get(facts["open_weights"], ""),
        "notable" if facts["notable"] else "",
        f"built on {found.dossier.base_model}" if found.dossier.base_model else "",
        "curated dossier" if found.item.curated else f"from {found.item.vintage}",
    ]
    others = [name for name in found.item.names if name != found.dossier.name]
    lines = ["   ".join(part for part in line if part), style(" · ".join(part for part in about if part), dim=True)]
    return "\n".join([*lines, *([f"also called {', '.join(others)}"] if others else [])])


def _result(found: Profile) -> list[str]:
    entry = found.entry
    if entry is None:
        wants = "; ".join(f"{name} needs {', '.join(needs)}" for name, needs in found.missing.items())
        aside = put_aside(found.dossier, [need for needs in found.missing.values() for need in needs])
        lacking = "\n".join([f"Missing  {wants}", *(wrapped(str(reason)) for reason in aside)])
        return ["Training compute  unknown: no method has what it needs", lacking]
    low, high = entry.interval()
    value = bold(f"{text.number(entry.median, 2)} FLOP")
    days = text.number(entry.pfs_days.median, 2)
    lines = [f"Training compute  {value}   90% {text.interval(low, high)}   ({days} petaFLOP/s-days)"]
    lines += _with_its_base(found, entry)
    if found.rank:
        what = "training compute with its base's" if entry.basis == "increment" else "training compute"
        lines.append(f"Rank at release   {found.rank} by {what}, of all models published by that day")
    agreed = "\n".join(part for part in [agreement(entry), _tables_apart(found)] if part)
    return ["\n".join(lines), methods(entry), agreed, drivers(entry), missing(entry), notes(entry)]


def _with_its_base(found: Profile, entry: Entry) -> list[str]:
    """Of a model of which only the increment is known: the total, or why there is none."""
    if entry.basis != "increment":
        return []
    if found.total is None:
        return [f"With its base     not known: {found.dossier.base_model} has no estimate, and so this has no rank"]
    low, high = found.total.interval()
    return [f"With its base     {text.number(found.total.median, 2)} FLOP   90% {text.interval(low, high)}"]


def _tables_apart(found: Profile) -> str:
    """What the editions say, where one of them is far from a curated result."""
    if not found.item.curated or not any(edition.far for edition in found.editions):
        return ""
    said = [f"{edition.vintage} {text.number(edition.ratio)}×" for edition in found.editions if edition.ratio]
    return wrapped(f"the tables' figures over ours: {', '.join(said)}")


def _checks(found: Profile) -> str:
    """What the checks of plausibility find, each with what would settle it."""
    if not found.findings:
        return ""
    rows = [[finding.severity, finding.id, finding.text, finding.suggestion] for finding in found.findings]
    return "\n".join([bold("Checks"), *aligned(["severity", "rule", "found", "settled by"], rows)])


def _cost(found: Profile) -> str:
    if found.cost is None:
        return ""
    more = f"comptometer cost {typed(found.item.id)} shows what these rest on"
    return "\n".join([section(found.cost), style(f"  {more}", dim=True)])


def _claims(found: Profile) -> str:
    return _table("Claims", found.claims)


def _aside(found: Profile) -> str:
    return _table("Put aside, nothing is computed from these", list(found.dossier.aside))


def _table(title: str, claims: list[Claim]) -> str:
    if not claims:
        return ""
    rows = [
        [
            claim.about.replace("_", " "),
            claim.value,
            claim.kind if claim.verified else f"{claim.kind}, unverified",
            claim.source,
            "; ".join(part for part in (claim.where, claim.note, claim.aside) if part),
        ]
        for claim in claims
    ]
    return "\n".join([bold(title), *aligned(["about", "value", "kind", "source", "where, note"], rows)])


def _editions(found: Profile) -> str:
    if not found.editions:
        return ""
    rows = [
        [
            edition.vintage,
            edition.name,
            "" if edition.compute is None else text.number(edition.compute),
            edition.confidence,
            f"line {edition.line}",
        ]
        for edition in found.editions
    ]
    return "\n".join([bold("In the tables"), *aligned(["vintage", "name", "FLOP", "confidence", "place"], rows)])


def _sources(found: Profile) -> str:
    lines = [bold("Sources")]
    for source in found.sources:
        said = [source.title, ", ".join(source.authors), source.published, source.url, source.licence]
        lines.append(wrapped(f"{source.id}: {'; '.join(part for part in said if part)}"))
    row = found.item.row
    if row and row.link:
        lines.append(wrapped(f"the model's own: {'; '.join(part for part in (row.reference, *row.link) if part)}"))
    return "\n".join(lines)
