"""A curated dossier that repeats a table's compute repeats it as the table means it: its value, as wide as its word."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

from comptometer import vintages
from comptometer.bulk import CONFIDENCE, UNSAID
from comptometer.dossiers import dossier, dossier_ids
from comptometer.library import library
from comptometer.model_row import ModelRow
from comptometer.records import Claim

COLUMN = "Training compute (FLOP)"
INTERVAL = re.compile(r"\(.* to .*\)")  # stated by the table beside its value


def repeated() -> Iterator[tuple[Claim, ModelRow]]:
    """The compute claims of curated dossiers that are of a shipped table, each with its row."""
    items = library().items
    for dossier_id in dossier_ids():
        item = items[dossier_id]
        rows = dict([(item.vintage, item.row), *item.history])
        for claim in dossier(dossier_id, shipped=True).all_claims():
            row = rows.get(claim.source.removesuffix("-models"))
            if claim.about == "compute" and row and row.compute:
                yield claim, row


REPEATED = list(repeated())
OWN_VALUE = [pair for pair in REPEATED if COLUMN in pair[0].where]


def ends(claim: Claim) -> tuple[float, float, float]:
    assert claim.belief is not None
    low, middle, high = claim.belief.quantile(np.array([0.05, 0.5, 0.95]))
    return float(low), float(middle), float(high)


def test_dossiers_that_rest_on_a_table_are_found_in_every_table_but_the_oldest() -> None:
    sources = {claim.source for claim, _ in OWN_VALUE}
    assert {f"{name}-models" for name in vintages.names()} - sources == {"epoch-2024-05-models"}


@pytest.mark.parametrize(("claim", "row"), OWN_VALUE, ids=[claim.id for claim, _ in OWN_VALUE])
def test_the_middle_of_a_table_s_figure_is_the_table_s(claim: Claim, row: ModelRow) -> None:
    assert ends(claim)[1] == pytest.approx(row.compute, rel=0.01)


@pytest.mark.parametrize(("claim", "row"), REPEATED, ids=[claim.id for claim, _ in REPEATED])
def test_a_table_s_figure_is_as_wide_as_its_word_unless_the_table_gives_an_interval(
    claim: Claim, row: ModelRow
) -> None:
    low, middle, high = ends(claim)
    if INTERVAL.search(claim.value) or middle != pytest.approx(row.compute, rel=0.02):
        return
    factor = CONFIDENCE.get(row.confidence.casefold(), UNSAID)
    assert [high / middle, middle / low] == pytest.approx([factor, factor])
