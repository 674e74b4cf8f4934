"""The report as a text: for a repository, or for an issue. It carries the object in a comment at its end."""

from __future__ import annotations

from collections.abc import Sequence

from comptometer.report.formats import Report, carried, report_format
from comptometer.report.formats._spoken import activity_names, chances, range_of
from comptometer.report.formats._words import say
from comptometer.text import number, percent


@report_format("md", ending=".md", whole=True)
def write(report: Report, language: str) -> bytes:
    """Statement, verdicts, parts, method, evidence, notice."""
    names = activity_names(language)
    lines = [f"# {say('title', language, name=report['model']['name'])}", ""]
    lines += [f"**{say('draft', language)}**", ""] if report["draft"] else []
    lines += [say("public", language), ""] if report["redaction"] == "public" else []
    lines += [
        say(
            "statement-text", language, day=report["as_of"], name=report["model"]["name"],
            rounded=report["compute"]["rounded"], low=number(report["compute"]["p5"], 2),
            high=number(report["compute"]["p95"], 2),
        ),
        "", say("disclaimer", language), "",
    ]  # fmt: skip
    lines += [f"- {problem}" for problem in report["problems"]]
    lines += ["", f"## {say('chart', language)}", ""]
    heads = ("regulation", "line", "in-force", "counted", "probability", "verdict")
    rows = []
    for row in report["readings"]:
        if row["kind"] in {"hardware", "no-compute-threshold"}:
            continue
        title = row["zh"]["title"] if language == "zh" else row["title"]
        mark = "" if row["verified"] and row["counts_verified"] else f" ({say('unverified-mark', language)})"
        line = number(row["limit"]["p50"]) if row["limit"] else row["fraction"] or number(row["value"])
        rows.append([title + mark, f"{row['operator']} {line}", say("yes" if row["in_force"] else "no", language),
                     range_of(row["counted"]["low"], language, "none-said"), chances(row),
                     say(f"verdict-{row['verdict'] or 'none'}", language)])  # fmt: skip
    lines += [*_table([say(head, language) for head in heads], rows), "", say("cut-offs", language), ""]
    lines += [f"## {say('parts', language)}", ""]
    missing = "withheld" if report["redaction"] == "public" else "unknown"
    parts = [
        [part["name"], names[part["activity"]], range_of(part["flop"], language, missing)] for part in report["parts"]
    ]
    lines += [*_table([say(head, language) for head in ("part", "activity", "flop")], parts), ""]
    lines += [f"## {say('method', language)}", ""]
    methods = [
        [name, range_of(row, language, "none-said"), row.get("formula") or say("withheld", language)]
        for name, row in report["methods"].items()
    ]
    lines += [*_table([say(head, language) for head in ("method-name", "flop", "formula")], methods), ""]
    lines += [f"- {row['claim']}: {percent(row['share'])}" for row in report["sensitivity"][:8]]
    lines += ["", f"## {say('evidence', language)}", ""]
    evidence = [
        [
            row["about"],
            say("withheld", language) if row["value"] is None else row["value"],
            row["kind"],
            row["source"],
            row["where"],
        ]
        for row in report["evidence"]
    ]
    lines += [*_table([say(head, language) for head in ("about", "value", "kind", "source", "citation")], evidence), ""]
    if notice := report["disclosures"]["eu_notification"]:
        lines += [f"## {say('notification', language)}", "", f"> {notice['text']}", ""]
    lines += [f"{say('hash-report', language)}: `{report['integrity']['sha256']}`", "", carried(report), ""]
    return "\n".join(lines).encode()


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    told = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in told]
