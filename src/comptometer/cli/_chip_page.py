"""A chip, or the members of a family, as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from comptometer import store
from comptometer.chip_facts import peak_kinds, reason
from comptometer.cli._print import aligned, bold, wrapped
from comptometer.records import Chip, Peak
from comptometer.release import data_version

UNVERIFIED = " (unverified)"
TAKEN = {"default": "by default", "named": "if named", "": ""}


def page(chips: Sequence[Chip], name: str) -> str:
    """What is on record about one chip, or a family's members beside each other."""
    return _chip(chips[0]) if len(chips) == 1 else _family(chips, name)


# A family


def _family(chips: Sequence[Chip], name: str) -> str:
    columns = ["id", "form", "available", "precision", "peak TFLOP/s", "power", "memory", "bandwidth"]
    rows = [
        [
            chip.id,
            chip.form_factor,
            str(chip.available or (f"announced {chip.announced}" if chip.announced else "")),
            " or ".join(chip.default_precision),
            " or ".join(_rate(chip.peak(precision).value) for precision in chip.default_precision),
            _watt(chip.tdp_watt),
            _bytes(chip.memory_bytes),
            _bytes(chip.memory_bytes_per_second, "/s"),
        ]
        for chip in chips
    ]
    return "\n\n".join(
        [
            bold(name),
            wrapped(reason(chips, name)),
            "\n".join(aligned(columns, rows)),
            f"  comptometer chips show {chips[0].id.partition('/')[2]} tells all about one.",
        ]
    )


# One chip


def _chip(chip: Chip) -> str:
    parts = [
        f"{bold(chip.name)}\n{chip.id}",
        "\n".join(f"  {key:<10} {value}" for key, value in _identity(chip) if value),
        wrapped(chip.note) if chip.note else "",
        _peaks(chip),
        _prices(chip),
        _sources(chip),
        f"data {data_version()}",
    ]
    return "\n\n".join(part for part in parts if part)


def _identity(chip: Chip) -> list[tuple[str, str]]:
    taken = " or ".join(chip.default_precision)
    return [
        ("vendor", f"{chip.vendor}; family {chip.family}; {chip.kind}"),
        ("unit", _unit(chip)),
        ("dates", ", ".join(f"{key} {day}" for key, day in _dates(chip))),
        ("clocks", _clocks(chip)),
        ("memory", " at ".join(filter(None, [_bytes(chip.memory_bytes), _bytes(chip.memory_bytes_per_second, "/s")]))),
        ("links", _links(chip)),
        ("power", _power(chip)),
        ("formats", f"{taken}, where nobody says" if taken else "none that training uses"),
        ("also", ", ".join([*chip.aliases, *chip.shared_names])),
    ]


def _unit(chip: Chip) -> str:
    dies = f"{chip.dies_per_unit} die{'s' * (chip.dies_per_unit > 1)}"
    devices = f"{chip.devices_per_unit} device{'s' * (chip.devices_per_unit > 1)}"
    form = f" ({chip.form_factor})" if chip.form_factor and chip.form_factor != chip.unit else ""
    return f"one {chip.unit}{form}: {dies}, {devices}"


def _dates(chip: Chip) -> list[tuple[str, str]]:
    found = (("announced", chip.announced), ("available", chip.available))
    return [(key, str(day)) for key, day in found if day]


def _clocks(chip: Chip) -> str:
    clocks = (("base", chip.base_mhz), ("boost", chip.boost_mhz), ("shaders", chip.shader_mhz))
    parts = [f"{key} {mhz:g} MHz" for key, mhz in clocks if mhz]
    parts += [f"{chip.cores:,} lanes"] if chip.cores else []
    parts += [f"{chip.process_nm:g} nm"] if chip.process_nm else []
    return ", ".join(parts)


def _links(chip: Chip) -> str:
    if not chip.scale_up_bytes_per_second:
        return ""
    counted = {"both": "both directions together", "one": "one direction", "unstated": "direction unstated"}
    return f"{_bytes(chip.scale_up_bytes_per_second, '/s')}, {counted[chip.scale_up_directions]}"


def _power(chip: Chip) -> str:
    parts = [f"{_watt(chip.tdp_watt)} by design"] if chip.tdp_watt else []
    if measured := chip.measured_power:
        ends = [_watt(watt) for watt in (measured.least_watt, measured.most_watt) if watt]
        mark = "" if measured.verified else UNVERIFIED
        within = f" ({' to '.join(ends)})" if ends else ""
        parts.append(f"{_watt(measured.mean_watt)} measured on average{within}{mark} [{measured.source}]")
    return "; ".join(parts)


def _peaks(chip: Chip) -> str:
    """Dense and sparse rates apart; those of one kind in one row."""
    rows = [
        [
            kind.precision,
            TAKEN[kind.taken],
            _marked(kind.dense),
            _marked(kind.sparse),
            kind.path,
            kind.accumulate,
            kind.clock,
            "; ".join(kind.sources),
        ]
        for kind in peak_kinds(chip)
    ]
    columns = ["precision", "taken", "dense", "sparse", "units", "accumulate", "clock", "source"]
    some = any(not peak.verified for peak in chip.peaks)
    legend = "; ? unverified: remembered, or worked out from other figures" if some else ""
    head = f"Peaks  TFLOP/s (int8: TOP/s) of one {chip.unit}{legend}"
    taken = "taken: the dense rate that estimates of training use, by default or where the format is named"
    return "\n".join([head, wrapped(taken), "", *aligned(columns, rows, spare=("accumulate", "source"))])


def _marked(peak: Peak | None) -> str:
    if peak is None:
        return ""
    said = f" ({peak.as_of})" if peak.as_of else ""
    return f"{_rate(peak.value)}{'' if peak.verified else '?'}{said}"


def _prices(chip: Chip) -> str:
    if not chip.prices:
        return ""
    rows = [
        [
            price.date,
            price.kind,
            f"{price.usd:,.2f}".removesuffix(".00"),
            "hour" if price.kind == "cloud" else chip.unit,
            " ".join(filter(None, [price.provider, price.term])),
            f"{price.source}, {price.where}{'' if price.verified else UNVERIFIED}",
        ]
        for price in chip.prices
    ]
    head = "Prices  USD; a system-share is a whole system divided by its units"
    return "\n".join([head, "", *aligned(["date", "kind", "USD", "per", "provider", "source"], rows)])


def _sources(chip: Chip) -> str:
    lines = []
    places: dict[str, list[str]] = {}
    for facts in chip.sources:
        places.setdefault(facts.source, []).append(facts.where + ("" if facts.verified else UNVERIFIED))
    for name in chip.cited:
        source = store.source(name)
        address = f" <{source.url}>" if source.url else ""
        lines.append(wrapped(f"{name}: {source.title}{address}"))
        lines += [wrapped(where, 4) for where in places.get(name, [])]
    return "\n".join(["Sources", "", *lines])


def _rate(per_second: float) -> str:
    return f"{per_second / 1e12:.6g}"


def _watt(watt: float | None) -> str:
    return f"{watt:,g} W" if watt else ""


def _bytes(amount: float | None, per: str = "") -> str:
    """In the decimal unit that keeps the number short, binary where only that is round."""
    if not amount:
        return ""
    if not per and amount % 2**30 == 0:
        return f"{amount / 2**30:g} GiB"
    for unit, size in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9)):
        if amount >= size:
            return f"{amount / size:.5g} {unit}{per}"
    return f"{amount / 1e6:.5g} MB{per}"
