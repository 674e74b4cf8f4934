"""The card of a relation: the exponent, how well it fits, over which models."""

from __future__ import annotations

from comptometer import text
from comptometer.cards import Card, card
from comptometer.charts.relation import definition, title_of
from comptometer.relation import Relation


@card("Relation")
def of_relation(found: Relation) -> Card:
    """The exponent with its interval, and the definition behind it."""
    law = found.law
    level = [10**end for end in law.level.interval()]
    middle = f"{found.y.unit} at {text.number(10**law.middle)} {found.x.unit}"
    scatter = f"scatter {text.number(law.residual_sd, 2)} dex"
    return Card(
        title=title_of(found, "en"),
        lead=f"r² {text.number(law.r2, 2)}, {scatter}, {law.n} models of {found.organizations} organizations",
        columns=("", "least squares", "90%"),
        rows=[
            ["exponent", text.number(law.exponent.estimate), text.interval(*law.exponent.interval(), 3)],
            [middle, text.number(10**law.level.estimate), text.interval(level[0], level[1], 3)],
        ],
        numeric=(1,),
        foot=[definition(found, "en"), f"{found.asked - law.n} of {found.asked} models lack one of the two"],
    )
