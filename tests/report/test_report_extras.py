"""What a report needs no extra for works without; what it does says which."""

from __future__ import annotations

from pathlib import Path

import pytest

from without_extras import without

EXTRAS = {"altair", "cryptography", "duckdb", "ibis", "jinja2", "markupsafe", "pandas", "polars", "pyarrow", "pypdf",
          "scipy", "vl_convert", "weasyprint", "yaml"}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("ending", ["json", "md"])
def test_a_report_without_a_page_needs_no_extra(tmp_path: Path, ending: str, language: str) -> None:
    out = tmp_path / f"r.{ending}"
    assert without(EXTRAS, "report", "make", "AlexNet", out, "--language", language)[0] == 0
    assert without(EXTRAS, "report", "verify", out)[0] == 0


@pytest.mark.parametrize("form", ["hf-card", "cyclonedx", "spdx"])
def test_a_report_for_other_tools_needs_no_extra(tmp_path: Path, form: str) -> None:
    assert without(EXTRAS, "report", "make", "AlexNet", tmp_path / "r", "--format", form)[0] == 0


@pytest.mark.parametrize(("ending", "extra"), [("html", "report"), ("pdf", "pdf")])
def test_a_page_names_its_extra(tmp_path: Path, ending: str, extra: str) -> None:
    out = tmp_path / f"r.{ending}"
    status, said = without(EXTRAS, "report", "make", "AlexNet", out)
    assert status != 0
    assert "Traceback" not in said
    assert f"pip install 'comptometer[{extra}]'" in said
    assert not out.exists()
