"""Lines with breaks that are looked for, and kept only where the data identify them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import Array
from comptometer.errors import NotEnoughEvidence, Problem, UsageError
from comptometer.trends import Break, Points, Resampling, Trend, fit, refuse
from comptometer.trends._centred import Centred, Line
from comptometer.trends._hinges import MOST as MOST_HINGES
from comptometer.trends._hinges import Hinges
from comptometer.trends._pieces import Pieces
from comptometer.trends._resampling import Sampler
from comptometer.trends._sums import Found, Stretches, Way, bic, running

Join = Literal["apart", "meet"]

LEAST = 10  # points of a piece
MOST = 2  # breaks that "auto" tries
MOST_ASKED = 3
FINE = 400  # places where a break may lie
COARSE = 40  # of them, where that of a resample is looked for first
GAIN = 2.0  # of BIC, from one break fewer: "positive evidence", Kass and Raftery 1995
AGREEMENT = 0.8  # share of the resamples whose BIC prefers the break too
WIDTH = 0.5  # of the window: a break whose 90% interval is wider has no date


@fit("segmented")
def segmented(
    points: Points,
    resampling: Resampling,
    *,
    breaks: int | Literal["auto"] = "auto",
    join: Join = "meet",
    least: int = LEAST,
    **options: Any,
) -> Trend:
    """Straight lines between breaks whose number is given or chosen by BIC, and whose days every resample finds anew.

    With m breaks, 2 m + 2 numbers are fitted where lines meet (slopes, a level, days), 3 m + 2 where they stand apart;
    BIC counts the scatter as one more. A break is identified if BIC gains 2 by it, four in five resamples prefer it
    too, and the 90% interval of its day covers less than half of the window. With "auto" the trend has as many breaks
    as are identified; one that is not is named in `unidentified`, and no line ends there. A number that is given is
    obeyed.

    Args:
        points: what is fitted.
        resampling: how intervals are made.
        breaks: 0, 1, 2, 3 (lines apart only) or "auto" (up to 2).
        join: lines that "meet" at the break, or that stand "apart".
        least: points that every piece must have.
        options: none.

    Raises:
        UsageError: another number of breaks, or another option.
        NotEnoughEvidence: too few points for the breaks; organizations are resampled, and there is one.
    """
    refuse("segmented", options, ["breaks", "join", "least"])
    most = _most(breaks, join, least)
    search = _Search(Centred.of(points), join, least)
    sampler = Sampler(points, resampling)
    if breaks != "auto" and points.n < least * (most + 1):
        raise NotEnoughEvidence(
            f"{most} breaks need {least} points in each of {most + 1} pieces, and there are {points.n} points in all"
        )
    fitted = search.fitted(most)
    if breaks != "auto" and most not in fitted:
        raise NotEnoughEvidence(f"no days for {most} breaks leave {least} points and two days to every piece")
    drawn = search.resampled(sampler, max(fitted), fitted)
    return _chosen(search, fitted, drawn, None if breaks == "auto" else most)


def _most(breaks: int | str, join: str, least: int) -> int:
    """How many breaks are tried."""
    if join not in {"apart", "meet"}:
        raise UsageError.of([Problem("join", f"of segmented is apart or meet, not {join!r}")])
    if least < 3:
        raise UsageError.of([Problem("least", f"must be at least 3 points, got {least}")])
    asked = MOST_ASKED if join == "apart" else MOST_HINGES
    if breaks == "auto":
        return MOST
    if isinstance(breaks, bool) or breaks not in range(asked + 1):
        said = f"of lines that {'meet' if join == 'meet' else 'stand apart'} are 0 to {asked} or auto, not {breaks!r}"
        raise UsageError.of([Problem("breaks", said)])
    return int(breaks)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """With one number of breaks: BIC, days of the breaks (breaks, draws), slopes and levels (pieces, draws)."""

    bic: Array
    days: Array
    slopes: Array
    levels: Array


@dataclass(frozen=True, slots=True)
class _Search:
    """Where breaks lie best, in the points and in every resample."""

    centred: Centred
    join: Join
    least: int

    def parameters(self, breaks: int) -> int:
        """How many numbers are fitted: slopes, levels and days."""
        return (3 if self.join == "apart" else 2) * breaks + 2

    def places(self) -> NDArray[np.intp]:
        """Numbers of rows before which a break may lie: between days, `least` from the ends, not too many."""
        days = self.centred.points.days
        found = np.flatnonzero(np.diff(days) > 0) + 1
        found = found[(found >= self.least) & (found <= len(days) - self.least)]
        if len(found) > FINE:
            found = found[np.unique(np.linspace(0, len(found) - 1, FINE).round().astype(np.intp))]
        return found

    def fitted(self, most: int) -> dict[int, _Lines]:
        """The points themselves, by number of breaks, where that is possible."""
        rows = self._stretches()
        return self._lines(rows, rows.sums(), most, np.arange(len(rows.bounds)))

    def resampled(self, sampler: Sampler, most: int, fitted: Mapping[int, _Lines]) -> dict[int, _Lines]:
        """All resamples, by number of breaks; those that have no fit are left out.

        Breaks are looked for at some of the places first, among them those that the points themselves have.
        """
        days = np.concatenate([lines.days.ravel() for lines in fitted.values()])
        rows = self._stretches()
        own = np.searchsorted(rows.bounds, np.searchsorted(self.centred.points.days, days))
        some = np.linspace(0, len(rows.bounds) - 1, min(COARSE, len(rows.bounds))).round().astype(np.intp)
        coarse = np.union1d(some, own)
        parts: dict[int, list[_Lines]] = {}
        for sums in rows.resampled(sampler):
            for breaks, lines in self._lines(rows, sums, most, coarse).items():
                parts.setdefault(breaks, []).append(lines)
        joined = {breaks: _joined(part) for breaks, part in parts.items()}
        usable = np.all([np.isfinite(lines.slopes).all(axis=0) for lines in joined.values()], axis=0)
        return {breaks: _kept(lines, usable) for breaks, lines in joined.items()}

    def _stretches(self) -> Stretches:
        """The points, cut at all places."""
        return Stretches.whole(self.centred.x, self.centred.y, [int(cut) for cut in self.places()])

    def _lines(self, rows: Stretches, sums: Array, most: int, coarse: NDArray[np.intp]) -> dict[int, _Lines]:
        """The best lines of each draw, by number of breaks, looked for at some of the bounds first."""
        before, x, inner = running(sums), self.centred.x, rows.bounds[1:-1]
        knots = (x[inner - 1] + x[inner]) / 2
        kind = Pieces if self.join == "apart" else Hinges
        shape, some = kind.of(before, knots), kind.of(before[coarse], knots[coarse[1:-1] - 1])
        n, found = before[-1, 0], {}
        for breaks, best in enumerate(some.best(min(most, len(coarse) - 2), rows.bounds[coarse], self.least)):
            if not np.isfinite(best.residual).any():
                continue
            near = Found(coarse[best.way], best.residual)
            if len(coarse) < len(rows.bounds):
                near = _nearby(shape, near, rows.bounds, self.least, int(np.diff(coarse).max()))
            slopes, levels = shape.lines(near.way)
            found[breaks] = _Lines(
                bic=bic(near.residual, n, self.parameters(breaks) + 1),
                days=knots[near.way - 1] + self.centred.middle if breaks else np.zeros((0, len(n))),
                slopes=np.where(np.isfinite(near.residual), slopes, np.nan),
                levels=levels,
            )
        return found


def _nearby(shape: Pieces | Hinges, found: Found, rows: NDArray[np.intp], least: int, reach: int) -> Found:
    """Better places of the breaks, each moved by up to so many bounds while the others stand still."""
    way, residual = found.way.copy(), found.residual.copy()
    for at in range(len(way)):
        tried, best = way.copy(), way[at].copy()
        for step in range(-reach, reach + 1):
            moved = np.clip(way[at] + step, 1, len(rows) - 2)
            tried[at] = np.where(_apart(rows, way, at, moved, least), moved, way[at])
            here = shape.residual(tried)
            better = here < residual
            residual[better], best[better] = here[better], tried[at, better]
        way[at] = best
    return Found(way, residual)


def _apart(rows: NDArray[np.intp], way: Way, at: int, moved: Way, least: int) -> NDArray[np.bool_]:
    """Does a moved break leave enough rows to the pieces on either side?"""
    before = rows[way[at - 1]] if at else 0
    behind = rows[way[at + 1]] if at + 1 < len(way) else rows[-1]
    return np.asarray((rows[moved] - before >= least) & (behind - rows[moved] >= least))


def _joined(parts: list[_Lines]) -> _Lines:
    return _Lines(
        **{
            name: np.concatenate([getattr(part, name) for part in parts], axis=-1)
            for name in _Lines.__dataclass_fields__
        }
    )


def _kept(lines: _Lines, usable: NDArray[np.bool_]) -> _Lines:
    return _Lines(**{name: getattr(lines, name)[..., usable] for name in _Lines.__dataclass_fields__})


def _chosen(search: _Search, fitted: Mapping[int, _Lines], drawn: Mapping[int, _Lines], asked: int | None) -> Trend:
    """The trend with so many breaks; with as many as are identified, where nobody says how many."""
    scores = {breaks: float(lines.bic[0]) for breaks, lines in fitted.items()}
    found = {breaks: _breaks(search, breaks, fitted, drawn) for breaks in fitted if breaks in drawn}
    count = asked if asked is not None else min(scores, key=lambda breaks: scores[breaks])
    while asked is None and not all(b.identified for b in found[count]):
        count -= 1
    tried = found[max(min(count + 1, max(found)), 1)] if len(found) > 1 and asked is None else []
    return search.centred.trend(
        [
            Line(float(slope[0]), float(level[0]), slopes, levels)
            for slope, level, slopes, levels in zip(
                fitted[count].slopes, fitted[count].levels, drawn[count].slopes, drawn[count].levels, strict=True
            )
        ],
        parameters=search.parameters(count),
        breaks=found[count],
        unidentified=[] if tried == found[count] else [b for b in tried if not b.identified],
        bic=scores,
        notes=[_shares(scores, drawn)],
    )


def _breaks(search: _Search, count: int, fitted: Mapping[int, _Lines], drawn: Mapping[int, _Lines]) -> list[Break]:
    """The breaks of the fit with so many, each with what speaks for it."""
    if not count:
        return []
    days = search.centred.points.days
    window = float(days[-1] - days[0])
    fewer = range(count)
    gain = min(float(fitted[breaks].bic[0]) for breaks in fewer) - float(fitted[count].bic[0])
    agree = float(np.mean(drawn[count].bic < np.min([drawn[breaks].bic for breaks in fewer], axis=0)))
    found = []
    for day, drawn_days in zip(fitted[count].days[:, 0], drawn[count].days, strict=True):
        low, high = np.quantile(drawn_days, [0.05, 0.95])
        doubts = [
            said
            for wrong, said in (
                (gain < GAIN, f"BIC gains {gain:.1f} by it where {GAIN:g} are asked for"),
                (agree < AGREEMENT, f"{agree:.0%} of the resamples prefer it where {AGREEMENT:.0%} are asked for"),
                (high - low > WIDTH * window, f"its 90% interval covers {(high - low) / window:.0%} of the window"),
            )
            if wrong
        ]
        why = "; ".join(doubts) or f"BIC gains {gain:.1f} by it, and {agree:.0%} of the resamples prefer it"
        found.append(Break(day=float(day), days=drawn_days, identified=not doubts, why=why))
    return found


def _shares(scores: Mapping[int, float], drawn: Mapping[int, _Lines]) -> str:
    counts = sorted(drawn)
    choice = np.argmin([drawn[breaks].bic for breaks in counts], axis=0)
    shares = ", ".join(f"{np.mean(choice == at):.0%} with {breaks}" for at, breaks in enumerate(counts))
    said = ", ".join(f"{scores[breaks]:.1f} with {breaks}" for breaks in sorted(scores))
    return f"BIC by number of breaks: {said}; preferred in the resamples: {shares}"
