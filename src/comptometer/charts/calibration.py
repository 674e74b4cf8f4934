"""How often intervals hold the count, and how far the machines' time alone is off, by utilization default."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any, Final

import numpy as np

from comptometer import store
from comptometer.calibration import Calibration, calibrate
from comptometer.charts import Look, Spec, chart
from comptometer.charts._axes import Span
from comptometer.charts._theme import BODY, PALETTES, SMALL, Layer, Palette, Rows, Words, finished
from comptometer.coverage import Trial, score
from comptometer.refitting import Utilized
from comptometer.release import banner

LEFT, RIGHT = 52, 96  # pixels beside the plot
BETWEEN: Final = 196  # pixels between the panels: names of the defaults
SQUARE: Final = 0.37  # of the width: the panel of the coverage
HEAD: Final = 30.0  # over the panel of the coverage: the title of its upright axis
TICKS: Final = (0.2, 0.5, 1, 2, 5)
RATIOS: Final = 0.16, 6.2
HEADINGS: Final = {
    "name": "model",
    "default": "default",
    "ratio_text": "hardware-time over count",
    "again": "cross-validated",
    "inside": "90% interval",
}
OBSERVED, REFITTED = "adopted defaults", "medians fitted without the family"


@chart("calibration")
def calibration_chart(look: Look) -> Spec:
    """Two panels; the height is that of the look, the scale is always linear for shares, logarithmic for ratios."""
    found = calibrate()
    palette = PALETTES[look.theme]
    plot = Plot(look)
    runs = runs_drawn(found, plot)
    drawn = {
        "runs": runs,
        "rules": [*plot.coverage_rules(palette), *plot.ratio_rules(palette)],
        "bands": plot.bands(found, palette),
        "medians": plot.medians(found),
        "curves": plot.curves(found),
        "words": [*plot.coverage_words(), *plot.ratio_words(found)],
    }
    return finished(
        _layers(plot, palette),
        _words(found),
        Rows(drawn=drawn, listed="runs", headings=HEADINGS),
        look=look,
        size=(plot.width, plot.height),
        margins=(LEFT, RIGHT),
        below=62,
    )


class Plot:
    """Where everything lies, in pixels."""

    def __init__(self, look: Look) -> None:
        self.width, self.height = float(max(look.width, 640)), float(look.height)
        side = SQUARE * self.width
        self.shares = Span(low=0.0, high=1.0, start=0.0, end=side)
        self.up = Span(low=0.0, high=1.0, start=self.height, end=HEAD)
        self.ratios = Span(low=RATIOS[0], high=RATIOS[1], start=side + BETWEEN, end=self.width, log=True)

    # Coverage

    def coverage_rules(self, palette: Palette) -> list[dict[str, Any]]:
        """Grid, frame and diagonal."""
        ends = self.shares.start, self.shares.end
        bottom, top = self.up.start, self.up.end
        grid = [_rule(ends[0], self.up.pixel(s), ends[1], self.up.pixel(s), palette.grid) for s in (0.25, 0.5, 0.75, 1)]
        grid += [_rule(self.shares.pixel(s), bottom, self.shares.pixel(s), top, palette.grid) for s in (0.5, 0.9)]
        frame = [
            _rule(ends[0], bottom, ends[1], bottom, palette.rule),
            _rule(ends[0], bottom, ends[0], top, palette.rule),
        ]
        return [*grid, *frame, _rule(ends[0], bottom, ends[1], top, palette.rule)]

    def coverage_words(self) -> list[dict[str, Any]]:
        """Ticks and titles of both axes."""
        ticks = [_said(f"{s:.0%}", self.shares.pixel(s), self.height + 14, "center") for s in (0, 0.5, 0.9)]
        ticks += [_said(f"{s:.0%}", -8, self.up.pixel(s), "right") for s in (0.25, 0.5, 0.75, 1)]
        middle, bottom = (self.shares.start + self.shares.end) / 2, self.up.start
        titles = [
            _said("probability of the central interval", middle, self.height + 34, "center"),
            _said("share of counts inside it", -LEFT + 4, HEAD - 20, "left"),
        ]
        legend = [
            _said("as it should be", self.shares.end - 6, bottom - 54, "right"),
            _said(OBSERVED, self.shares.end - 6, bottom - 35, "right", "first"),
            _said(REFITTED, self.shares.end - 6, bottom - 16, "right", "second"),
        ]
        return [*ticks, *titles, *legend]

    def curves(self, found: Calibration) -> list[dict[str, Any]]:
        """Observed against nominal coverage."""
        rows = [{"nominal": 0.0, "observed": 0.0, "cross_validated": 0.0}, *found.curve()]
        return [
            {
                "x": self.shares.pixel(row["nominal"]),
                "y": self.up.pixel(row[key]),
                "kind": kind,
                "spoken": f"{kind}: {row['nominal']:.0%} intervals hold {row[key]:.0%}",
            }
            for kind, key in ((OBSERVED, "observed"), (REFITTED, "cross_validated"))
            for row in rows
        ]

    # Ratios

    def line(self, at: float, count: int) -> float:
        """Height of a row."""
        return (at + 0.5) * self.height / count

    def ratio_rules(self, palette: Palette) -> list[dict[str, Any]]:
        """Grid and axis; the line at 1 is heavier."""
        lines = [
            _rule(
                self.ratios.pixel(t), 0.0, self.ratios.pixel(t), self.height, palette.rule if t == 1 else palette.grid
            )
            for t in TICKS
        ]
        return [*lines, _rule(self.ratios.start, self.height, self.ratios.end, self.height, palette.rule)]

    def ratio_words(self, found: Calibration) -> list[dict[str, Any]]:
        """Names of the rows, what they reach, and the axis."""
        rows = defaults_drawn(found)
        said = [_said(f"{t:g}", self.ratios.pixel(t), self.height + 14, "center") for t in TICKS]
        middle = (self.ratios.start + self.ratios.end) / 2
        said.append(_said("hardware-time over count", middle, self.height + 34, "center"))
        for at, (name, runs) in enumerate(rows):
            y = self.line(at, len(rows))
            result = score([run.trial for run in runs])
            said.append(_said(name.removeprefix("utilization/"), self.ratios.start - 14, y, "right", "name"))
            inside = sum(run.trial.within(0.9) for run in runs)
            said.append(_said(f"{result.median_ratio:.2f}", self.ratios.end + 10, y - 8, "left", "name"))
            said.append(_said(f"{inside} of {len(runs)} in 90%", self.ratios.end + 10, y + 8, "left"))
        return said

    def bands(self, found: Calibration, palette: Palette) -> list[dict[str, Any]]:
        """50% and 90% of each default, around 1: where the ratio should lie."""
        rows = defaults_drawn(found)
        found_bands = []
        for at, (name, _) in enumerate(rows):
            belief = store.assumptions()[name].belief
            for low, high, width in ((0.05, 0.95, 7.0), (0.25, 0.75, 11.0)):
                ends = belief.quantile(np.array([low, 0.5, high]))
                y = self.line(at, len(rows))
                start, end = (self.ratios.pixel(max(float(ends[1] / ends[i]), RATIOS[0])) for i in (2, 0))
                found_bands.append(
                    {"x": start, "x2": min(end, self.ratios.end), "y": y - width, "y2": y + width,
                     "color": palette.eras[3] if width < 10 else palette.grid}
                )  # fmt: skip
        return found_bands

    def medians(self, found: Calibration) -> list[dict[str, Any]]:
        """The median ratio of each default."""
        rows = defaults_drawn(found)
        found_medians = []
        for at, (_, runs) in enumerate(rows):
            x, y = self.ratios.pixel(score([run.trial for run in runs]).median_ratio), self.line(at, len(rows))
            found_medians.append({"x": x, "y": y - 13, "y2": y + 13})
        return found_medians


def defaults_drawn(found: Calibration) -> list[tuple[str, list[Utilized]]]:
    """The defaults with their runs, most runs first."""
    used: dict[str, list[Utilized]] = {}
    for run in found.utilized:
        used.setdefault(run.default, []).append(run)
    return sorted(used.items(), key=lambda item: (-len(item[1]), item[0]))


def runs_drawn(found: Calibration, plot: Plot) -> list[dict[str, Any]]:
    """A point for each run, stacked a little where several lie together."""
    rows = defaults_drawn(found)
    again = {trial.id: trial for trial in found.refitted}
    drawn = []
    for at, (name, runs) in enumerate(rows):
        ordered = sorted(runs, key=lambda run: run.trial.ratio)
        for place, run in enumerate(ordered):
            shift = ((place % 3) - 1) * 5.0 if len(ordered) > 5 else 0.0
            drawn.append(_point(run, again[run.trial.id], plot, plot.line(at, len(rows)) + shift, name))
    return drawn


def _point(run: Utilized, again: Trial, plot: Plot, y: float, name: str) -> dict[str, Any]:
    inside = run.trial.within(0.9)
    return {
        "name": run.trial.name,
        "default": name.removeprefix("utilization/") + (" (widened)" if run.widened else ""),
        "ratio_text": f"{run.trial.ratio:.2f}",
        "again": f"{again.ratio:.2f}",
        "inside": "holds the count" if inside else "does not",
        "x": plot.ratios.pixel(min(max(run.trial.ratio, RATIOS[0]), RATIOS[1])),
        "y": y,
        "kind": "inside" if inside else "outside",
        "spoken": f"{run.trial.name}: hardware-time over count {run.trial.ratio:.2f}",
    }


def _rule(x: float, y: float, x2: float, y2: float, color: str) -> dict[str, Any]:
    return {"x": x, "y": y, "x2": x2, "y2": y2, "color": color}


def _said(text: str, x: float, y: float, align: str, style: str = "plain") -> dict[str, Any]:
    return {"text": text, "x": x, "y": y, "style": f"{style} {align}"}


# Layers


def _layers(plot: Plot, palette: Palette) -> list[Layer]:
    def channel(field: str, size: Sequence[float]) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "scale": {"domain": list(size), "nice": False}, "axis": None}

    def at(*ends: str) -> dict[str, Any]:
        here = {"x": channel("x", [0, plot.width]), "y": channel("y", [plot.height, 0])}
        return here | {end: {"field": end} for end in ends}

    own = {"field": "color", "type": "nominal", "scale": None, "legend": None}
    quiet = {"aria": False, "tooltip": None}
    colors = [palette.series[0], palette.series[1]]
    lines = {"domain": [OBSERVED, REFITTED], "range": colors}
    kinds = {"domain": ["inside", "outside"], "range": [palette.series[0], palette.fit]}
    band = {"data": {"name": "bands"}, "mark": {"type": "rect", "opacity": 1, **quiet}}
    rule = {"data": {"name": "rules"}, "mark": {"type": "rule", "strokeWidth": 1, "opacity": 1, **quiet}}
    curve = {"data": {"name": "curves"}, "mark": {"type": "line", "strokeWidth": 2.5, **quiet}}
    median = {"data": {"name": "medians"}, "mark": {"type": "rule", "strokeWidth": 2.5, "color": palette.text, **quiet}}
    halo = {"filled": True, "size": 46, "opacity": 0.9, "stroke": palette.background, "strokeWidth": 0.7}
    point = {"data": {"name": "runs"}, "mark": {"type": "point", **halo}}
    tooltip = [{"field": field, "title": heading} for field, heading in HEADINGS.items()]
    return [
        {**band, "encoding": {**at("x2", "y2"), "color": own}},
        {**rule, "encoding": {**at("x2", "y2"), "color": own}},
        {**curve, "encoding": {**at(), "stroke": {"field": "kind", "type": "nominal", "scale": lines, "legend": None}}},
        {**median, "encoding": at("y2")},
        {
            **point,
            "encoding": {
                **at(),
                "fill": {"field": "kind", "type": "nominal", "scale": kinds, "legend": None},
                "tooltip": tooltip,
                "description": {"field": "spoken", "type": "nominal"},
            },
        },
        *_texts(at, palette),
    ]


def _texts(at: Any, palette: Palette) -> Iterable[Layer]:
    """One layer for each style: what it looks like cannot be a field."""
    looks = {
        "plain": {"color": palette.muted, "fontSize": SMALL + 1},
        "name": {"color": palette.text, "fontSize": BODY, "fontWeight": "bold"},
        "first": {"color": palette.series[0], "fontSize": BODY, "fontWeight": "bold"},
        "second": {"color": palette.series[1], "fontSize": BODY, "fontWeight": "bold"},
    }
    for name, style in looks.items():
        for align in ("left", "center", "right"):
            mark = {"type": "text", "baseline": "middle", "align": align, "aria": False, "tooltip": None, **style}
            shown = {"condition": {"test": f"datum.style === '{name} {align}'", "field": "text"}, "value": ""}
            yield {"data": {"name": "words"}, "mark": mark, "encoding": {**at(), "text": shown}}


# Words


def _words(found: Calibration) -> Words:
    every = found.experiments[0].lines[0]
    assert every.refitted
    title = (
        f"From chip-hours alone, 90% intervals hold the count for {every.score.within_90:.0%} of "
        f"{every.score.n} runs; half are within {ceil(100 * every.score.median_fold - 1e-9) / 100:g}×"
    )
    circular = sum(run.circular for run in found.runs)
    return Words(
        title=title,
        subtitle=(
            f"Chip-hours × peak × default utilization, against counted operations. With each median fitted without the "
            f"family of the run: {every.refitted.within_90:.0%}, within {every.refitted.median_fold:.2f}×. Right: a "
            "point for each run (red: outside its own interval); upright line: their median; bands: 50% and 90% of the "
            "default, before it is widened where hours are not the makers’."
        ),
        note=(
            f"Source: dossiers of comptometer; {circular} runs of which one side was worked out from the other are "
            f"left out. The medians were chosen with some of these runs in view.\n{banner()}"
        ),
        description=f"{title}.",
    )
