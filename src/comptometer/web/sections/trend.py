"""The home page: how fast training compute grows, under whatever definition the reader asks for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache, partial
from itertools import product
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from comptometer.charts import Language
from comptometer.collection import Models
from comptometer.errors import ComptometerError
from comptometer.web import SECTIONS, Leaf, Section
from comptometer.web.picture import OVERLAYS, colours, picture
from comptometer.web.relation_picture import relation_picture
from comptometer.web.still import still
from comptometer.web.tints import dark_tints, tinted
from comptometer.web.wording import LANGUAGES, Wording

PERIODS: Final = ("1950", "2010", "2018")
SELECTIONS: Final = ("notable", "all", "frontier")
DOMAINS: Final = ("", "Language", "Vision", "Multimodal", "Biology", "Games")
QUANTITIES: Final = ("compute", "parameters", "data", "time", "chips", "power", "cost")
PREPARED: Final = ("wide", "narrow")  # sizes of the pictures in files
PAIRS: Final = (  # one quantity against another, as far as they are in files
    ("compute", "parameters"),
    ("compute", "data"),
    ("parameters", "data"),
    ("cost", "compute"),
    ("power", "compute"),
)
PLAIN: Final[Mapping[str, str]] = {
    "quantity": "compute", "against": "date", "since": "2010", "select": "notable", "domain": "",
}  # fmt: skip


def asked(**choices: str) -> str:
    """A question as in an address: only what differs from the plain one, in a fixed order."""
    return urlencode([(name, choices[name]) for name in PLAIN if name in choices and choices[name] != PLAIN[name]])


def presets() -> list[str]:
    """The questions that a static page can answer: period × selection × domain, each quantity by period, pairs."""
    found = [
        asked(since=since, select=select, domain=domain)
        for since, select, domain in product(PERIODS, SELECTIONS, DOMAINS)
    ]
    found += [asked(quantity=quantity, since=since) for quantity in QUANTITIES for since in PERIODS]
    found += [asked(quantity=quantity, against=against) for quantity, against in PAIRS]
    return list(dict.fromkeys(found))


def file_of(question: str, language: Language) -> str:
    """Where the answer to a preset lies."""
    name = question.replace("&", "_").replace("=", "-") or "plain"
    return f"{Wording(language).root}trend/{name}.js"


def leaf(path: str, words: Wording) -> Leaf:
    """The page with the plain question's answer."""
    shown = _answer("", words.language)
    return Leaf(
        template="trend.html",
        title=words("trend.title"),
        description=shown["description"],
        facts={
            "shown": {key: value for key, value in shown.items() if key != "pictures"},
            "still": tinted(still("trend", words.language)),
            "dark": dark_tints(),
            "periods": PERIODS,
            "selections": SELECTIONS,
            "domains": DOMAINS,
            "quantities": QUANTITIES,
            "againsts": ("date", *QUANTITIES),
            "overlays": tuple(OVERLAYS.values()),
            "plain": PLAIN,
            "choices": {"plain": dict(PLAIN), "presets": presets(), "colours": colours()},
            "organizations": _frequent("organization"),
            "countries": _frequent("country"),
            "confidences": ("Confident", "Likely", "Speculative"),
        },
        scripts=("chart.js", "trend.js"),
    )


def files() -> Mapping[str, Callable[[], bytes]]:
    """The prepared answers."""
    return {
        file_of(question, language): partial(_file, question, language)
        for language in LANGUAGES
        for question in presets()
    }


@cache
def _answer(question: str, language: Language) -> dict[str, Any]:
    """A preset's answer; one that its data do not allow says why."""
    given = dict(parse_qsl(question))
    try:
        if "against" in given:
            pair = urlencode({"y": given.get("quantity", PLAIN["quantity"]), "x": given["against"]})
            return relation_picture(pair, language, PREPARED) | {"asked": question}
        return picture(question, language, sizes=PREPARED)
    except ComptometerError as error:
        return {"asked": question, "problem": str(error)}


def _file(question: str, language: Language) -> bytes:
    """As a script, which a page can load from a file as well as from a server."""
    written = json.dumps(_answer(question, language), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f"comptometer.receive({json.dumps(question)},{written});\n".encode()


@cache
def _frequent(column: str, most: int = 60) -> list[str]:
    """The values of a column of the tables that most models have, in alphabetical order."""
    counts = Counter(name for item in Models().items_on_file() if item.row for name in getattr(item.row, column))
    return sorted(name for name, _ in counts.most_common(most))


SECTIONS.add("trend", Section(place=1, pages=lambda: ("index.html",), leaf=leaf, files=files))
