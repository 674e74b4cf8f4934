"""Objects in a notebook: static cards in HTML and Markdown, and charts that are found without being imported."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import pytest

import comptometer
from comptometer.cards import Card
from comptometer.notebook import CARDS, PICTURES
from comptometer.profile import profile

HOSTILE = "<img src=x onerror=alert(1)>|`*_[a](javascript:b)"
OBJECTS: dict[str, Any] = {
    "Entry": lambda: comptometer.estimate("Llama 3.1-405B"),
    "Estimate": lambda: comptometer.estimate(params="7B", tokens="1T to 2T").value,
    "Answer": comptometer.trend,
    "Relation": comptometer.relate,
    "OpCount": lambda: comptometer.count("alexnet"),
    "Chip": lambda: comptometer.chips["h100-sxm"],
    "Chips": lambda: comptometer.chips,
    "Models": lambda: comptometer.models,
    "Profile": lambda: profile("GPT-3"),
    "Projection": lambda: comptometer.project(to=2028),
}
SAID = {
    "Entry": ("3.9e25 FLOP", "hardware-time", "15.6T token", "consistent"),
    "Estimate": ("FLOP", "tokens"),
    "Answer": ("doubles every", "Notable models", "r²"),
    "Relation": ("exponent 1.42", "Notable models", "r²"),
    "OpCount": ("4.136e9", "1,331,569,728", "convolution"),
    "Chip": ("NVIDIA H100", "989.4", "1979"),
    "Chips": ("chips", "TFLOP/s"),
    "Models": ("models", "more"),
    "Profile": ("GPT-3", "Rank 1", "parameters-tokens"),
    "Projection": ("Projection from", "2028", "Limits"),
}


class Tags(HTMLParser):
    """The elements of a text, with their attributes; complains where they do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_card_is_tried_here() -> None:
    assert set(CARDS) == set(OBJECTS)


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_shows_a_static_card(name: str) -> None:
    shown = OBJECTS[name]()._repr_mimebundle_()
    assert set(shown) == {"text/plain", "text/html", "text/markdown"}
    tags = Tags(shown["text/html"]).found
    assert {tag for tag, _ in tags} <= {"div", "strong", "table", "thead", "tbody", "tr", "th", "td", "code"}
    assert {key for _, facts in tags for key in facts} <= {"style", "scope"}
    assert not re.search(r"#[0-9a-f]{3,6}\b|url\(", shown["text/html"])  # colours are those around it
    for part in SAID[name]:
        assert part in shown["text/html"]
    assert "\n" not in shown["text/plain"]
    assert len(shown["text/plain"]) < 400


@pytest.mark.parametrize("name", OBJECTS)
def test_the_table_in_markdown_is_whole(name: str) -> None:
    lines = [line for line in OBJECTS[name]()._repr_mimebundle_()["text/markdown"].split("\n") if line.startswith("|")]
    assert len(lines) > 2
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


def test_names_are_text_and_never_markup() -> None:
    shown = comptometer.estimate(params="7B", tokens="1T", name=HOSTILE)._repr_mimebundle_()
    assert "<img" not in shown["text/html"]
    assert r"\<img" in shown["text/markdown"]
    assert r"\[a\](javascript:b)" in shown["text/markdown"]


def test_many_models_are_listed_without_computing_them_all() -> None:
    shown = comptometer.models._repr_html_()
    assert shown.count("<tr>") == 11
    assert "and 2,6" in shown


def test_a_card_without_rows_has_no_table() -> None:
    card = Card(title="a", lead="b")
    assert "<table" not in card.html()
    assert (card.plain(), card.markdown()) == ("a: b", "**a**\n\nb")


@pytest.mark.parametrize("name", ["Entry", "Answer"])
def test_an_object_draws_its_chart(name: str) -> None:
    altair = pytest.importorskip("altair", reason="the extra charts is not installed")
    wide, narrow = (OBJECTS[name]().chart(theme="dark", width=width) for width in (800, 500))
    assert isinstance(wide, altair.LayerChart)
    assert wide.to_dict()["width"] - narrow.to_dict()["width"] == 300
    assert f"picture-of-{name}" in PICTURES


def test_charts_are_not_imported_before_one_is_wanted() -> None:
    program = (
        "import sys, comptometer; e = comptometer.estimate(params='7B', tokens='1T'); repr(e); "
        "late = ('comptometer.charts', 'comptometer.cards', 'altair'); "
        "print([name for name in sys.modules if name.startswith(late)])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
