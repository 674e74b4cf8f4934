"""The same question under every reasonable definition: how much of the answer is the definition?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from comptometer import vintages
from comptometer.errors import ComptometerError
from comptometer.growth import Answer, Question, ask, trend
from comptometer.release import data_version
from comptometer.trends import FITS

DEEP_LEARNING, RECENT = date(2010, 1, 1), date(2018, 1, 1)
FEWER_DRAWS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The question with one definition changed.

    Attributes:
        group: which definition: models, window, table, values, method, resampling.
        label: what it is now.
        answer: what comes out; nothing where it cannot be answered.
        problem: why not.
    """

    group: str
    label: str
    answer: Answer | None
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """One row of the table."""
        row: dict[str, Any] = {"group": self.group, "label": self.label, "n": None, "growth_per_year": None,
                               "doubling_months": None, "problem": self.problem}  # fmt: skip
        if self.answer:
            trend = self.answer.trend
            row |= {
                "n": trend.n,
                "growth_per_year": trend.growth_per_year.to_dict(),
                "doubling_months": trend.doubling_months().to_dict(),
            }
        return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """A question, and its answers under every reasonable definition; the question as asked comes first."""

    question: Question
    variants: Sequence[Variant]

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `comptometer trend --sensitivity` (schema `comptometer/sensitivity/1`)."""
        return {
            "schema": "comptometer/sensitivity/1",
            "data_version": data_version(self.question.data),
            "question": self.question.name,
            "quantity": self.question.quantity,
            "rows": [variant.to_dict() for variant in self.variants],
        }


def sensitivity(*, draws: int = FEWER_DRAWS, **asked: Any) -> Sensitivity:
    """How much of an answer about growth is the definition? Arguments as for `trend` of a pinned table.

    At most 2,000 resamples are made for each variant.

    Raises:
        UsageError, NotFound, NotEnoughEvidence: see `growth.trend`.

    >>> rows = sensitivity(data="epoch-2024-05", select="frontier", draws=100).variants
    >>> rows[0].label, len(rows) > 20
    ('the question', True)
    """
    question = trend(draws=draws, **asked).question
    return Sensitivity(question=question, variants=variants(question))


def variants(question: Question) -> list[Variant]:
    """Answer a question, and the same with each definition changed alone; the question as asked comes first.

    What is changed: which models and how many, fine-tunes, confidence, domain, the window, the edition of the table,
    whose values, how the line is fitted, what is resampled. Variants that cannot be answered say why.
    """
    asked = replace(question, draws=min(question.draws, FEWER_DRAWS))
    changed = [("as asked", "the question", asked), *_models(asked), *_windows(asked), *_tables(asked), *_fits(asked)]
    return [_answered(group, label, each) for group, label, each in changed if group == "as asked" or each != asked]


def _answered(group: str, label: str, question: Question) -> Variant:
    try:
        return Variant(group=group, label=label, answer=ask(question))
    except ComptometerError as error:
        return Variant(group=group, label=label, answer=None, problem=str(error).splitlines()[0])


def _with(question: Question, **models: Any) -> Question:
    return replace(question, wanted=replace(question.wanted, **models))


def _models(asked: Question) -> list[tuple[str, str, Question]]:
    choices: list[tuple[str, dict[str, Any]]] = [
        ("all models", {"select": "all"}),
        ("notable models", {"select": "notable"}),
        ("larger than all before", {"select": "record"}),
        *((f"the {top} largest at release", {"select": "frontier", "top": top}) for top in (5, 10, 20)),
        ("the 10 largest of all, not of the notable", {"select": "frontier", "top": 10, "of_all": True}),
        ("large-scale models", {"select": "large-scale"}),
        ("models of regular scale", {"select": "regular-scale"}),
        ("without those built on another", {"fine_tunes": False}),
        ("confident figures only", {"confidence": ("Confident",)}),
        ("confident and likely figures", {"confidence": ("Confident", "Likely")}),
        ("language only", {"domain": "Language"}),
        ("open weights", {"open_weights": True}),
        ("without AlphaGo Zero and AlphaGo Master", {"without": ("AlphaGo Zero", "AlphaGo Master")}),
    ]
    return [("models", label, _with(asked, **models)) for label, models in choices]


def _windows(asked: Question) -> list[tuple[str, str, Question]]:
    last = asked.wanted.until
    return [
        ("window", f"from {since.year}", _with(asked, since=since))
        for since in (DEEP_LEARNING, date(2012, 1, 1), date(2015, 1, 1), RECENT, date(2020, 1, 1))
        if last is None or since < last
    ] + [("window", f"to {year}", _with(asked, until=date(year, 12, 31))) for year in (2020, 2023)]


def _tables(asked: Question) -> list[tuple[str, str, Question]]:
    found = [("table", name, replace(asked, data=name)) for name in vintages.entering(asked.data)]
    if asked.quantity == "compute":
        found.append(("values", "our estimates", replace(asked, values="estimated", data=vintages.DEFAULT)))
    return found


def _fits(asked: Question) -> list[tuple[str, str, Question]]:
    ways: list[tuple[str, str, dict[str, Any]]] = [
        ("median", "quantile", {"quantile": 0.5}),
        ("ninth decile", "quantile", {"quantile": 0.9}),
        ("Theil–Sen", "theil-sen", {}),
        ("last line, where a break is identified", "segmented", {}),
        ("after 2018, lines that meet", "two-era", {"knot": RECENT.isoformat()}),
    ]
    fits = [
        ("method", label, replace(asked, method=method, options=options))
        for label, method, options in ways
        if method in FITS
    ]
    return [
        *fits,
        ("resampling", "by model", replace(asked, by="model")),
        ("resampling", "by organization", replace(asked, by="organization")),
        ("resampling", "values redrawn as uncertain as they are", replace(asked, noise=True)),
    ]
