"""The page of one model in a terminal."""

from __future__ import annotations

from comptometer import labels, text
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
        _taken(found),
        _aside(found),
        _editions(found),
        _sources(found),
    ]
    more = f" · comptometer explain {typed(found.item.id)} shows how each number follows" if found.entry else ""
    foot = style(wrapped(f"data {data_version(found.data)}{more}", 0), dim=True)
    return "\n\n".join(part for part in [*parts, foot] if part)


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
    lines = [
        "   ".join(part for part in line if part),
        style(wrapped(" · ".join(part for part in about if part), 0), dim=True),
    ]
    return "\n".join([*lines, *([wrapped(f"also called {', '.join(others)}", 0)] if others else [])])


def _result(found: Profile) -> list[str]:
    entry = found.entry
    if entry is None:
        aside = put_aside(found.dossier, [need for needs in found.missing.values() for need in needs])
        return [
            "Training compute  unknown: no method has what it needs",
            "\n".join(
                [wrapped(f"Missing  {labels.needs(found.missing)}", 0), *(wrapped(str(reason)) for reason in aside)]
            ),
        ]
    low, high = entry.interval()
    value = bold(f"{text.number(entry.median, 2)} FLOP")
    days = text.number(entry.pfs_days.median, 2)
    lines = [f"Training compute  {value}   90% {text.interval(low, high)}   ({days} petaFLOP/s-days)"]
    lines += _with_its_base(found, entry)
    if found.rank:
        what = "training compute with its base's" if entry.basis == "increment" else "training compute"
        lines.append(f"Rank at release   {found.rank} by {what}, of all models published by that day")
    agreed = "\n".join(part for part in [agreement(entry), _tables_apart(found)] if part)
    return ["\n".join(lines), methods(entry), agreed, drivers(entry), missing(entry), _notes(found, entry)]


def _notes(found: Profile, entry: Entry) -> str:
    """What the methods want a reader to know; what a check says too stands there, with what would settle it."""
    checked = {finding.id for finding in found.findings}
    twice = {finding.text for finding in entry.findings if finding.id in checked}
    return notes([note for note in entry.warnings if note not in twice])


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
    columns = ["severity", "rule", "found", "settled by"]
    rows = [[finding.severity, finding.id, finding.text, finding.suggestion] for finding in found.findings]
    return "\n".join([bold("Checks"), *aligned(columns, rows, spare=["settled by"])])


def _cost(found: Profile) -> str:
    if found.cost is None:
        return ""
    more = f"comptometer cost {typed(found.item.id)} shows what these rest on"
    return "\n".join([section(found.cost), style(f"  {more}", dim=True)])


def _claims(found: Profile) -> str:
    """What is claimed, stage by stage."""
    dossier = found.dossier
    staged = [(stage.name, claim) for stage in dossier.stages for claim in stage.claims]
    return _table("Claims", [*(("whole job" if staged else "", claim) for claim in dossier.claims), *staged])


def _taken(found: Profile) -> str:
    """What the methods take that is no claim about this model: it often decides the interval."""
    used = found.entry.claims if found.entry else []
    taken = [claim for claim in used if claim.id.startswith(("chip:", "assumption:"))]
    return _table("Taken from the records of chips, or assumed where nobody says", [("", claim) for claim in taken])


def _aside(found: Profile) -> str:
    return _table("Put aside, nothing is computed from these", [("", claim) for claim in found.dossier.aside])


def _table(title: str, claims: list[tuple[str, Claim]]) -> str:
    """Claims, each with its stage; the column of stages stands there only where there are some."""
    if not claims:
        return ""
    staged = any(stage for stage, _ in claims)
    rows = [
        [
            *([stage] if staged else []),
            labels.title(claim),
            labels.value(claim),
            claim.kind if claim.verified else f"{claim.kind}, unverified",
            claim.source,
            "; ".join(part for part in (claim.where, claim.note, claim.aside) if part),
        ]
        for stage, claim in claims
    ]
    columns = [*(["stage"] if staged else []), "about", "value", "kind", "source", "where, note"]
    return "\n".join([bold(title), *aligned(columns, rows, spare=("kind", "source"))])


def _editions(found: Profile) -> str:
    if not found.editions:
        return ""
    rows = [
        [
            edition.vintage,
            edition.name,
            "" if edition.compute is None else text.number(edition.compute) + ", withdrawn" * edition.withdrawn,
            edition.confidence,
            f"line {edition.line}",
        ]
        for edition in found.editions
    ]
    lines = [bold("In the tables"), *aligned(["vintage", "name", "FLOP", "confidence", "place"], rows)]
    if any(edition.withdrawn for edition in found.editions):
        newest = found.editions[0].vintage
        lines.append(wrapped(f"withdrawn: {newest} has the model and gives no figure; nothing is computed from it"))
    return "\n".join(lines)


def _sources(found: Profile) -> str:
    lines = [bold("Sources")]
    for source in found.sources:
        said = [source.title, ", ".join(source.authors), source.published, source.url, source.licence]
        lines.append(wrapped(f"{source.id}: {'; '.join(part for part in said if part)}"))
    row = found.item.row
    if row and row.link:
        lines.append(wrapped(f"the model's own: {'; '.join(part for part in (row.reference, *row.link) if part)}"))
    return "\n".join(lines)
