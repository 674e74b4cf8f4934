"""What a caller asks for about growth: of a pinned table, or of data of their own; and the line on another day."""

from __future__ import annotations

from datetime import date
from typing import Any

from comptometer import growth
from comptometer.answers import Answer
from comptometer.errors import Problem, UsageError
from comptometer.own_series import trend_of

OF_FILES = ("date_column", "value_column", "organization_column", "name_column", "unit", "label")
OF_BOTH = ("since", "until", "method", "options", "by", "draws", *growth.OPTIONS)


def trend(
    source: Any = None,
    *,
    predict: date | str | None = None,
    far: bool = False,
    effective: bool = False,
    rate: str | None = None,
    halving: str | None = None,
    **asked: Any,
) -> Answer:
    """How fast does it grow: factor a year, doubling time, interval, and what was left out.

    Args:
        source: data of one's own: the path of a CSV or Parquet file, a stream with CSV, or a dataframe; a pinned table
            is asked about where none is given.
        predict: a day for which the line, and where a single new point would lie, are wanted; of a month or a year its
            first day.
        far: allow that day to lie more than seven years from the data.
        effective: also the growth of effective compute, beside that of physical FLOP.
        rate, halving: of it, a published rate of algorithmic progress or months of one's own until half the compute
            will do; see `effective_growth`.
        asked: of a pinned table `quantity, select, top, of_all, since, until, organization, country, domain,
            confidence, open_weights, fine_tunes, without, data, values, method, by, draws, noise`, see `growth.trend`;
            of `source` `date_column, value_column, organization_column, name_column, unit, label, since, until, method,
            by, draws`, see `own_series.trend_of`. Of both `breaks, knot, join, quantile`, which are options of fits.

    Raises:
        UsageError: arguments that do not go together, or cannot be; columns, dates or values of one's own that no trend
            can be fitted to; all of them.
        NotFound: no such quantity, vintage, method, model, organization, country, domain or word of confidence.
        DataError: a file of one's own that cannot be read.
        NotEnoughEvidence: fewer than three points, or all on one day.

    >>> answer = trend(select="frontier", since="2018", data="epoch-2025-06", draws=200, predict=2027)
    >>> answer.trend.n, round(answer.trend.growth_per_year.estimate, 2), str(answer.prediction.day)
    (75, 4.79, '2027-01-01')
    """
    if far and predict is None:
        raise UsageError.of([Problem("far", "belongs to predict, and no day was given")])
    given = {name: value for name, value in (("rate", rate), ("halving", halving)) if value is not None}
    if not effective:
        _refuse(list(given), "belongs to effective compute, which was not asked for")
    if source is None:
        _refuse([name for name in asked if name in OF_FILES], "belongs to a file of your own, and none was given")
        answer = growth.trend(**asked)
    else:
        others = [name for name in asked if name not in {*OF_FILES, *OF_BOTH}]
        _refuse(others, "belongs to a pinned table, and means nothing of data of your own")
        answer = trend_of(source, **asked)
    answer = answer if predict is None else answer.predicting(predict, far=far)
    return answer.with_effective(**given) if effective else answer


def _refuse(names: list[str], why: str) -> None:
    if names:
        raise UsageError.of(Problem(name, why) for name in names)
