"""`comptometer check`: is the evidence plausible?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from comptometer.cli._complete import models
from comptometer.cli._print import FORMATS, emit_json, emit_rows, hint, json_option

if TYPE_CHECKING:
    from comptometer.checks import Finding, Rule
    from comptometer.inspection import Inspection

SEVERITIES = ("error", "warning", "note")
COLUMNS = ("severity", "id", "model", "name", "where", "text", "factor", "numbers", "suggestion")
READ = ("severity", "rule", "model", "factor", "found")
RULE_COLUMNS = ("id", "severity", "looks_at", "settles")


@click.command("check")
@click.argument("source", required=False, shell_complete=models)
@click.option("--data", metavar="VINTAGE", help="Look at the rows of this vintage, not at the catalogue.")
@click.option("--rule", "names", multiple=True, metavar="ID", help="Ask this rule only; may be given several times.")
@click.option("--severity", type=click.Choice(SEVERITIES), default="note", help="Show what is at least so severe.")
@click.option("--fail-on", type=click.Choice(SEVERITIES[:2]), help="Exit with 1 where something so severe is found.")
@click.option("--rules", "list_rules", is_flag=True, help="List the rules with what they look at, and do nothing else.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="How to print.")
@json_option
def command(
    source: str | None,
    data: str | None,
    names: tuple[str, ...],
    severity: str,
    fail_on: str | None,
    list_rules: bool,
    form: str,
    as_json: bool,
) -> int:
    """Plausibility of the evidence: figures that contradict each other, or what machines can do.

    SOURCE is a model of the catalogue, a dossier (.toml), or - for one on standard input; the whole catalogue if none
    is given. Every finding says where it is, the figures, the suspected factor and what would settle it. Nothing is
    corrected.

    \b
    Examples:
      comptometer check opt-175b --data epoch-2025-06
      comptometer check my-model.toml --fail-on error
      comptometer check --severity error
      comptometer check --data epoch-2025-06 --rule percent-as-share --format csv
      comptometer check --rules
    """
    from comptometer.inspection import rules_named

    rules = rules_named(names)
    if list_rules:
        if source is not None or data is not None:
            raise click.UsageError("--rules lists the rules and looks at nothing: leave out SOURCE and --data")
        _emit_rules(rules, form, as_json)
        return 0
    found = _inspected(source, data, names)
    worst = SEVERITIES.index(severity)
    shown = replace(found, findings=[f for f in found.findings if SEVERITIES.index(f.severity) <= worst])
    if as_json:
        emit_json(shown.to_dict())
    else:
        _emit(shown.findings, form)
        _summary(shown)
    return int(bool(fail_on) and found.holds(fail_on))  # type: ignore[arg-type]


def _inspected(source: str | None, data: str | None, names: tuple[str, ...]) -> Inspection:
    from comptometer import request
    from comptometer.check_request import check
    from comptometer.files import LARGEST_FILE

    today = date.today()
    if source != "-":
        return check(source, data=data, rule=names, as_of=today)
    own = request.from_bytes(sys.stdin.buffer.read(LARGEST_FILE + 1), today)
    return replace(check(own, data=data, rule=names, as_of=today), of=source)


def _emit(findings: Sequence[Finding], form: str) -> None:
    if form in {"table", "md"}:
        if findings:
            emit_rows(READ, [_for_people(finding) for finding in findings], form)
        return
    rows: list[dict[str, Any]] = [finding.to_dict() for finding in findings]
    if form in {"csv", "tsv"}:
        for row in rows:
            row["numbers"] = [f"{name}={value!r}" for name, value in row["numbers"].items()]
    emit_rows(COLUMNS, [{column: row[column] for column in COLUMNS} for row in rows], form)


def _for_people(finding: Finding) -> dict[str, str]:
    from comptometer import text

    return {
        "severity": finding.severity,
        "rule": finding.id,
        "model": finding.name,
        "factor": "" if finding.factor is None else f"× {text.number(finding.factor, 2)}",
        "found": f"{finding.text} ({finding.where})",
    }


def _summary(found: Inspection) -> None:
    """Counts per rule, beside the result."""
    for rule, number in found.counts().items():
        hint(f"{number:5}  {rule}")
    looked = f"{found.models} models" if found.models != 1 else found.of
    severities = [f"{sum(f.severity == word for f in found.findings)} {word}s" for word in SEVERITIES]
    hint(f"{looked} looked at with {len(found.rules)} rules: {', '.join(severities)}")


def _emit_rules(rules: Sequence[Rule], form: str, as_json: bool) -> None:
    rows = [{column: getattr(rule, column) for column in RULE_COLUMNS} for rule in rules]
    if as_json:
        from comptometer.release import data_version

        emit_json({"schema": "comptometer/check-rules/1", "data_version": data_version(), "rules": rows})
    else:
        emit_rows(RULE_COLUMNS if form not in {"table", "md"} else RULE_COLUMNS[:3], rows, form)
