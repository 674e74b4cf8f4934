"""`comptometer report`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from comptometer.cli._complete import models
from comptometer.cli._dates import Day
from comptometer.cli._print import emit_json, hint, json_option, wrapped


@click.group("report")
def command() -> None:
    """The compute report: what laws count of a model's training, with evidence that an auditor can follow."""


@command.command("make")
@click.argument("source", shell_complete=models)
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--as-of", type=Day(), help="The day that it is about. [today]")
@click.option("--language", type=click.Choice(("en", "zh")), default="en", show_default=True, help="Of its words.")
@click.option("--format", "form", metavar="FORMAT", help="json, html, pdf, md, hf-card, cyclonedx or spdx. [by OUT]")
@click.option(
    "--redact", type=click.Choice(("none", "public")), default="none", show_default=True,
    help="Leave confidential values out; their salted hashes stay.",
)  # fmt: skip
@click.option("--draft", is_flag=True, help="Although the evidence has problems; every page says so.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def make(
    source: str, out: Path, as_of: object, language: str, form: str | None, redact: str, draft: bool, force: bool
) -> None:
    """Write the report about a model of the catalogue or a dossier (.toml); OUT may be "-", with --format.

    \b
    Examples:
      comptometer report make llama-3.1-405b my-model.html
      comptometer report make my-model.toml my-model.pdf --language zh
      comptometer report make my-model.toml public.html --redact public
      comptometer report make my-model.toml - --format hf-card >> README.md
    """
    from datetime import date

    from comptometer.files import check_target, replace_file
    from comptometer.report.formats import format_of
    from comptometer.report.making import make as made
    from comptometer.report.redaction import public

    kind = format_of(out, form)
    if not (piped := str(out) == "-"):
        check_target(out, force=force)
    report = made(source, as_of if isinstance(as_of, date) else date.today(), draft=draft)
    if redact == "public":
        report = public(report)
    written = kind.write(report, language)
    if piped:
        sys.stdout.buffer.write(written)
    else:
        replace_file(out, written)
    said = f"{report['model']['name']}, {report['compute']['rounded']} FLOP, sha256 {report['integrity']['sha256']}"
    hint(f"{'standard output' if piped else out}: {said}")
    for problem in report["problems"]:
        hint(wrapped(f"draft: {problem}"))


@command.command("sign")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--key", type=click.Path(path_type=Path), required=True, metavar="KEY.pem", help="A private key, Ed25519."
)
@click.option("--role", type=click.Choice(("preparer", "reviewer", "approver")), required=True, help="Who signs.")
def sign(file: Path, key: Path, role: str) -> None:
    """Sign a report that holds; FILE is a .json that report make wrote, and gets the signature added.

    \b
    Examples:
      comptometer report sign my-model.json --key preparer.pem --role preparer
    """
    from comptometer.errors import DataError
    from comptometer.files import read_bytes, replace_file
    from comptometer.report.formats import FORMATS, read_from
    from comptometer.report.signing import signed
    from comptometer.report.verifying import verify as verified

    raw = read_bytes(file)
    report = read_from(raw, str(file))
    if problems := verified(report).problems:
        raise DataError(str(file), [*problems, "what does not hold is not signed"])
    if FORMATS["json"].write(report, "en") != raw:
        raise DataError(str(file), ["is not a .json as report make writes it: sign that one"])
    replace_file(file, FORMATS["json"].write(signed(report, read_bytes(key), role), "en"))
    hint(f"{file}: signed by the {role}")


@command.command("verify")
@click.argument("file", type=click.Path(path_type=Path, exists=False))
@click.option("--against", type=click.Path(path_type=Path), metavar="WHOLE", help="The whole version of a public one.")
@click.option("--ledger", type=click.Path(path_type=Path), metavar="FOLDER", help="The ledger that it rests on.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where files that its dossier names are.")
@json_option
def verify(file: Path, against: Path | None, ledger: Path | None, folder: Path | None, as_json: bool) -> int:
    """Look at a report: hashes, form, and every number worked out again from its evidence. Exits 1 where it fails.

    \b
    Examples:
      comptometer report verify my-model.json
      comptometer report verify public.html --against my-model.json
    """
    from comptometer.files import read_bytes
    from comptometer.report.formats import read_from
    from comptometer.report.verifying import verify as verified
    from comptometer.report.written import page_open, page_problems

    raw = read_bytes(file)
    report = read_from(raw, str(file))
    whole = read_from(read_bytes(against), str(against)) if against else None
    found = verified(report, against=whole, folder=folder, ledger=ledger)
    if found.holds:
        found.problems += page_problems(raw, report)
        found.open += page_open(raw)
    if as_json:
        emit_json(
            {"schema": "comptometer/report-verify/1", "file": str(file), "holds": found.holds,
             "problems": found.problems, "checked": found.checked, "open": found.open}
        )  # fmt: skip
        return int(not found.holds)
    for line in found.checked:
        click.echo(f"holds  {line}")
    for line in found.open:
        click.echo(f"open   {line}")
    for line in found.problems:
        click.echo(f"fails  {line}")
    click.echo(f"{file}: {'holds' if found.holds else 'does not hold'}")
    return int(not found.holds)
