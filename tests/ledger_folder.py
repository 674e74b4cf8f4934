"""A ledger as its tests use it, and lines of accounting to put into it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from comptometer.cli.ledger import command

SAMPLES = Path(__file__).parent / "ledger/samples"
SHARED = Path(__file__).parents[2] / "shared/data/telemetry"


class Folder:
    """A ledger in a temporary folder, used as a user does."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *arguments: object, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(
            command, [*map(str, arguments), "--ledger", str(self.path)], input=stdin, standalone_mode=False
        )

    def add(self, kind: str, *arguments: object, stdin: str | bytes | None = None) -> dict[str, Any]:
        done = self.run("import", kind, *arguments, "--json", stdin=stdin)
        assert done.exception is None, done.exception
        return {**json.loads(done.stdout), "status": done.return_value}

    def lines(self, text: str, *arguments: object) -> dict[str, Any]:
        """Import the text of an sacct export; the report of its only file."""
        document = self.add("sacct", "-", *(arguments or ("--tz", "UTC")), stdin=text)
        return {**document["files"][0], "status": document["status"]}

    def total(self, *arguments: object) -> dict[str, Any]:
        done = self.run("total", *arguments, "--json")
        assert done.exception is None, done.exception
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def seconds(self, *by: str) -> dict[tuple[Any, ...], float]:
        found = self.total(*(("--by", ",".join(by)) if by else ()))
        if not by:
            return {(): round(found["total"]["chip_hours"] * 3600, 6)}
        return {tuple(row[name] for name in by): round(row["chip_hours"] * 3600, 6) for row in found["rows"]}


HEADER = (
    "Cluster|JobID|JobIDRaw|Account|User|Partition|State|Submit|Start|End|ElapsedRaw|Suspended|AllocTRES|NodeList"
    "|JobName|Comment"
)


def job(raw: object = 1, **said: object) -> str:
    """A line of sacct: a job of 100 s on two GPUs, unless more is said."""
    cells = {
        "Cluster": "a", "JobID": raw, "JobIDRaw": raw, "Account": "llm", "User": "alice", "Partition": "train",
        "State": "COMPLETED", "Submit": "2026-03-01T10:00:00", "Start": "2026-03-01T10:01:00",
        "End": "2026-03-01T10:02:40", "ElapsedRaw": 100, "Suspended": "00:00:00",
        "AllocTRES": "billing=1,cpu=1,gres/gpu:h100=2,gres/gpu=2,node=1", "NodeList": "n1", "JobName": "train",
        "Comment": "",
    } | said  # fmt: skip
    return "|".join(str(cells[name]) for name in HEADER.split("|"))


def export(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"
