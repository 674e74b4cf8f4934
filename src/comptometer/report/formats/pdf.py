"""The page on paper, by WeasyPrint; the object is attached as `report.json`, which `report verify` reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from comptometer.errors import ComptometerError
from comptometer.report.formats import ATTACHED, Report, report_format
from comptometer.report.formats._page import page


@report_format("pdf", ending=".pdf")
def write(report: Report, language: str) -> bytes:
    """The same page, on A4.

    Raises:
        ComptometerError: the extra `pdf` is not installed.
    """
    try:
        from weasyprint import HTML, Attachment
    except (ImportError, OSError) as error:  # OSError: the libraries of the system that draw text
        raise ComptometerError(f"weasyprint cannot be used ({error}): pip install 'comptometer[pdf]'") from None
    day = datetime.fromisoformat(report["as_of"]).replace(tzinfo=UTC)
    said = json.dumps(report, ensure_ascii=False)
    attached = Attachment(string=said, name=ATTACHED, description="the report", created=day, modified=day)
    made: bytes = HTML(string=page(report, language, carry=False), url_fetcher=_nothing).write_pdf(
        attachments=[attached], pdf_identifier=report["integrity"]["sha256"][:32].encode()
    )
    return made


def _nothing(url: str, *arguments: object, **more: object) -> dict[str, object]:
    """A report needs nothing from elsewhere, and nothing is fetched."""
    raise ValueError(f"a report does not read {url}")
