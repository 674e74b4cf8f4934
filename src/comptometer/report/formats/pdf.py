"""The page on paper, by WeasyPrint. It carries the report as an attachment, and is verified by its .json or .html."""

from __future__ import annotations

from comptometer.errors import ComptometerError
from comptometer.report.formats import Report, report_format
from comptometer.report.formats.html import page


@report_format("pdf", ending=".pdf")
def write(report: Report, language: str) -> bytes:
    """The same page, on A4.

    Raises:
        ComptometerError: the extra `pdf` is not installed.
    """
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as error:  # OSError: the libraries of the system that draw text
        raise ComptometerError(f"weasyprint cannot be used ({error}): pip install 'comptometer[pdf]'") from None
    identifier = report["integrity"]["sha256"][:32].encode()
    made: bytes = HTML(string=page(report, language, carry=False), url_fetcher=_nothing).write_pdf(
        pdf_identifier=identifier
    )
    return made


def _nothing(url: str, *arguments: object, **more: object) -> dict[str, object]:
    """A report needs nothing from elsewhere, and nothing is fetched."""
    raise ValueError(f"a report does not read {url}")
