"""Without an extra the command says what to install, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger_folder import export, job
from without_extras import without


@pytest.mark.parametrize("name", ["pyarrow", "duckdb", "ibis"])
def test_the_ledger_names_its_extra(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "ledger"
    if name != "pyarrow":
        assert without(set(), "ledger", "import", "sacct", "-", "--tz", "UTC", "--ledger", folder,
                       stdin=export(job(1)))[0] == 0  # fmt: skip
        status, said = without({name}, "ledger", "total", "--ledger", folder)
    else:
        status, said = without({name}, "ledger", "import", "sacct", "-", "--tz", "UTC", "--ledger", folder,
                               stdin=export(job(1)))  # fmt: skip
        assert not list(folder.glob("*.jsonl"))
    assert status != 0
    assert "Traceback" not in said
    assert name in said
    assert "pip install 'comptometer[ledger]'" in said


def test_spark_names_its_extra(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    assert without(set(), "ledger", "import", "sacct", "-", "--tz", "UTC", "--ledger", folder,
                   stdin=export(job(1)))[0] == 0  # fmt: skip
    status, said = without({"pyspark"}, "ledger", "total", "--backend", "spark", "--ledger", folder)
    assert status != 0
    assert "Traceback" not in said
    assert "comptometer[ledger,spark]" in said
