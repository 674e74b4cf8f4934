"""What the page of one chip says, in a language: the record, and what it can be taken for by mistake."""

from __future__ import annotations

from typing import Any, Final

from comptometer import store
from comptometer.chip_facts import PeakKind, peak_kinds, reason
from comptometer.records import Chip, Peak
from comptometer.web.model_page import address
from comptometer.web.wording import Wording

TERA: Final = 1e12
GIGA: Final = 1e9


def facts(chip: Chip, say: Wording) -> dict[str, Any]:
    """Everything that the template `chip.html` is filled with."""
    kinds = peak_kinds(chip)
    return {
        "chip": chip,
        "identity": [(say(f"chip.{key}"), value) for key, value in identity(chip, say) if value],
        "traps": traps(chip, kinds, say),
        "family": family(chip, say),
        "peaks": [peak_row(kind, say) for kind in kinds],
        "prices": [price_row(chip, at, say) for at in range(len(chip.prices))],
        "sources": source_rows(chip),
        "names": [*chip.aliases, *chip.shared_names],
        "python": f"import comptometer\n\nchip = comptometer.chips[{chip.id!r}]\n"
        + "".join(f"print(chip.peak({precision!r}).value)\n" for precision in chip.default_precision[:1]),
    }


def identity(chip: Chip, say: Wording) -> list[tuple[str, str]]:
    """What it is, and what it has besides rates."""
    counted = say("chip.unit-of", unit=say(f"unit.{chip.unit}"), dies=chip.dies_per_unit, devices=chip.devices_per_unit)
    clocks = (("base", chip.base_mhz), ("boost", chip.boost_mhz), ("shader", chip.shader_mhz))
    links = chip.scale_up_bytes_per_second
    return [
        ("vendor", chip.vendor),
        ("family", chip.family),
        ("sort", say(f"sort.{chip.kind}")),
        ("unit", counted + (f" ({chip.form_factor})" if chip.form_factor and chip.form_factor != chip.unit else "")),
        ("announced", str(chip.announced or "")),
        ("available", str(chip.available or "")),
        ("process", f"{chip.process_nm:g} nm" if chip.process_nm else ""),
        ("clocks", say("model.list").join(f"{say(f'clock.{key}')} {mhz:g} MHz" for key, mhz in clocks if mhz)),
        ("lanes", f"{chip.cores:,}" if chip.cores else ""),
        ("memory", size(chip.memory_bytes)),
        ("bandwidth", size(chip.memory_bytes_per_second, "/s")),
        (
            "links",
            f"{size(links, '/s')}{say('model.colon')}{say(f'links.{chip.scale_up_directions}')}" if links else "",
        ),
        ("power", f"{chip.tdp_watt:,g} W" if chip.tdp_watt else ""),
        ("measured", measured(chip, say)),
        ("formats", say("model.or").join(chip.default_precision) or say("chip.no-format")),
    ]


def measured(chip: Chip, say: Wording) -> str:
    """Power in use, as somebody measured it."""
    found = chip.measured_power
    if not found:
        return ""
    ends = [f"{watt:,g} W" for watt in (found.least_watt, found.most_watt) if watt]
    said = f"{found.mean_watt:,g} W" + (f" ({' – '.join(ends)})" if ends else "")
    return said if found.verified else f"{said} ({say('chip.unverified')})"


def size(amount: float | None, per: str = "") -> str:
    """Bytes in the decimal unit that keeps the number short, binary where only that is round.

    >>> size(80e9), size(3.35e12, "/s"), size(16 * 2**30)
    ('80 GB', '3.35 TB/s', '16 GiB')
    """
    if not amount:
        return ""
    if not per and amount % 2**30 == 0:
        return f"{amount / 2**30:g} GiB"
    unit, scale = next(((unit, scale) for unit, scale in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9)) if amount >= scale),
                       ("MB", 1e6))  # fmt: skip
    return f"{amount / scale:.5g} {unit}{per}"


