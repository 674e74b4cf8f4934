"""What the page of one model says, in a language: from its profile to what the template is filled with.

The order is that of `comptometer models show`: what it is, how much, how we know, whether it holds, who says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from comptometer import __version__, labels, text
from comptometer.catalogue import Entry
from comptometer.charts import Look
from comptometer.charts._page import bare
from comptometer.charts.estimate import estimate_chart, place
from comptometer.checks import Finding
from comptometer.evidence import Known
from comptometer.profile import Profile
from comptometer.records import Claim, Source
from comptometer.regulations import regulations
from comptometer.release import data_version
from comptometer.thresholds import probability_above
from comptometer.web.claim_words import driver, method, needs, title
from comptometer.web.picture import colours
from comptometer.web.spans import LogScale
from comptometer.web.wording import Wording

LEAST_SHARE: Final = 0.005  # of the uncertainty, for a driver to be shown
CHART_WIDTH: Final = 560  # pixels of the plot, beside which names and values stand


def facts(found: Profile, say: Wording) -> dict[str, Any]:
    """Everything that the template `model.html` is filled with."""
    entry = found.entry
    return {
        "found": found,
        "head": head(found, say),
        "others": [name for name in found.item.names if name != found.dossier.name],
        "entry": entry,
        "result": result(entry, say) if entry else None,
        "methods": methods(entry, say) if entry else [],
        "picture": picture(entry, say) if entry and found.item.curated and len(entry.methods) > 1 else None,
        "agreement": agreement(entry, say) if entry else {},
        "drivers": drivers(entry, say) if entry else [],
        "missing": needs(found.missing, say),
        "lines": thresholds(entry, say) if entry else [],
        "findings": [finding_row(finding, say) for finding in found.findings],
        "notes": notes(found, entry) if entry else [],
        "cost": cost(found, say),
        "claims": claims(found, say),
        "sources": [source_row(source) for source in found.sources],
        "own": own_addresses(found),
        "python": python(found),
        "cited": cited(found, say),
    }


def head(found: Profile, say: Wording) -> list[str]:
    """Domain, countries, weights and the like, each a few words."""
    known, base = found.facts, found.dossier.base_model
    weights = {True: "weights.open", False: "weights.closed"}.get(known["open_weights"])
    origin = say("origin.curated") if found.item.curated else say("model.from-table", table=found.item.vintage)
    parts = [
        say("model.list").join(say(f"kind.{domain}") for domain in found.dossier.domain),
        say("model.list").join(country(name, say) for name in known["country"].split("; ") if name),
        say("model.weights", weights=say(weights)) if weights else "",
        say("selection.notable") if known["notable"] else "",
        say("model.built-on", name=base) if base else "",
        origin,
    ]
    return [part for part in parts if part]


def country(name: str, say: Wording) -> str:
    """A country by the name that the tables give it."""
    return say(f"country.{name}") if say.has(f"country.{name}") else name


def result(entry: Entry, say: Wording) -> dict[str, Any]:
    """The value with its interval, in both units."""
    low, high = entry.interval()
    return {
        "value": say.number(entry.median, 2),
        "spread": say.spread(low, high),
        "pfs": say.number(entry.pfs_days.median, 2),
        "pfs_spread": say.spread(*entry.pfs_days.interval()),
    }


def methods(entry: Entry, say: Wording) -> list[dict[str, Any]]:
    """Each method with its numbers, its formula and its bar, and last what they give together."""
    scale = LogScale.of([*(outcome.estimate for outcome in entry.methods.values()), entry.value])
    rows = []
    for name, outcome in sorted(entry.methods.items(), key=lambda item: (place(item[0]), item[0])):
        low, high = outcome.estimate.interval()
        weight = entry.compute.weights.get(name)
        general = f"formula.{name}"
        rows.append(
            {
                "name": method(name, say),
                "value": say.number(outcome.estimate.median, 2),
                "spread": say.spread(low, high),
                "weight": say("model.no-weight") if weight is None else say.percent(weight),
                "general": say(general) if say.has(general) else "",
                "formula": outcome.formula,
                "bar": scale.bar(outcome.estimate),
                "warnings": outcome.warnings,
            }
        )
    low, high = entry.interval()
    together = {"name": say("method.combined"), "value": say.number(entry.median, 2), "spread": say.spread(low, high)}
    last = {"weight": "", "general": "", "formula": "", "bar": scale.bar(entry.value), "warnings": ()}
    return [*rows, {**together, **last}] if len(rows) > 1 else rows


def picture(entry: Entry, say: Wording) -> dict[str, Any]:
    """The chart of the estimate, which scripts draw: without them, its table has all of it."""
    spec = estimate_chart(entry, Look(language=say.language, width=CHART_WIDTH))
    return {"spec": bare(spec), "colours": colours(), "description": spec["description"]}


def agreement(entry: Entry, say: Wording) -> dict[str, Any]:
    """The verdict, what was compared, and what would explain a disagreement."""
    return {
        "verdict": entry.compute.verdict,
        "word": say(f"verdict.{entry.compute.verdict}"),
        "meaning": say(f"verdict.{entry.compute.verdict}.means"),
        "shared": not entry.independent and len(entry.methods) > 1,
        "compared": [
            {
                "first": method(c.first, say),
                "second": method(c.second, say),
                "ratio": say.number(c.ratio),
                "z": say.number(c.z, 2),
                "verdict": c.verdict,
                "word": say(f"verdict.{c.verdict}"),
                "independent": c.independent,
            }
            for c in entry.compute.comparisons
        ],
        "hypotheses": [
            {
                "id": h.id,
                "says": say(f"hypothesis.{h.id}") if say.has(f"hypothesis.{h.id}") else h.id,
                "factor": say.number(h.factor),
                "between": say(f"between.{h.between}"),
                "ratio": say.number(h.factor * h.residual),
                "residual": say.number(h.residual),
                "text": h.text,
                "applied": h.applied,
                "settles": h.settles,
            }
            for h in entry.hypotheses
        ],
    }


def drivers(entry: Entry, say: Wording) -> list[dict[str, Any]]:
    """What the uncertainty comes from, the most first."""
    return [
        {"name": driver(name, say), "share": say.percent(share), "width": round(100 * share, 1)}
        for name, share in entry.sensitivity().items()
        if share >= LEAST_SHARE
    ]


def thresholds(entry: Entry, say: Wording) -> list[dict[str, Any]]:
    """Lines of regulations with the probability that this model is above, the lowest and those in force first."""
    found = []
    for one in sorted(regulations(), key=lambda one: (one.line or 0.0, one.status != "in force", one.id)):
        share = probability_above(entry, one)
        if share is None or one.line is None:
            continue
        found.append(
            {
                "id": one.id,
                "title": one.zh["title"] if say.language == "zh" else one.title,
                "status": say(f"status.{one.status}"),
                "value": say.number(one.line),
                "percent": chance(share, say),
            }
        )
    return found


def chance(share: float, say: Wording) -> str:
    """A probability that so many draws allow to tell: never certain either way.

    >>> chance(1.0, Wording("en")), chance(0.0, Wording("en")), chance(0.5, Wording("en"))
    ('>99%', '<1%', '50%')
    """
    return ">99%" if share > 0.99 else "<1%" if share < 0.01 else say.percent(share)


def finding_row(finding: Finding, say: Wording) -> dict[str, Any]:
    """A finding of the checks: what the rule looks for, the finding itself, and what would settle it."""
    key = f"rule.{finding.id}"
    return {
        "severity": finding.severity,
        "word": say(f"severity.{finding.severity}"),
        "says": say(key) if say.has(key) else finding.id,
        "id": finding.id,
        "text": finding.text,
        "where": finding.where,
        "settles": finding.suggestion,
    }


def notes(found: Profile, entry: Entry) -> list[str]:
    """What the methods want a reader to know and the checks do not say already."""
    checked = {finding.id for finding in found.findings}
    twice = {finding.text for finding in entry.findings if finding.id in checked}
    return [note for note in entry.warnings if note not in twice]


def cost(found: Profile, say: Wording) -> dict[str, Any] | None:
    """Costs, energy, power and CO2, where the machines are known."""
    known = found.cost
    if known is None:
        return None

    def row(key: str, amount: Known, unit: str) -> dict[str, Any]:
        estimate = amount.estimate
        return {
            "name": say(f"cost.{key}"),
            "value": say.amount(estimate.median, 2) if unit == "USD" else say.number(estimate.median, 2),
            "spread": _amounts(estimate.interval(), say) if unit == "USD" else say.spread(*estimate.interval()),
            "unit": unit,
        }

    rows = [row(kind, amount, "USD") for kind, amount in known.kinds.items()]
    rows += [row(f"energy.{boundary}", amount, "MWh") for boundary, amount in known.energy.items()]
    rows += [row("power", known.power, "MW")] if known.power else []
    rows += [row("co2", known.co2, "t")] if known.co2 else []
    return {"rows": rows, "dollars": known.dollars, "place": known.place}


def _amounts(ends: tuple[float, float], say: Wording) -> str:
    return " – ".join(str(say.amount(end, 2)) for end in ends)


def claims(found: Profile, say: Wording) -> list[dict[str, Any]]:
    """Tables of claims: the dossier's, those taken where nobody says, those put aside."""
    dossier = found.dossier
    staged = [(stage.name, claim) for stage in dossier.stages for claim in stage.claims]
    whole = say("model.whole-job") if staged else ""
    used = found.entry.claims if found.entry else []
    taken = [claim for claim in used if claim.id.startswith(("chip:", "assumption:"))]
    tables = (
        ("claims", [*((whole, claim) for claim in dossier.claims), *staged]),
        ("taken", [("", claim) for claim in taken]),
        ("aside", [("", claim) for claim in dossier.aside]),
    )
    sources = {source.id: source for source in found.sources}
    return [
        {
            "id": key,
            "staged": any(stage for stage, _ in pairs),
            "rows": [_claim_row(stage, claim, sources, say) for stage, claim in pairs],
        }
        for key, pairs in tables
        if pairs
    ]


