"""The page of a report, on a screen and on paper: pictures and styles are within it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from comptometer.errors import ComptometerError
from comptometer.report.disclosures import NOTIFIED
from comptometer.report.formats import Report, carried
from comptometer.report.formats._pictures import lines_chart, parts_chart, tornado
from comptometer.report.formats._spoken import activity_names, chances, range_of
from comptometer.report.formats._words import say
from comptometer.text import number, percent


def page(report: Report, language: str, *, carry: bool) -> str:
    """The text of the page, with or without the object.

    Raises:
        ComptometerError: the extra `report` is not installed.
    """

    def words(key: str, **values: object) -> str:
        return say(key, language, **values)

    names = activity_names(language)
    main = next((row for row in report["readings"] if row["id"] == NOTIFIED), None)
    text: str = _template().render(
        report=report,
        language="zh-Hans" if language == "zh" else "en",
        zh=language == "zh",
        say=words,
        number=number,
        percent=percent,
        names=names,
        called=lambda kinds: ", ".join(names[kind] for kind in kinds),
        main=main,
        lined=[row for row in report["readings"] if row["limit"]],
        told=lambda found, missing="none-said": range_of(found, language, missing),
        chances=chances,
        lines_chart=lines_chart(report, language),
        parts_chart=parts_chart(report, main, language, names),
        tornado=tornado(report, language),
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
