"""The card of a projection: year by year, without limits and with them."""

from __future__ import annotations

from comptometer import text
from comptometer.cards import Card, card
from comptometer.projection import Projection


@card("Projection")
def of_projection(projection: Projection) -> Card:
    """FLOP of the largest run in each year, and which limit most often holds it down."""
    last = len(projection.years) - 1
    low, high = (float(projection.quantiles["soft"][last][at]) for at in (0, -1))
    included = [limit.label for limit in projection.limits.limits.values() if limit.included]
    return Card(
        title=f"Projection from {text.number(projection.years[0], 5)} to {projection.years[-1]:.0f}",
        lead=f"{text.number(float(projection.quantiles['soft'][last][2]), 2)} FLOP in {projection.years[-1]:.0f} "
        f"(90% {text.interval(low, high)})",
        columns=("year", "FLOP", "90%", "without limits", "held down by"),
        rows=[_year(projection, at) for at in range(last + 1)],
        numeric=(0, 1, 3),
        foot=[f"Limits: {', '.join(included) or 'none'}", f"Start: {projection.start.said['level']}"],
    )


def _year(projection: Projection, at: int) -> list[str]:
    soft = projection.quantiles["soft"][at]
    binds = {name: shares[at] for name, shares in projection.binds.items() if name != "none" and shares[at] >= 0.05}
    worst = max(binds, key=lambda name: binds[name], default="")
    return [
        text.number(projection.years[at], 5),
        text.number(float(soft[2]), 2),
        text.interval(float(soft[0]), float(soft[-1])),
        text.number(float(projection.quantiles["trend"][at][2]), 2),
        f"{worst} ({text.percent(binds[worst])})" if worst else "–",
    ]
