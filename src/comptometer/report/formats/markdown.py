"""The report as a text: for a repository, or for an issue. It carries the object in a comment at its end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from comptometer.report.formats import Report, carried, report_format
from comptometer.report.formats._spoken import Spoken
from comptometer.text import percent

# What a text of others could do to a page of Markdown: begin markup, a link or HTML.
_SIGNS = re.compile(r"([\\`*_\[\]<>|~])")


@report_format("md", ending=".md", whole=True)
def write(report: Report, language: str) -> bytes:
    """The six parts of the page, with tables in place of its pictures."""
    told = Spoken(report, language)
    lines = [f"# {told.say('title', name=_plain(report['model']['name']))}", ""]
    lines += [f"**{told.say('draft')}**", ""] if report["draft"] else []
    lines += [told.say("public"), ""] if report["redaction"] == "public" else []
    for part in (_statement, _lines, _parts, _method, _evidence, _annexes):
        lines += [*part(told), ""]
    return "\n".join([*lines, carried(report), ""]).encode()


def _statement(told: Spoken) -> Iterable[str]:
    report, say = told.report, told.say
    yield from (f"## {say('statement')}", "", f"**{_plain(told.statement)}**", "")
    yield from (f"{say('method-text', method=told.methods)} **{say('disclaimer')}**", "")
    model, people = report["model"], report["people"]
    facts = [
        ("status", say(f"status-{report['status']}")),
        *((key, model[key]) for key in ("developer", "published") if model[key]),
        *([("bases", told.bases)] if told.bases else []),
        *((key, people[key] or say("none-said")) for key in ("preparer", "reviewer", "contact")),
    ]
    yield from (f"- {say(key)}: {_plain(value)}" for key, value in facts)
    if report["problems"]:
        yield from ("", f"### {say('problems')}", "", *_list(report["problems"]))


def _lines(told: Spoken) -> Iterable[str]:
    say = told.say
    yield from (f"## {say('chart')}", "")
    heads = ("regulation", "line", "in-force", "counted", "probability", "verdict", "band")
    rows = []
    for row in told.readings:
        low, high = row["counted"]["low"], row["counted"]["high"]
        more = f"; {say('inclusive')}: {told.amount(high)}" if high and low != high else ""
        line = f"{told.line(row)}, {row['limit_why']}" if row["limit_why"] else told.line(row)
        mark = "" if row["verified"] and row["counts_verified"] else f" ({say('unverified-mark')})"
        rows.append([told.title(row) + mark, line, say("yes" if row["in_force"] else "no"), told.amount(low) + more,
                     told.chances(row), told.verdict(row), told.band(row)])  # fmt: skip
    yield from _table([say(head) for head in heads], rows)
    yield from ("", f"{say('cut-offs')} {say('unverified')}")
    if told.duties:
        yield from ("", f"### {say('duties')}", "", *_list(told.duties))


def _parts(told: Spoken) -> Iterable[str]:
    report, say, main = told.report, told.say, told.main
    yield from (f"## {say('parts')}", "")
    if main:
        parts = {part["id"]: part for part in report["parts"]}
        yield from (f"{told.title(main)}" + ("" if main["counts_verified"] else f" ({say('unverified-mark')})"), "")
        heads = ("part", "activity", "flop", "reading", "basis", "citation", "reason")
        rows = []
        for line in main["lines"]:
            part = parts[line["part"]]
            doubt = "" if part["stated"] else f" ({say('taken-for')})"
            rows.append([told.part(part), told.activities[line["activity"]] + doubt, told.part_amount(part),
                         say(line["reading"]), say(f"basis-{line['basis']}"), line["citation"],
                         told.reason(main, line)])  # fmt: skip
        yield from (*_table([say(head) for head in heads], rows), "")
        if main["unknown"]:
            yield from (_plain(say("unknown-parts", parts=", ".join(main["unknown"]))), "")
        if main["gaps"]:
            yield from (say("gaps", gaps=told.called(main["gaps"])), "")
    if report["none"]:
        yield from (say("not-done", none=told.called(report["none"])), "")
    yield from (f"### {say('others')}", "")
    rows = [[told.part(part), *(told.read(row, part) for row in told.lined)] for part in report["parts"]]
    yield from _table([say("part"), *(told.short(row) for row in told.lined)], rows)


def _method(told: Spoken) -> Iterable[str]:
    report, say = told.report, told.say
    yield from (f"## {say('method')}", "")
    rows = [
        [told.method(name), told.amount(row), told.weight(name), row.get("formula") or say("withheld")]
        for name, row in report["methods"].items()
    ]
    yield from _table([say(head) for head in ("method-name", "flop", "weight", "formula")], rows)
    yield from ("", f"{told.agreement} {say('recompute')}", *(["", *_list(told.causes)] if told.causes else []))
    if told.drivers:
        yield from (
            "",
            f"### {say('tornado')}",
            "",
            *_list(f"{name}: {percent(share)}" for name, share in told.drivers),
        )
    if report["warnings"]:
        yield from ("", f"### {say('warnings')}", "", *_list(report["warnings"]))


def _evidence(told: Spoken) -> Iterable[str]:
    report, say = told.report, told.say
    yield from (f"## {say('evidence')}", "")
    rows = []
    for row in report["evidence"]:
        doubt = "" if row["verified"] else f" ({say('unverified-mark')})"
        value = say("withheld") if row["value"] is None else row["value"]
        rows.append([told.about(row), value, say(f"kind-{row['kind']}") + doubt, row["source"], row["where"],
                     row["sha256"]])  # fmt: skip
    yield from _table([say(head) for head in ("about", "value", "kind", "source", "citation", "hash")], rows)
    yield from ("", f"### {say('sources')}", "")
    for row in report["sources"]:
        link = f", <{row['url']}>" if row["url"] else ""
        yield f"- {_plain(row['id'])}: {_plain(row['title'])}{link} ({say('grade-' + row['grade'])})"


def _annexes(told: Spoken) -> Iterable[str]:
    report, say = told.report, told.say
    yield f"## {say('annexes')}"
    if notice := report["disclosures"]["eu_notification"]:
        yield from ("", f"### {say('notification')}", "", f"> {_plain(notice['text'])}")
    readers = [say(reader.lower()) for reader in report["disclosures"]["mdf"]]
    yield from ("", f"### {say('form')}", "", *_table([say("row"), *readers], [[k, *cells] for k, cells in told.form]))
    yield from ("", f"### {say('energy')}", "")
    energy = report["energy"]
    if energy:
        yield from _list(f"{say(f'boundary-{name}')}: {told.amount(found)}" for name, found in energy.items())
    else:
        yield say("energy-none")
    yield from ("", f"### {say('replay')}", "", say("replay-text"))
    integrity = report["integrity"]
    yield from ("", f"### {say('integrity', canonical=integrity['canonicalisation'])}", "")
    hashes = {"report": integrity["sha256"], "whole": integrity.get("whole"), "evidence": integrity["evidence_root"],
              "ledger": integrity["ledger_head"]}  # fmt: skip
    yield from (f"- {say(f'hash-{name}')}: `{value}`" for name, value in hashes.items() if value)
    yield from (
        "",
        f"### {say('packs')}",
        "",
        *(f"- {name}: `{value}`" for name, value in report["tool"]["packs"].items()),
    )
    yield from ("", f"{report['tool']['name']}, data {report['tool']['data_version']}")


def _plain(text: str) -> str:
    """A text of others: its signs are signs, and it is one line."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))


def _list(texts: Iterable[str]) -> list[str]:
    return [f"- {_plain(text)}" for text in texts]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    told = [[_plain(cell) for cell in row] for row in (heads, *rows)]
    told.insert(1, ["---"] * len(heads))
    return ["| " + " | ".join(row) + " |" for row in told]
