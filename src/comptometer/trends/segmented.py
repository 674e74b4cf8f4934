"""Lines with breaks that are looked for, and shown only where the data say that there are any."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from comptometer.distribution import Array
from comptometer.errors import NotEnoughEvidence, UsageError
from comptometer.trends import Break, Points, Resampling, Segment, Trend, fit
from comptometer.trends._lines import bic, edges, line, residuals, sums
from comptometer.trends._resampling import by_unit, counts, noise, row_counts, unit_count

PLACES = 40  # where a break may lie
LEAST = 10  # points of a segment
MOST = 2  # breaks that are tried
EVIDENCE = 2.0  # by which BIC must prefer a break
AGREEMENT = 0.9  # share of the resamples that must prefer it as well
WIDTH = 0.5  # of the window: a break whose 90% interval is wider has no date

Drawn = dict[int, tuple[Array, NDArray[np.intp], Array]]  # by number of breaks: BIC, bounds, lines, of the resamples


@fit("segmented")
def segmented(points: Points, resampling: Resampling, *, breaks: int | str = "auto", **options: Any) -> Trend:
    """Separate lines between breaks, whose number is given or chosen by BIC; their days are found in every resample.

    Breaks may lie at up to 40 places, with ten points on either side. Residuals of any piece follow from running sums
    of (1, x, y, x², xy, y²), so that all places of one or two breaks are tried in all resamples at once. A line with m
    breaks has 3 m + 3 parameters: slopes, levels, days, and the scatter.

    A break counts as identified if BIC prefers it by 2, nine in ten resamples prefer a break too, and the 90% interval
    of its day covers less than half of the window. Breaks that are not identified are not drawn: with "auto" the trend
    is then one line, and its notes say what was tried.

    Args:
        points: what is fitted.
        resampling: how intervals are made.
        breaks: 0, 1, 2, or "auto".
        options: none.

    Raises:
        UsageError: another number of breaks, or another option.
        NotEnoughEvidence: too few points for the breaks, or a single organization.
    """
    if options or breaks not in {"auto", 0, 1, 2}:
        raise UsageError(f"segmented has the option breaks (0, 1, 2 or auto), not {', '.join(options) or repr(breaks)}")
    wanted = MOST if breaks == "auto" else int(breaks)
    if unit_count(points, resampling) < 2:
        raise NotEnoughEvidence("all models are of one organization: resample by model")
    places = edges(points.days, PLACES, LEAST)
    possible = min(wanted, _most(places, points.n))
    if breaks != "auto" and possible < wanted:
        raise NotEnoughEvidence(f"{wanted} breaks need {LEAST} points in every piece; there are {points.n} in all")
    return _Search(points, resampling, places, possible).trend(None if breaks == "auto" else wanted)


def _most(places: NDArray[np.intp], n: int) -> int:
    """How many breaks fit between the points."""
    return min(MOST, n // LEAST - 1) if len(places) else 0


class _Search:
    """All places of the breaks, in the data and in every resample."""

    def __init__(self, points: Points, resampling: Resampling, places: NDArray[np.intp], most: int) -> None:
        self.points, self.resampling, self.most = points, resampling, most
        self.origin, self.middle = int(points.days.min()), float(points.logs.mean())
        self.x, self.y = points.days - self.origin, points.logs - self.middle
        self.bounds = np.concatenate([[0], places, [points.n]]).astype(int)
        self.bins = np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))

    def running(self, rows: Array) -> Array:
        """Sums up to each bound from sums of each row, shape (…, rows, 6) → (…, bounds, 6)."""
        summed = np.add.reduceat(rows, self.bounds[:-1], axis=-2)
        return np.concatenate([np.zeros_like(summed[..., :1, :]), np.cumsum(summed, axis=-2)], axis=-2)

    def best(self, running: Array) -> dict[int, tuple[Array, NDArray[np.intp]]]:
        """For each number of breaks the least residuals, (draws,), and the bounds that have them, (draws, breaks).

        The best two breaks follow from the best one before each bound, so that no pair of them is tried by itself.
        """
        draws, last = len(running), len(self.bounds) - 1
        rss = np.full((draws, last + 1, last + 1), np.inf)
        for a in range(last):
            wide = self.bounds[a + 1 :] - self.bounds[a] >= LEAST
            rss[:, a, a + 1 :][:, wide] = residuals(running[:, a + 1 :][:, wide] - running[:, a : a + 1])
        rows = np.arange(draws)
        found = {0: (rss[:, 0, last], np.zeros((draws, 0), dtype=np.intp))}
        if self.most >= 1:
            one = rss[:, 0, :, None] + rss  # up to a bound with one break before it, shape (draws, break, bound)
            place = np.argmin(one, axis=1)
            least = np.take_along_axis(one, place[:, None], axis=1)[:, 0]
            found[1] = (least[:, last], place[:, last][:, None])
        if self.most >= 2:
            two = least + rss[:, :, last]
            second = np.argmin(two, axis=1)
            found[2] = (two[rows, second], np.stack([place[rows, second], second], axis=1))
        return {m: (left, way) for m, (left, way) in found.items() if np.isfinite(left).all()}

    def trend(self, wanted: int | None) -> Trend:
        """The fit with so many breaks; with as many as are identified, where nobody says how many."""
        rows = sums(self.x, self.y)
        running = self.running(rows[None])
        here = self.best(running)
        n = self.points.n
        scores = {m: float(bic(rss, n, 3 * m + 3)[0]) for m, (rss, _) in here.items()}
        drawn = self._drawn(rows)
        preferred = min(scores, key=lambda m: scores[m])
        count = wanted if wanted is not None else preferred
        breaks = self._breaks(count, here, drawn, scores)
        notes = [self._tried(scores, drawn)]
        if wanted is None and count and not all(b.identified for b in breaks):
            notes += [f"a break near {b.to_dict()['day']} is not identified: {b.why}" for b in breaks]
            count, breaks = 0, []
        return self._assembled(count, here, drawn, running, breaks, scores, notes)

    def _drawn(self, rows: Array) -> Drawn:
        """For each number of breaks: BIC, chosen way, and slopes and levels of every piece, of the resamples."""
        parts: dict[int, list[tuple[Array, NDArray[np.intp], Array]]] = {}
        bins = len(self.bounds) - 1
        binned = np.zeros((self.points.n, bins, 6))
        binned[np.arange(self.points.n), self.bins] = rows
        summed = by_unit(binned, self.points, self.resampling).reshape(-1, bins * 6)
        errors, start = noise(self.points, self.resampling), 0
        for units in counts(self.points, self.resampling):
            total = (units @ summed).reshape(len(units), bins, 6)
            if errors is not None:
                total += self._noisy(units, errors[start : start + len(units)])
                start += len(units)
            running = np.concatenate([np.zeros((len(units), 1, 6)), np.cumsum(total, axis=1)], axis=1)
            for m, (rss, chosen) in self.best(running).items():
                parts.setdefault(m, []).append(
                    (bic(rss, self.points.n, 3 * m + 3), chosen, self._lines(chosen, running))
                )
        return {m: tuple(np.concatenate(part) for part in zip(*found, strict=True)) for m, found in parts.items()}  # type: ignore[misc]

    def _noisy(self, units: Array, errors: Array) -> Array:
        """What errors of the values add to the sums of each bin, shape (draws, bins, 6)."""
        weights = row_counts(units, self.points, self.resampling)
        extra = np.zeros((len(units), self.points.n, 6))
        extra[..., 2] = weights * errors
        extra[..., 4] = weights * errors * self.x
        extra[..., 5] = weights * (2 * self.y * errors + errors * errors)
        return np.add.reduceat(extra, self.bounds[:-1], axis=1)

    def _lines(self, breaks: NDArray[np.intp], running: Array) -> Array:
        """Slope and level of each piece in each draw, shape (draws, pieces, 2)."""
        draws = np.arange(len(breaks))
        ends = np.pad(breaks, ((0, 0), (1, 1)))
        ends[:, -1] = len(self.bounds) - 1
        pieces = range(ends.shape[1] - 1)
        found = [line(running[draws, ends[:, at + 1]] - running[draws, ends[:, at]])[:2] for at in pieces]
        return np.stack([np.stack(pair, axis=1) for pair in found], axis=1)

    def _day(self, bound: int) -> float:
        """The middle between the last point before a break and the first after it."""
        at = self.bounds[bound]
        return float((self.points.days[at - 1] + self.points.days[at]) / 2)

    def _breaks(
        self,
        count: int,
        here: dict[int, tuple[Array, NDArray[np.intp]]],
        drawn: Drawn,
        scores: dict[int, float],
    ) -> list[Break]:
        if not count:
            return []
        way, ways = here[count][1][0], drawn[count][1]
        places = np.array([0.0, *(self._day(b) for b in range(1, len(self.bounds) - 1)), 0.0])
        better = np.mean(drawn[count][0] < drawn[0][0])
        gain = scores[0] - scores[count]
        window = float(np.ptp(self.points.days))
        found = []
        for at, bound in enumerate(way):
            days = places[ways[:, at]]
            low, high = np.quantile(days, [0.05, 0.95])
            reasons = []
            if gain < EVIDENCE:
                reasons.append(f"BIC gains {gain:.1f}, {EVIDENCE:g} are asked for")
            if better < AGREEMENT:
                reasons.append(f"{better:.0%} of the resamples prefer it to one line, {AGREEMENT:.0%} are asked for")
            if high - low > WIDTH * window:
                reasons.append(f"its 90% interval covers {(high - low) / window:.0%} of the window")
            why = "; ".join(reasons) or f"BIC gains {gain:.1f}, and {better:.0%} of the resamples agree"
            found.append(Break(day=self._day(bound), days=days, identified=not reasons, why=why))
        return found

    def _tried(self, scores: dict[int, float], drawn: Drawn) -> str:
        choice = np.argmin(np.stack([drawn[m][0] for m in sorted(drawn)], axis=1), axis=1)
        shares = ", ".join(f"{np.mean(choice == at):.0%} with {m}" for at, m in enumerate(sorted(drawn)))
        said = ", ".join(f"{scores[m]:.1f} with {m}" for m in sorted(scores))
        return f"BIC by number of breaks: {said}; preferred in the resamples: {shares}"

    def _assembled(
        self,
        count: int,
        here: dict[int, tuple[Array, NDArray[np.intp]]],
        drawn: Drawn,
        running: Array,
        breaks: list[Break],
        scores: dict[int, float],
        notes: list[str],
    ) -> Trend:
        lines = self._lines(here[count][1], running)[0]
        samples = drawn[count][2]
        ends = [float(self.points.days[0]), *(b.day for b in breaks), float(self.points.days[-1])]
        segments = [
            Segment(
                first=ends[at],
                last=ends[at + 1],
                slope=float(lines[at, 0]),
                level=float(lines[at, 1]) + self.middle,
                slopes=samples[:, at, 0],
                levels=samples[:, at, 1] + self.middle,
            )
            for at in range(count + 1)
        ]
        left, total = float(here[count][0][0]), float(np.sum((self.y - self.y.mean()) ** 2))
        return Trend(
            n=self.points.n,
            origin=self.origin,
            r2=1 - left / total if total else 1.0,
            residual_sd=float(np.sqrt(left / max(self.points.n - 2 * (count + 1), 1))),
            segments=segments,
            breaks=breaks,
            bic=scores,
            notes=notes,
        )
