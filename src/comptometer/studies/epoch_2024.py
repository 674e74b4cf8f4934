"""Sevilla and Roldan 2024: training compute of frontier models grows by 4 to 5 times a year."""

from __future__ import annotations

from comptometer.studies import Replication, study
from comptometer.studies._targets import replication

NAME = "epoch-2024"


@study(NAME)
def epoch_2024() -> Replication:
    """Recompute the growth rates of the study on the table that its authors had, and on later editions."""
    return replication(NAME)