def traps(chip: Chip, kinds: list[PeakKind], say: Wording) -> list[str]:
    """What can be taken for something else, each in a sentence."""
    found = []
    both = [kind for kind in kinds if kind.dense and kind.sparse]
    if both:
        ratios = sorted({f"{kind.sparse.value / kind.dense.value:.3g}" for kind in both if kind.sparse and kind.dense})
        found.append(say("trap.sparse", ratio=say("model.or").join(ratios)))
    if any(peak.accumulate == "fp16" for peak in chip.peaks):
        found.append(say("trap.accumulate"))
    clocks = {peak.clock for peak in chip.peaks} - {"unstated"}
    if len(clocks) > 1:
        found.append(say("trap.clock"))
    if chip.dies_per_unit > 1:
        found.append(say("trap.dies", unit=say(f"unit.{chip.unit}"), n=chip.dies_per_unit))
    if chip.devices_per_unit > 1:
        found.append(say("trap.devices", unit=say(f"unit.{chip.unit}"), n=chip.devices_per_unit))
    if chip.unit == "system":
        found.append(say("trap.system"))
    if len(chip.default_precision) > 1:
        found.append(say("trap.formats", formats=say("model.or").join(chip.default_precision)))
    if any(peak.as_of for peak in chip.peaks):
        found.append(say("trap.revised"))
    if any(not peak.verified for peak in chip.peaks):
        found.append(say("trap.unverified"))
    return found


def family(chip: Chip, say: Wording) -> dict[str, Any] | None:
    """The others that share its name, and whether it matters which one is meant."""
    name = chip.family
    try:
        members = store.chips_named(name)
    except LookupError:  # the name of the family is nobody's
        return None
    if len(members) < 2 or chip.id not in {member.id for member in members}:
        return None
    rows = [
        {"id": other.id, "name": other.name, "peaks": say("model.or").join(
            f"{other.peak(precision).value / TERA:.6g} TFLOP/s ({precision})" for precision in other.default_precision)}
        for other in members if other.id != chip.id
    ]  # fmt: skip
    values = {tuple(m.peak(precision).value for precision in m.default_precision) for m in members}
    key = "trap.family-differs" if len(values) > 1 else "trap.family-alike"
    return {"says": say(key, name=name, n=len(members)), "text": reason(members, name), "rows": rows}


def peak_row(kind: PeakKind, say: Wording) -> dict[str, Any]:
    """Rates of one kind, dense and sparse apart."""
    return {
        "precision": kind.precision,
        "taken": say(f"taken.{kind.taken}") if kind.taken else "",
        "default": kind.taken == "default",
        "dense": rate(kind.dense, say),
        "sparse": rate(kind.sparse, say),
        "path": say(f"path.{kind.path}"),
        "accumulate": "" if kind.accumulate == "unstated" else kind.accumulate,
        "clock": "" if kind.clock == "unstated" else say(f"clock.{kind.clock}"),
        "said": [
            {"title": source.title, "url": address(source.url), "where": peak.where}
            for peak in kind.rates
            for source in [store.source(peak.source)]
        ],
    }


def rate(peak: Peak | None, say: Wording) -> dict[str, Any] | None:
    """A rate in TFLOP/s (int8: TOP/s)."""
    if peak is None:
        return None
    return {"value": f"{peak.value / TERA:.6g}", "verified": peak.verified, "as_of": peak.as_of}


def price_row(chip: Chip, at: int, say: Wording) -> dict[str, Any]:
    """One price on record."""
    price = chip.prices[at]
    source = store.source(price.source)
    return {
        "date": price.date,
        "kind": say(f"price.{price.kind}"),
        "usd": f"{price.usd:,.2f}".removesuffix(".00"),
        "per": say("chip.hour") if price.kind == "cloud" else say(f"unit.{chip.unit}"),
        "provider": " ".join(filter(None, [price.provider, price.term])),
        "source": source.title,
        "url": address(source.url),
        "where": price.where,
        "verified": price.verified,
    }


def source_rows(chip: Chip) -> list[dict[str, Any]]:
    """Every source of the record, with what was read in it besides rates and prices."""
    places: dict[str, list[tuple[str, bool]]] = {}
    for fact in chip.sources:
        places.setdefault(fact.source, []).append((fact.where, fact.verified))
    return [
        {"title": source.title, "url": address(source.url), "places": places.get(name, [])}
        for name in chip.cited
        for source in [store.source(name)]
    ]
