"""Is a page that carries a report what would be written of it?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comptometer.errors import ComptometerError
from comptometer.report.formats import BEGIN, FORMATS, LANGUAGES, PDF


def page_problems(raw: bytes, report: Mapping[str, Any]) -> list[str]:
    """What is wrong with a file around the report that it carries, which holds.

    Raises:
        ComptometerError: it is none of what can be written here, and an extra that writes another is not installed.
    """
    if BEGIN.encode() not in raw:
        return []
    lacking: ComptometerError | None = None
    for form in FORMATS.values():
        try:
            if form.whole and any(form.write(report, language) == raw for language in LANGUAGES):
                return []
        except ComptometerError as error:
            lacking = error
    if lacking:
        raise lacking
    return ["the page around the report is not what is written of it: words or figures on it were changed"]


def page_open(raw: bytes) -> list[str]:
    """What was not looked at: a page on paper is drawn with the typefaces of its machine, and is not drawn again."""
    return (
        ["the words on the PDF: the report that it carries was looked at; --format html draws them"]
        if raw.startswith(PDF)
        else []
    )
