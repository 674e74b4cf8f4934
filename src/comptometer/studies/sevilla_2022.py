"""Sevilla, Heim, Ho, Besiroglu, Hobbhahn and Villalobos 2022: compute trends across three eras of machine learning."""

from __future__ import annotations

from comptometer.studies import Replication, study
from comptometer.studies._targets import replication

NAME = "sevilla-2022"


@study(NAME)
def sevilla_2022() -> Replication:
    """Recompute the doubling times of the three eras on pinned tables; the authors' own sheet was not found."""
    return replication(NAME)
