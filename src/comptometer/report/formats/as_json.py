"""The object itself, for machines and for `report verify`."""

from __future__ import annotations

import json

from comptometer.report.formats import Report, report_format


@report_format("json", ending=".json", whole=True)
def write(report: Report, language: str) -> bytes:
    """Indented, keys in the order of the schema."""
    return (json.dumps(report, ensure_ascii=False, indent=1) + "\n").encode()
