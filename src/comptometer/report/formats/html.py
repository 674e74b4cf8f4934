"""A page that needs nothing else; it carries the object of the report as a comment at its end."""

from __future__ import annotations

from comptometer.report.formats import Report, report_format
from comptometer.report.formats._page import page


@report_format("html", ending=".html", whole=True)
def write(report: Report, language: str) -> bytes:
    """The page, with the object.

    Raises:
        ComptometerError: the extra `report` is not installed.
    """
    return page(report, language, carry=True).encode()
