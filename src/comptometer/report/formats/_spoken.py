"""A report in a language: how its quantities and names are written, on a page and in a text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from comptometer.report.disclosures import NOTIFIED, ROWS
from comptometer.report.formats import Report
from comptometer.report.formats._words import say
from comptometer.report.redaction import WITHHELD
from comptometer.text import chance, interval, number, percent
from comptometer.web import claim_words
from comptometer.web.wording import Wording

Row = Mapping[str, Any]
WHOLE = "training"  # the part of a model without stages


class Spoken:
    """What people read of a report; methods, claims and activities are called as on the web page."""

    def __init__(self, report: Report, language: str) -> None:
        self.report = report
        self.zh = language == "zh"
        self.language = language
        self._words = Wording("zh" if self.zh else "en")

    def say(self, key: str, **values: object) -> str:
        """A message with its blanks filled."""
        return say(key, self.language, **values)

    # Quantities

    def amount(self, found: Row | None, missing: str = "none-said") -> str:
        """A quantity with its interval; where there is none, the message that says why."""
        if found is None or found.get("withheld"):
            return self.say("withheld" if found else missing)
        ends = interval(found["p5"], found["p95"])
        return f"{number(found['p50'])} ({ends.replace(' to ', '–') if self.zh else ends})"

    def part(self, part: Row) -> str:
        """What a part is called; the whole of a training that has no stages, by its activity."""
        return str(part["name"]) if part["name"] != WHOLE else self.activities[part["activity"]]

    def part_amount(self, part: Row) -> str:
        """What a part took."""
        return self.amount(part["flop"], "withheld" if self.report["redaction"] == "public" else "unknown")

    @property
    def statement(self) -> str:
        """The first sentence."""
        compute = self.report["compute"]
        return self.say("statement-text", day=self.report["as_of"], name=self.report["model"]["name"],
                        rounded=compute["rounded"], low=number(compute["p5"], 2),
                        high=number(compute["p95"], 2))  # fmt: skip

    # Regulations

    @cached_property
    def main(self) -> Row | None:
        """The reading by the regulation that asks for a notice."""
        return next((row for row in self.report["readings"] if row["id"] == NOTIFIED), None)

    @cached_property
    def readings(self) -> list[Row]:
        """Those of lines about models, what is in force first."""
        rows = [row for row in self.report["readings"] if row["kind"] not in {"hardware", "no-compute-threshold"}]
        return sorted(rows, key=lambda row: not row["in_force"])

    @cached_property
    def lined(self) -> list[Row]:
        """Those that draw a line for this model."""
        return [row for row in self.report["readings"] if row["limit"]]

    def title(self, row: Row) -> str:
        """What a regulation is called."""
        return str(row["zh"]["title"] if self.zh else row["title"])

    def short(self, row: Row) -> str:
        """What it is called in few words."""
        return str(row["zh"]["short"] if self.zh else row["short"])

    def line(self, row: Row) -> str:
        """The line that it draws."""
        return f"{row['operator']} {number(row['limit']['p50']) if row['limit'] else _line(row)}"

    def chances(self, row: Row) -> str:
        """Of being above, by both readings where they differ."""
        share = row["probability_above"]
        if share is None:
            return "–"
        low, high = (chance(share[end]) for end in ("low", "high"))
        return low if low == high else f"{low} – {high}"

    def verdict(self, row: Row) -> str:
        """In a word."""
        return self.say(f"verdict-{row['verdict'] or 'none'}")

    def band(self, row: Row) -> str:
        """The same by the tolerance of the regulation."""
        return self.say(f"verdict-{row['band_verdict']}") if row["band_verdict"] else "–"

    def reason(self, row: Row, line: Row) -> str:
        """Why a regulation reads a part so; in English where nobody translated it."""
        return str((row["zh"]["reasons"] if self.zh else {}).get(line["activity"], line["reason"]))

    def read(self, row: Row, part: Row) -> str:
        """How a regulation reads a part, in a word."""
        line = next((line for line in row["lines"] if line["part"] == part["id"]), None)
        return self.say(line["reading"]) if line else "–"

    @property
    def duties(self) -> list[str]:
        """What has a term, by the regulations in force whose line is met, or may be."""
        return [
            self.say("duty", regulation=self.short(row), within=term["within"], what=term["what"],
                     where=f" ({term['citation']})" if term["citation"] else "")
            for row in self.readings if row["in_force"] and row["verdict"] in {"above", "undecided"}
            for term in (row["zh"] if self.zh else row)["deadlines"]
        ]  # fmt: skip

    # Parts, methods, evidence

    @property
    def bases(self) -> str:
        """The models that it was made from, and how."""
        rows = self.report["model"]["bases"]
        return self.say("comma").join(f"{row['name']} ({self.say('relation-' + row['relation'])})" for row in rows)

    @cached_property
    def activities(self) -> Mapping[str, str]:
        """What each activity is called."""
        named = {part["activity"] for part in self.report["parts"]}
        named |= {kind for row in self.report["readings"] for kind in row["gaps"]} | {*self.report["none"]}
        return {kind: self._words(f"activity.{kind}") for kind in named}

    def called(self, kinds: Iterable[str]) -> str:
        """Activities, one after the other."""
        return self.say("comma").join(self.activities[kind] for kind in kinds)

    def method(self, name: str) -> str:
        """What a method is called."""
        return claim_words.method(name, self._words)

    @property
    def methods(self) -> str:
        """Those that the result rests on."""
        return self.say("comma").join(self.method(name) for name in self.report["agreement"]["weights"])

    def weight(self, name: str) -> str:
        """A method's weight in the result."""
        weights = self.report["agreement"]["weights"]
        return percent(weights[name]) if name in weights else "–"

    @property
    def agreement(self) -> str:
        """How the methods stand to each other."""
        found = self.report["agreement"]
        ratio = self.say("agreement-ratio", ratio=number(found["ratio"])) if found["ratio"] else ""
        return self.say("agreement", verdict=self._words(f"verdict.{found['verdict']}"), ratio=ratio)

    @property
    def causes(self) -> list[str]:
        """What may have set the methods apart, most likely first, with its factor."""
        words, rows = self._words, self.report["agreement"]["hypotheses"][:4]
        told = [(f"hypothesis.{row['id']}", row) for row in rows]
        return [f"{words(key) if words.has(key) else row['text']} (× {number(row['factor'])})" for key, row in told]

    @property
    def drivers(self) -> list[tuple[str, float]]:
        """What the uncertainty comes from, with its share."""
        return [(self._driver(row["claim"]), row["share"]) for row in self.report["sensitivity"][:8]]

    def about(self, row: Row) -> str:
        """What a piece of evidence is about, and of which part."""
        return self._driver(row["id"])

    def _driver(self, claim: str) -> str:
        return self.say("withheld") if claim.startswith(WITHHELD) else claim_words.driver(claim, self._words)

    # Annexes

    @property
    def form(self) -> list[tuple[str, list[str]]]:
        """The rows of the form: what each is called, and what each reader of it is told."""
        readers = self.report["disclosures"]["mdf"].values()
        return [
            (self.say(f"row-{key}"), [self._cell(rows.get(key)) for rows in readers])
            for key in ROWS
            if any(key in rows for rows in readers)
        ]

    def _cell(self, value: str | Mapping[str, str] | None) -> str:
        if value is None:
            return "–"
        return "; ".join(value.values()) if isinstance(value, Mapping) else value


def _line(row: Row) -> str:
    return str(row["fraction"] or number(row["value"]))
