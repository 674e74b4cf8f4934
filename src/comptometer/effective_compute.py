"""Effective compute: what the training would have taken with the algorithms of another day; beside physical FLOP.

Where the compute for the same performance halves every h months, a model of day t used the equivalent of
C × 2^((t - t₀) / h) FLOP of day t₀. The number depends on t₀ and on what "the same performance" is, so both are always
told; it is no amount of computation, and nothing else here uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import log10
from pathlib import Path
from typing import Any, Final

from comptometer import algorithmic_progress, text, units
from comptometer.algorithmic_progress import Rate
from comptometer.catalogue import Entry
from comptometer.collection import Models
from comptometer.days import day as day_of
from comptometer.distribution import Distribution, Point
from comptometer.errors import NotationError, NotEnoughEvidence, Problem, UsageError
from comptometer.limits import positive
from comptometer.quantity import Estimate
from comptometer.release import data_version
from comptometer.request import estimate
from comptometer.store import source as source_on_file
from comptometer.training_cost import on_day

FAR: Final = 1e4  # between the ends of a gain: the rate is not known well enough to go so far
DAYS_PER_MONTH: Final = 30.4375


@dataclass(frozen=True, kw_only=True)
class Effective:
    """Physical compute, the gain of algorithms, and their product.

    Attributes:
        entry: the model with its physical compute.
        rate: that was taken.
        since: the day whose algorithms are the measure.
        share: compute over that of the largest model published up to the model's day.
        gain: how many times as much compute it would have taken on that day.
    """

    entry: Entry
    rate: Rate
    since: date
    share: float
    gain: Estimate

    @property
    def value(self) -> Estimate:
        """Effective compute, in FLOP of the day `since`."""
        return (self.entry.value * self.gain).to("FLOP")

    @property
    def published(self) -> date:
        """The model's day."""
        assert self.entry.dossier.published
        return self.entry.dossier.published

    @property
    def warnings(self) -> Sequence[str]:
        """What a reader should know."""
        rate, said = self.rate, []
        if not rate.has_interval:
            said.append("the rate has no interval: that of the result is of the physical compute alone")
        said += [
            f"the rate was fitted to data of {rate.first} to {rate.last}; {day} lies outside"
            for day in (self.since, self.published)
            if rate.source and not rate.first <= day.year <= rate.last
        ]
        if rate.domains and not set(rate.domains) & set(self.entry.dossier.domain):
            said.append(f"the rate is of {', '.join(rate.domains)}, which the model is not")
        if rate.domains and not rate.least_share <= self.share < rate.below_share:
            said.append(
                f"the model has {text.number(self.share, 2)} of the compute of the largest up to its day, "
                "for which this rate is not taken unless it is asked for"
            )
        low, high = self.gain.interval()
        if high > FAR * low:
            said.append("the ends of the gain are far apart: the rate is not known well enough to go so far")
        return said

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `comptometer effective` (schema `comptometer/effective/1`)."""
        return {
            "schema": "comptometer/effective/1",
            "data_version": data_version(),
            "model": self.entry.name,
            "published": self.published.isoformat(),
            "compute": self.entry.value.to_dict(),
            "effective": self.value.to_dict(),
            "gain": {key: value for key, value in self.gain.to_dict().items() if key != "unit"},
            "since": self.since.isoformat(),
            "rate": told(self.rate),
            "share_of_largest": self.share,
            "warnings": list(self.warnings),
        }


def told(rate: Rate) -> dict[str, Any]:
    """A rate as in the JSON, with its source."""
    cited = source_on_file(rate.source) if rate.source else None
    halving = Estimate.draw(_name(rate), rate.halving, units.parse("month")).to_dict()
    keys = ("id", "first", "last", "task", "source", "where", "verified", "note")
    return {
        **{key: getattr(rate, key) for key in keys},
        "halving_months": {key: value for key, value in halving.items() if key != "unit"},
        "title": cited.title if cited else "",
        "url": cited.url if cited else "",
    }


def effective(
    source: str | Path | Entry | None = None,
    *,
    since: date | str | None = None,
    rate: str | None = None,
    halving: str | None = None,
    published: date | str | None = None,
    **asked: Any,
) -> Effective:
    """Effective compute of a model, beside its physical compute.

    Args:
        source: a model of the catalogue, a file, or an entry that is at hand; see `estimate`.
        since: the day whose algorithms are the measure; 2020-01-01 unless given.
        rate: the published rate to take; otherwise the one for the model's domain and size.
        halving: a rate of one's own: months in which the compute for the same performance halves, such as "5 to 14".
        published: the model's day, where it is given by figures.
        asked: as for `estimate`.

    Raises:
        UsageError: both `rate` and `halving`, or a day or a number that cannot be read.
        NotFound: no such model or rate.
        NotEnoughEvidence: the model has no date, or no rate is on file for its domain; see also `estimate`.

    >>> found = effective("gpt-3", halving="8")
    >>> round(found.gain.median, 2)
    1.52
    >>> found.entry.median < found.value.median
    True
    """
    if rate is not None and halving is not None:
        raise UsageError("give either a published rate or a halving time of your own, not both")
    begun = _day("since", since) or algorithmic_progress.reference()
    own = own_rate(halving) if halving is not None else algorithmic_progress.rate(rate) if rate is not None else None
    entry = source if isinstance(source, Entry) else estimate(source, **asked)
    day = _day("published", published) or entry.dossier.published
    if day is None:
        raise NotEnoughEvidence(f"{entry.name}: the day of publication is not known; give it (--published)")
    if entry.dossier.published != day:
        entry = on_day(entry, day)
    share = _share(entry, day)
    taken = own or algorithmic_progress.suited(entry.dossier.domain, share)
    if taken is None:
        domains = ", ".join(entry.dossier.domain) or "no domain"
        raise NotEnoughEvidence(
            f"{entry.name}: no rate of algorithmic progress is on file for {domains}; name one of "
            f"{', '.join(algorithmic_progress.rates())} (--rate), or give a halving time (--halving)"
        )
    return Effective(entry=entry, rate=taken, since=begun, share=share, gain=gain_over(taken, (day - begun).days))


def gain_over(rate: Rate, days: float) -> Estimate:
    """2^(months / halving): how many times less compute will do after so many days.

    The halving time is one unknown, whatever the model.
    """
    halving = Estimate.draw(_name(rate), rate.halving, units.parse(""))
    return (days / DAYS_PER_MONTH * log10(2) * halving**-1).power_of_ten()


def _name(rate: Rate) -> str:
    return f"algorithmic-progress/{rate.id}"


def own_rate(halving: str) -> Rate:
    """A rate of one's own, by the months in which the compute for the same performance halves.

    Raises:
        UsageError: no months, or none above 0.
    """
    belief: Distribution = positive(halving, "month")
    return Rate(
        id=f"own: {halving} months",
        halving=belief,
        has_interval=not isinstance(belief, Point),
        domains=(),
        least_share=0.0,
        below_share=float("inf"),
        first=0,
        last=0,
        task="as the halving time means it",
        source="",
        where="",
        verified=False,
        note="",
    )


def _share(entry: Entry, day: date) -> float:
    """Compute over that of the largest model of the catalogue up to its day, itself among them."""
    others = [other.compute for other in Models().standings() if other.published <= day]
    return entry.median / max([entry.median, *others])


def _day(name: str, written: date | str | None) -> date | None:
    try:
        return None if written is None else day_of(written)
    except NotationError as error:
        raise UsageError.of([Problem(name, str(error))]) from None
