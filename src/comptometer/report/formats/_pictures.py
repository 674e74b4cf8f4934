"""The pictures of a report, as SVG of its own: a page that needs nothing else, and prints."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from comptometer.report.formats._spoken import Row, Spoken
from comptometer.text import number, percent

WIDTH, LEFT, RIGHT, ROW = 900, 300, 40, 30
INK, GREY, RULE, STRICT, OPEN, OUT, BAND = "#1b2733", "#5b6875", "#d5dbe1", "#1f5fa8", "#8fb4dd", "#b9c0c7", "#f5e6c8"
SAID = 220  # kept free for what is written at the right


def _svg(height: float, label: str, marks: Sequence[str]) -> Markup:
    size = f'viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}"'
    head = (
        f'<svg role="img" aria-label="{escape(label)}" {size} '
        'xmlns="http://www.w3.org/2000/svg" font-family="inherit" font-size="13">'
    )
    return Markup("".join([head, f"<title>{escape(label)}</title>", *marks, "</svg>"]))


def _text(x: float, y: float, said: str, anchor: str = "start", color: str = INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}">{escape(said)}</text>'


def _box(x: float, y: float, width: float, height: float, color: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1.0):.1f}" height="{height:.1f}" fill="{color}"/>'


def _stroke(x: float, top: float, bottom: float, color: str, width: float = 1.0) -> str:
    ends = f'x1="{x:.1f}" y1="{top:.1f}" x2="{x:.1f}" y2="{bottom:.1f}"'
    return f'<line {ends} stroke="{color}" stroke-width="{width:g}"/>'


class _Scale:
    """FLOP → across, by powers of ten."""

    def __init__(self, values: Sequence[float]) -> None:
        self.low, self.high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        self.high += self.high == self.low

    def at(self, flop: float) -> float:
        share = (math.log10(flop) - self.low) / (self.high - self.low)
        return LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT)

    def powers(self) -> range:
        step = max(1, (self.high - self.low) // 8)
        return range(self.low, self.high + 1, step)

    def axis(self, top: float, bottom: float) -> list[str]:
        marks = []
        for power in self.powers():
            x = self.at(10.0**power)
            said = f'10<tspan dy="-5" font-size="9">{power}</tspan>'
            marks.append(_stroke(x, top, bottom, RULE))
            marks.append(f'<text x="{x:.1f}" y="{bottom + 16:.1f}" text-anchor="middle" fill="{GREY}">{said}</text>')
        return marks


def lines_chart(told: Spoken) -> Markup:
    """What counts, by each regulation with an amount as its line, against that line."""
    rows = [row for row in told.lined if row["counted"]["high"]]
    if not rows:
        return Markup("")
    values = [
        row["counted"][end][p] for row in rows for end in ("low", "high") if row["counted"][end] for p in ("p5", "p95")
    ]
    scale = _Scale([*values, *(row["limit"]["p50"] for row in rows)])
    top, height = 24.0, 24.0 + ROW * len(rows)
    marks = scale.axis(top - 8, height)
    for at, row in enumerate(rows):
        y = top + ROW * at
        if row["tolerance_band"]:
            low, high = row["tolerance_band"]
            marks.append(_box(scale.at(low), y + 1, scale.at(high) - scale.at(low), ROW - 2, BAND))
        for end, color, dy in (("high", OPEN, 3.0), ("low", STRICT, 13.0)):
            if found := row["counted"][end]:
                marks.append(
                    _box(scale.at(found["p5"]), y + dy, scale.at(found["p95"]) - scale.at(found["p5"]), 8, color)
                )
                marks.append(_stroke(scale.at(found["p50"]), y + dy - 1, y + dy + 9, INK, 2))
        marks.append(_stroke(scale.at(row["limit"]["p50"]), y, y + ROW - 4, "#b3261e", 2))
        said = f"{told.short(row)}: {row['operator']} {number(row['limit']['p50'], 2)}"
        marks.append(_text(LEFT - 12, y + 17, said, "end"))
    said_lines = "; ".join(f"{row['id']} {number(row['limit']['p50'])}" for row in rows)
    label = told.say(
        "chart-label", name=told.report["model"]["name"], strict=_median(rows[0]["counted"]["low"]),
        inclusive=_median(rows[0]["counted"]["high"]), lines=said_lines,
    )  # fmt: skip
    legend = height + 34
    marks += [
        _box(LEFT, legend, 14, 8, STRICT), _text(LEFT + 20, legend + 9, told.say("strict"), color=GREY),
        _box(LEFT + 110, legend, 14, 8, OPEN), _text(LEFT + 130, legend + 9, told.say("inclusive"), color=GREY),
    ]  # fmt: skip
    return _svg(legend + 16, label, marks)


def _median(found: Row | None) -> str:
    return number(found["p50"]) if found else "0"


def parts_chart(told: Spoken) -> Markup:
    """What each part took, coloured by its reading; each begins where the last one ended."""
    rows = [part for part in told.report["parts"] if part["flop"]]
    if not rows:
        return Markup("")
    read = {line["part"]: line["reading"] for line in (told.main["lines"] if told.main else [])}
    colors = {"include": STRICT, "ambiguous": OPEN, "exclude": OUT}
    total = sum(part["flop"]["p50"] for part in rows) or 1.0
    across = (WIDTH - LEFT - RIGHT - SAID) / total
    marks, end = [_stroke(LEFT, 6, 12 + ROW * len(rows), RULE)], 0.0
    for at, part in enumerate(rows):
        y, flop = 10 + ROW * at, part["flop"]["p50"]
        kind = read.get(part["id"], "include")
        marks.append(_box(LEFT + end * across, y + 3, flop * across, 16, colors[kind]))
        end += flop
        said = f"{number(flop)} ({percent(flop / total)}), {told.say(kind)}"
        marks.append(_text(WIDTH - RIGHT, y + 16, said, "end", GREY))
        marks.append(_text(LEFT - 12, y + 16, told.part(part)[:40], "end"))
    label = told.say("parts-label", first=told.part(rows[0]), last=told.part(rows[-1]))
    return _svg(20 + ROW * len(rows), label, marks)


def tornado(told: Spoken) -> Markup:
    """Which claims the uncertainty comes from."""
    rows = told.drivers
    if not rows:
        return Markup("")
    across = WIDTH - LEFT - RIGHT - 60
    marks = []
    for at, (name, share) in enumerate(rows):
        y = 6 + 24 * at
        marks.append(_box(LEFT, y, share * across, 14, STRICT))
        marks.append(_text(LEFT - 12, y + 12, _short(name), "end"))
        marks.append(_text(LEFT + share * across + 6, y + 12, percent(share), color=GREY))
    shares = ", ".join(f"{name} {percent(share)}" for name, share in rows)
    return _svg(12 + 24 * len(rows), told.say("tornado-label", shares=shares), marks)


def _short(said: str) -> str:
    return said if len(said) <= 42 else said[:41] + "…"
