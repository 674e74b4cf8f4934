"""What needs no extra works without; what does says which."""

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


@pytest.mark.parametrize(
    "command", [("serve", "--no-open", "--port", "0"), ("site", "site"), ("chart", "trend", "x.svg")]
)
def test_what_people_look_at_names_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    status, said = without(EXTRAS | {"fastapi", "uvicorn"}, *command)
    assert status != 0
    assert "the extra: pip install 'comptometer[" in said
    assert "error of ours" not in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "command",
    [("estimate", "gpt-3"), ("explain", "gpt-3"), ("models", "list"), ("models", "show", "gpt-3"), ("chips", "list"),
     ("cost", "gpt-3"), ("trend",), ("relation",), ("decompose",), ("forecasts",), ("calibrate",), ("check", "gpt-3"),
     ("replicate", "openai-2018"), ("thresholds", "list"), ("thresholds", "check", "gpt-4"), ("count", "alexnet"),
     ("thresholds", "plan", "eu-ai-act-51-2", "--params", "70B"), ("schema", "report"), ("project", "--to", "2030")],
)  # fmt: skip
def test_what_is_asked_in_a_terminal_needs_no_extra(command: tuple[str, ...]) -> None:
    status, said = without(EXTRAS, *command)
    assert status == 0, said
