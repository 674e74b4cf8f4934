"""Regulations on file: their shape, their facts, and what the reference data say of the same."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from comptometer import law, regulations
from comptometer.documents.thresholds import ThresholdDocument
from comptometer.errors import DataError, NotFound
from comptometer.regulations import drawn_lines, regulation
from comptometer.release import DATA
from comptometer.thresholds import document

FILE = """
title = "Act"
short = "Act"
law = "Act 1"
jurisdiction = "EU"
kind = "training-compute"
quantity = "cumulative"
operator = ">"
threshold = 1e24
unit = "FLOP"
status = "draft"
source = "https://example.org"
source_kind = "unverified"
verified = false
counts_verified = false
[zh]
title = "法"
short = "法"
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of one's own for regulations."""
    folder = tmp_path / "regulations"
    folder.mkdir()
    monkeypatch.setenv("COMPTOMETER_DATA", str(tmp_path))
    regulations.regulations.cache_clear()
    yield folder
    regulations.regulations.cache_clear()


@pytest.mark.parametrize("one", regulations.regulations(), ids=lambda one: one.id)
def test_every_regulation_is_cited_and_read_in_both_languages(one: law.Regulation) -> None:
    assert one.law
    assert one.note
    assert one.source.startswith("https://")
    assert all(row.citation for row in one.counts)
    assert one.zh["title"] != one.title
    assert bool(one.zh["status_note"]) == bool(one.status_note)
    ThresholdDocument.model_validate(document(one))


def test_every_regulation_file_is_read() -> None:
    assert [one.id for one in regulations.regulations()] == sorted(
        path.stem for path in DATA.glob("regulations/*.toml")
    )


def test_what_is_verified_says_more_than_what_is_not() -> None:
    assert {one.id for one in regulations.regulations() if one.verified} == {"eu-ai-act-51-2", "us-ca-sb53"}
    assert all(one.source_kind == "primary text" for one in regulations.regulations() if one.verified)


def test_known_facts() -> None:
    act, korea, chips = (regulation(name) for name in ("eu-ai-act-51-2", "kr-ai-basic-act", "us-export-3a090"))
    assert (act.operator, act.line, act.tolerance) == (">", 1e25, 0.3)  # Article 51(2); guidelines, annex A.2
    assert {row.activity for row in act.counted("exclude")} >= {"recomputation", "evaluation", "teacher-train"}
    assert (korea.operator, korea.line) == (">=", 1e26)
    assert chips.line is None
    assert regulation("eu-modifier-one-third").threshold_fraction == (1, 3)
    for row in chips.examples:  # TPP = 2 × MacTOPS × bits, one multiply-accumulate being two operations
        assert row["tflop_per_second"] * row["bits"] == row["tpp"]


def test_charts_draw_the_lines_in_force_once_an_amount() -> None:
    assert [one.id for one in drawn_lines()] == ["eu-gpai-1e23", "eu-ai-act-51-2", "us-ca-sb53"]


def test_the_activities_of_the_drafts_are_those_of_the_files(shared: Path) -> None:
    for path in sorted((shared / "data" / "regulations").glob("*.toml")):
        draft, ours = tomllib.loads(path.read_text(encoding="utf-8")), regulation(path.stem)
        for key in ("kind", "quantity", "unit", "source", "verified", "counts_verified"):
            assert getattr(ours, key) == draft[key], (path.stem, key)
        for key in ("operator", "threshold", "in_force_from", "in_force_until", "tolerance"):
            assert getattr(ours, key) == draft.get(key), (path.stem, key)
        assert [(row.activity, row.reading, row.basis, row.citation) for row in ours.counts] == [
            (row["activity"], row["reading"], row["basis"], row["citation"]) for row in draft["counts"]
        ]


def test_an_unknown_regulation_names_the_nearest() -> None:
    with pytest.raises(NotFound, match="eu-ai-act-51-2"):
        regulation("eu-ai-act-51")


def test_a_regulation_of_ones_own_is_read(own: Path) -> None:
    (own / "act-1.toml").write_text(FILE, encoding="utf-8")
    assert regulation("act-1").line == 1e24
    assert regulation("eu-ai-act-51-2").line == 1e25


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("threshold = 1e24\n", ""), "threshold_fraction"),
        (("threshold = 1e24", "threshold = -1"), "threshold"),
        (('operator = ">"\n', ""), "operator"),
        (('status = "draft"', 'status = "maybe"'), "status"),
        (("https://example.org", "javascript:alert(1)"), "source"),
        (('title = "法"\n', 'title = "法"\nconditions = ["一"]\n'), "as many conditions"),
        (("[zh]", 'counts = [{activity = "pretrain", reading = "include", basis = "silent"}]\n[zh]'), "no citation"),
        (("[zh]", 'counts = [{activity = "praying", reading = "include", basis = "silent"}]\n[zh]'), "activity"),
        (("verified = false\n", "verfied = false\n"), "did you mean 'verified'"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(own: Path, change: tuple[str, str], said: str) -> None:
    (own / "act-1.toml").write_text(FILE.replace(*change, 1), encoding="utf-8")
    with pytest.raises(DataError, match=said) as caught:
        regulations.regulations()
    assert "act-1.toml" in str(caught.value)


def test_every_activity_is_in_some_file() -> None:
    used = {row.activity for one in regulations.regulations() for row in one.counts}
    assert used == set(get_args(law.Activity))
