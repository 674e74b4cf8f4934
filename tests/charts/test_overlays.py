from datetime import date
from typing import Any

import pytest

from comptometer.charts import Look, specification
from comptometer.charts._overlays import NAMES, asked_for, eras
from comptometer.errors import UsageError
from comptometer.studies import published

pytest.importorskip("altair")

EVERYTHING = f"show={','.join(NAMES)}"


def words(found: dict[str, Any], name: str) -> list[str]:
    return [row["text"] for rows, drawn in found["datasets"].items() if rows.startswith(f"{name}_") for row in drawn]


def titles(part: Any) -> set[str]:
    if isinstance(part, list):
        return {title for inner in part for title in titles(inner)}
    if not isinstance(part, dict):
        return set()
    own = {part["title"]} if "tickSize" in part and "title" in part else set()
    return own | {title for inner in part.values() for title in titles(inner)}


def test_a_chart_shows_what_its_question_asks_for_and_says_where_it_comes_from() -> None:
    found = specification(f"trend:{EVERYTHING}", Look())
    assert [row["flop"] for row in found["datasets"]["thresholds"]] == [1e23, 1e25, 1e26]
    assert any("systemic risk" in said for said in words(found, "thresholds"))
    assert any("3.43 months" in said for said in words(found, "article"))
    assert words(found, "eras") == ["deep learning", "large-scale"]
    note = found["usermeta"]["comptometer"]["note"]
    assert "Regulation (EU) 2024/1689" in note
    assert "openai.com/index/ai-and-compute" in note
    assert "arxiv.org/abs/2202.05924" in note


def test_a_chart_shows_none_of_it_unasked() -> None:
    assert not {"thresholds", "article", "eras"} & set(specification("trend", Look())["datasets"])


def test_only_eras_stand_behind_what_is_not_compute() -> None:
    found = specification(f"trend:quantity=parameters&{EVERYTHING}", Look())
    assert {"thresholds", "article", "eras"} & set(found["datasets"]) == {"eras"}
    assert "2024/1689" not in found["usermeta"]["comptometer"]["note"]


def test_eras_start_on_the_days_of_the_study() -> None:
    since = {t["id"]: t["question"]["since"] for t in published("sevilla-2022")["targets"]}
    rows = eras((date(1950, 1, 1), date(2026, 1, 1)), "en")
    assert [row["since"] for row in rows] == ["1950-01-01", since["deep-learning"], since["large-scale"]]
    assert [row["until"] for row in rows] == [since["deep-learning"], since["large-scale"], "2026-01-01"]


def test_an_unknown_overlay_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="'moon' cannot be shown; known: thresholds, line-2018, eras"):
        asked_for("show=eras,moon")


@pytest.mark.parametrize("name", ["trend", "frontier"])
def test_a_narrow_picture_has_one_axis_of_amounts(name: str) -> None:
    assert "petaFLOP/s-days" in titles(specification(name, Look())["layer"])
    assert "petaFLOP/s-days" not in titles(specification(name, Look(width=270, height=380))["layer"])


def test_domains_have_six_kinds_in_a_fixed_order() -> None:
    spec = specification("trend", Look())
    points = next(
        layer
        for layer in spec["layer"][0]["layer"]
        if layer["data"] == {"name": "points"} and "fill" in layer["encoding"]
    )
    kinds = points["encoding"]["fill"]["scale"]["domain"]
    assert kinds == ["language", "vision, images, video", "games", "multimodal", "biology", "other domains"]
    assert {row["kind"] for row in spec["datasets"]["points"]} == set(kinds)
