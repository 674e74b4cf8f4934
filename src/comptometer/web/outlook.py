"""A projection as the page shows it: headline, tables and, where there is one, its picture, all in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode

from comptometer import limit_files, text
from comptometer.charts import CHARTS, Language, Look, specification
from comptometer.charts._page import bare
from comptometer.prediction import FARTHEST
from comptometer.projection import Projection, project
from comptometer.starting_point import decimal_year
from comptometer.web.picture import SIZES
from comptometer.web.wording import Wording

PATHS: Final = ("trend", "hard", "soft")
Cell = Mapping[str, Any]


@lru_cache(maxsize=256)
def projected(to: int, preset: str, growth: str | None, without: tuple[str, ...]) -> Projection:
    """The projection that is asked for.

    Raises:
        UsageError, NotFound, DataError: see `projection.project`.
    """
    return project(to, preset=preset, growth=growth, without=without)


def answer(
    to: int,
    preset: str,
    language: Language,
    *,
    growth: str | None = None,
    without: Collection[str] = (),
    sizes: Sequence[str] = tuple(SIZES),
) -> dict[str, Any]:
    """Everything that the page shows for a question.

    Args:
        to: the last year.
        preset: the set of limits.
        language: of the words.
        growth: a factor a year, as people write it; that of the data unless given.
        without: limits that are left out.
        sizes: of the pictures.

    Raises:
        UsageError, NotFound, DataError: see `projection.project`.
    """
    found, say = projected(to, preset, growth, tuple(without)), Wording(language)
    split = found.growth_split
    return {
        "to": to,
        "preset": preset,
        "finding": _finding(found, say),
        "start": _start(found, say),
        "split": _split(found, say),
        "growth": split["growth"]["p50"],
        "others": split["growth"]["p50"] / split["spending"]["p50"] if "spending" in split else None,
        "limits": [{"id": limit.id, "label": _label(limit.id, limit.label, say)}
                   for limit in limit_files.limits(preset).limits.values() if limit.included],
        "tables": [table for table in (_paths(found, say), _binding(found, say), _crossings(found, say),
                                       _reached(found, say)) if table],
        "pictures": _pictures(to, preset, growth, without, language, sizes),
    }  # fmt: skip


def years_of(preset: str) -> tuple[int, int]:
    """The first and the last year to which a set of limits can be projected."""
    found = projected(_first_try(preset), preset, None, ())
    return int(found.start.year) + 1, int(decimal_year(found.start.last) + FARTHEST)


def _first_try(preset: str) -> int:
    """A year that any set can be projected to: the one after it starts, where it says when."""
    begun = limit_files.limits(preset).start
    return int(begun.year) + 2 if begun else 2030


def _pictures(
    to: int, preset: str, growth: str | None, without: Collection[str], language: Language, sizes: Sequence[str]
) -> dict[str, Any]:
    if "projection" not in CHARTS:
        return {}
    asked = [("to", str(to)), ("preset", preset), *([("growth", growth)] if growth else [])]
    name = f"projection:{urlencode([*asked, *(('without', one) for one in without)])}"
    return {
        size: bare(specification(name, Look(language=language, width=SIZES[size][0], height=SIZES[size][1])))
        for size in sizes
    }


def _finding(found: Projection, say: Wording) -> str:
    """What comes out, in one sentence."""
    last = {path: found.quantiles[path][-1] for path in PATHS}
    limited = any(limit.included for limit in found.limits.limits.values())
    key = "outlook.finding" if limited else "outlook.finding.free"
    return say(key, year=f"{found.years[-1]:.0f}", trend=_flop(last["trend"][2]), soft=_flop(last["soft"][2]),
               low=_flop(last["soft"][0]), high=_flop(last["soft"][4]))  # fmt: skip


def _start(found: Projection, say: Wording) -> str:
    level, growth = found.quantiles["trend"][0], found.growth_split["growth"]
    return say("outlook.start", year=_year(found.years[0]), level=_flop(level[2]), low=_flop(level[0]),
               high=_flop(level[4]), growth=text.number(growth["p50"], 3), least=text.number(growth["p5"], 2),
               most=text.number(growth["p95"], 2))  # fmt: skip


def _split(found: Projection, say: Wording) -> str:
    split = found.growth_split
    parts = [f"{say(f'outlook.{name}')} ×{text.number(split[name]['p50'])}"
             for name in ("price", "duration", "spending") if name in split]  # fmt: skip
    return say("outlook.made-of", parts=say("outlook.comma").join(parts)) if parts else ""


def _flop(value: float) -> str:
    """A number inside a sentence, where no markup can be: 10²⁵."""
    mantissa, _, exponent = text.number(value, 2).partition("e")
    if not exponent:
        return mantissa
    power = text.superscript(int(exponent))
    return power if mantissa == "1" else f"{mantissa}×{power}"


def _span(row: Sequence[float]) -> str:
    return f"{_flop(row[0])} – {_flop(row[4])}"


def _year(year: float) -> str:
    return f"{year:.0f}" if float(year).is_integer() else f"{year:.1f}"


def _label(name: str, label: str, say: Wording) -> str:
    return say(f"limit.{name}") if say.language == "zh" and say.has(f"limit.{name}") else label


def _table(name: str, columns: Sequence[str], rows: Sequence[Sequence[str]], say: Wording) -> dict[str, Any]:
    return {"id": name, "title": say(f"outlook.{name}"), "note": say(f"outlook.{name}.note"), "columns": list(columns),
            "rows": [list(row) for row in rows]}  # fmt: skip


def _paths(found: Projection, say: Wording) -> dict[str, Any]:
    limited = any(limit.included for limit in found.limits.limits.values())
    shown = PATHS if limited else PATHS[:1]
    columns = [say("outlook.year")]
    for path in shown:
        columns += [say(f"outlook.path.{path}"), "90%"]
    spending = found.spending
    rows = []
    for at, year in enumerate(found.years):
        row = [_year(year)]
        for path in shown:
            fan = found.quantiles[path][at]
            row += [_flop(fan[2]), _span(fan)]
        if spending is not None:
            row.append(str(say.amount(spending["soft"][at][2], 2)))
        rows.append(row)
    return _table("compute", [*columns, *([say("outlook.dollars")] if spending is not None else [])], rows, say)


def _binding(found: Projection, say: Wording) -> dict[str, Any] | None:
    names = sorted((name for name in found.binds if name != "none"), key=lambda name: -max(found.binds[name]))
    if not names:
        return None
    labels = [_label(name, found.limits.limits[name].label, say) for name in names]
    rows = [
        [_year(year), *(say.percent(found.binds[name][at]) for name in ("none", *names))]
        for at, year in enumerate(found.years)
    ]
    return _table("binding", [say("outlook.year"), say("outlook.nothing"), *labels], rows, say)


def _crossings(found: Projection, say: Wording) -> dict[str, Any] | None:
    if not found.paths:
        return None
    after = say("outlook.after", year=f"{found.years[-1]:.0f}")
    rows = []
    for name, limit in found.limits.limits.items():
        crossed = found.crossing(name)
        kind = say(f"outlook.kind.{limit.kind}") + ("" if limit.included else say("outlook.only-reported"))
        ends = [_year(year) if (year := crossed[p]) is not None else after for p in ("p5", "p50", "p95")]
        read = "" if limit.verified else say("outlook.unverified")
        rows.append([_label(name, limit.label, say), kind, *ends, say.percent(crossed["probability"] or 0.0),
                     limit.source + read])  # fmt: skip
    columns = ["limit", "kind", "p5", "p50", "p95"]
    headings = [*(say(f"outlook.{column}") for column in columns), say("outlook.by", year=f"{found.years[-1]:.0f}")]
    return _table("crossings", [*headings, say("outlook.source")], rows, say)


def _reached(found: Projection, say: Wording) -> dict[str, Any] | None:
    shown = [flop for flop in found.thresholds if found.probability(flop)["trend"][-1] >= 0.005]
    if not shown:
        return None
    after, by = say("outlook.after", year=f"{found.years[-1]:.0f}"), say("outlook.already")
    rows = []
    for flop in shown:
        middle = [found.reached(flop, path) for path in ("trend", "soft")]
        said = [after if year is None else by if year == found.years[0] else _year(year) for year in middle]
        rows.append([_flop(flop), *said, *(say.percent(share) for share in found.probability(flop)["soft"])])
    columns = [say("outlook.flop"), say("outlook.median-trend"), say("outlook.median-soft")]
    return _table("thresholds", [*columns, *(_year(year) for year in found.years)], rows, say)