def _claim_row(stage: str, claim: Claim, sources: Mapping[str, Source], say: Wording) -> dict[str, Any]:
    return {
        "stage": stage,
        "about": title(claim, say),
        "value": labels.value(claim),
        "kind": say(f"claim.{claim.kind}"),
        "verified": claim.verified,
        "source": sources[claim.source].title if claim.source in sources else claim.source,
        "url": address(sources[claim.source].url) if claim.source in sources else "",
        "place": claim.where,
        "note": claim.note,
    }


def source_row(source: Source) -> dict[str, Any]:
    """A source as a reader looks it up."""
    more = [", ".join(source.authors), source.published, source.licence]
    return {"title": source.title, "more": [part for part in more if part], "url": address(source.url)}


def own_addresses(found: Profile) -> list[str]:
    """Addresses that the table gives for the model itself."""
    return [link for link in (found.item.row.link if found.item.row else ()) if address(link)]


def address(url: str) -> str:
    """An address that a page may link to; nothing where it is of another kind than http.

    >>> address("https://arxiv.org/abs/2407.21783"), address("javascript:alert(1)")
    ('https://arxiv.org/abs/2407.21783', '')
    """
    return url if url.startswith(("https://", "http://")) else ""


def python(found: Profile) -> str:
    """Lines that give the same in Python."""
    if not found.entry:
        return f"import comptometer\n\nprint(comptometer.models.where(find={found.dossier.name!r}).rows())\n"
    return (
        "import comptometer\n\n"
        f"model = comptometer.models[{found.item.id!r}]\n"
        "print(model.median, model.interval(), model.compute.verdict)\n"
        "print(comptometer.explain(model))\n"
    )


def cited(found: Profile, say: Wording) -> str:
    """How to cite the estimate, with what it rests on."""
    entry, name = found.entry, found.dossier.name
    software = f"comptometer {__version__}, data {data_version()}"
    used: Sequence[str] = [source.title for source in found.sources]
    if entry:
        low, high = entry.interval()
        days = text.number(entry.pfs_days.median, 2)
        value = f"{text.number(entry.median)} FLOP (90% {text.interval(low, high)}; {days} petaFLOP/s-days)"
        first = say("model.cite", name=name, value=value, software=software)
    else:
        first = say("model.cite-unknown", name=name, software=software)
    return f"{first}\n{say('model.cite-sources', sources='; '.join(used))}"
