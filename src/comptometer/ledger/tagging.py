"""What somebody says of attempts by hand: added to the ledger as an import of its own, never written over."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from comptometer.errors import UsageError
from comptometer.ledger.parquet import Writer
from comptometer.ledger.rows import Tag
from comptometer.ledger.storage import FIRST, Import, Ledger
from comptometer.ledger.totals import Book

KIND = "tag"
NAME = re.compile(r"[\w.-]+")


def tag(
    ledger: Ledger,
    tags: Mapping[str, str],
    where: Mapping[str, str],
    rules_file: Path | None = None,
    *,
    dry: bool = False,
) -> int:
    """Give tags to the attempts that fit; an empty value takes a tag away.

    Args:
        ledger: with the attempts.
        tags: values by name. `model`, `stage` and `run` come before what the source and the rules say.
        where: values by dimension, as of `Book.total`.
        rules_file: that hold while attempts are chosen.
        dry: write nothing.

    Returns:
        how many attempts fit.

    Raises:
        UsageError: a name that is none, no condition, or no attempt that fits.
    """
    for name in tags:
        if not NAME.fullmatch(name):
            raise UsageError(f"{name!r} cannot be the name of a tag: letters, digits, _ . and - are")
    if not tags or not where:
        raise UsageError("say which tags, as NAME=VALUE, and which attempts, as --where NAME=VALUE")
    keys = Book(ledger, rules_file=rules_file).keys(where)
    if not keys:
        raise UsageError("no attempt fits the conditions: nothing was tagged")
    if not dry:
        with ledger.locked():
            _write(ledger, tags, where, keys)
    return len(keys)


def _write(ledger: Ledger, tags: Mapping[str, str], where: Mapping[str, str], keys: list[str]) -> None:
    entries = ledger.imports()
    number = len(entries) + 1
    said = json.dumps({"number": number, "tags": tags, "where": where}, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(said.encode()).hexdigest()
    shutil.rmtree(ledger.staging, ignore_errors=True)
    shared = {"source": KIND, "evidence": "hand", "source_sha256": digest, "import_number": number}
    writer = Writer(ledger.staging, f"{number:06d}-{digest[:12]}", shared)
    rows = [Tag(line=line, key=key, name=name, value=tags[name]) for line, key in enumerate(keys, 1) for name in tags]
    for row in rows:
        writer.add(row)
    ledger.commit(
        Import(
            number=number,
            kind=KIND,
            file=said,
            sha256=digest,
            options="",
            zone="",
            zone_stated=False,
            redacted=False,
            clusters=(),
            rows=len(rows),
            wrong=0,
            parts=writer.close(),
            previous=entries[-1].hash if entries else FIRST,
        )
    )
