"""The page of a report, on a screen and on paper: pictures and styles are within it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from comptometer.errors import ComptometerError
from comptometer.report.formats import Report, carried
from comptometer.report.formats._spoken import Spoken
from comptometer.text import number


def page(report: Report, language: str, *, carry: bool) -> str:
    """The text of the page, with or without the object.

    Raises:
        ComptometerError: the extra `report` is not installed.
    """
    template, told = _template(), Spoken(report, language)
    from markupsafe import Markup  # comes with the templates

    from comptometer.report.formats._pictures import lines_chart, parts_chart, tornado

    text: str = template.render(
        report=report,
        told=told,
        language="zh-Hans" if told.zh else "en",
        number=number,
        lines_chart=lines_chart(told),
        parts_chart=parts_chart(told),
        tornado=tornado(told),
        parts={part["id"]: part for part in report["parts"]},
        carried=Markup(carried(report)) if carry else "",
    )
    return text


@cache
def _template() -> Any:
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError:
        raise ComptometerError("jinja2 is not installed: pip install 'comptometer[report]'") from None
    text = (files("comptometer.report.formats") / "page.html").read_text("utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
        text
    )
