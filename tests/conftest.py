"""What several tests share."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from claims import HEAD, claim
from comptometer.dossier_file import read_dossier
from comptometer.records import Dossier
from ledger_folder import Folder

# The same examples on every machine, and no opinion on how fast a machine makes them.
settings.register_profile("repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture
def written() -> Callable[..., Dossier]:
    """A dossier from claims: `written(("tokens", "1T"), …)`; each claim a tuple or a dict with extra keys."""

    def write(*claims: tuple[str, str] | dict[str, str], head: str = HEAD) -> Dossier:
        parts = [claim(*item) if isinstance(item, tuple) else claim(**item) for item in claims]
        return read_dossier((head + "".join(parts)).encode(), "test.toml", "test/model")

    return write


@pytest.fixture
def shared() -> Path:
    """Reference data beside the checkout, where they are present."""
    if not SHARED.is_dir():
        pytest.skip("the reference data are not beside this checkout")
    return SHARED


MODELS_HEADER = [
    "Model", "Organization", "Publication date", "Domain", "Parameters", "Training compute (FLOP)", "Link",
    "Training dataset size (total)", "Dataset size notes", "Parameters notes", "Training compute notes",
    "Hardware utilization (MFU)", "Country (of organization)", "Task", "Confidence", "Reference", "Training hardware",
    "Training dataset", "Training time (hours)", "Base model", "Citations",
]  # fmt: skip
MODELS_ROW = {
    "Model": "Abacus 1", "Organization": 'MIT,"SambaNova Systems, Inc"', "Publication date": "2024-05-31",
    "Domain": "Language,Vision", "Parameters": "7000000000.0", "Training compute (FLOP)": "8.4e+22",
    "Link": "https://arxiv.org/abs/2405.00001v2", "Country (of organization)": "France,France",
}  # fmt: skip


@pytest.fixture
def models_table() -> Callable[..., str]:
    """A table of models as Epoch AI publishes them, from cells: `models_table({}, {"Model": "Abacus 2"})`."""

    def write(*rows: dict[str, str]) -> str:
        text = io.StringIO()
        writer = csv.DictWriter(text, MODELS_HEADER, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**MODELS_ROW, **row} for row in rows)
        return text.getvalue()

    return write


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A ledger that is not there yet."""
    return Folder(tmp_path / "ledger")
