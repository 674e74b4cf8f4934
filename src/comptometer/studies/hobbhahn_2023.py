"""Hobbhahn, Heim and Aydos 2023, and Hobbhahn and Besiroglu 2022: trends in hardware for machine learning."""

from __future__ import annotations

from comptometer.studies import Replication, study
from comptometer.studies._targets import replication

NAME = "hobbhahn-2023"


@study(NAME)
def hobbhahn_2023() -> Replication:
    """Recompute the doubling times of chips' performance, efficiency, memory and price on pinned tables of chips."""
    return replication(NAME)
