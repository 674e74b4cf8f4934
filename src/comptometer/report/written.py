"""Is a page that carries a report what would be written of it?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comptometer.report.formats import BEGIN, FORMATS, LANGUAGES, PDF


def page_problems(raw: bytes, report: Mapping[str, Any]) -> list[str]:
    """What is wrong with a file around the report that it carries, which holds."""
    if BEGIN.encode() not in raw:
        return []
    forms = [one for one in FORMATS.values() if one.whole and one.name != "json"]
    if any(one.write(report, language) == raw for one in forms for language in LANGUAGES):
        return []
    return ["the page around the report is not what is written of it: words or figures on it were changed"]


def page_open(raw: bytes) -> list[str]:
    """What was not looked at: a page on paper is drawn with the typefaces of its machine, and is not drawn again."""
    return (
        ["the words on the PDF: the report that it carries was looked at; --format html draws them"]
        if raw.startswith(PDF)
        else []
    )
