"""The models: a table with facets and a tray to compare, and a page for each with all that its number rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache, partial
from typing import Any, Final

from comptometer import text
from comptometer.library import library
from comptometer.profile import Profile, profile
from comptometer.selection import METHODS, VERDICTS
from comptometer.vocabulary import DOMAINS
from comptometer.web import SECTIONS, Leaf, Section, catalogue_rows, model_page
from comptometer.web.wording import Wording

TABLE: Final = "models.html"
STEP: Final = 100  # rows that scripts show at a time
MOST_COMPARED: Final = 6
COLUMNS: Final = (  # what a row sorts by, and whether it is a number
    ("name", "text"), ("developer", "text"), ("published", "text"), ("training_compute_flop", "number"),
    ("p95", "text"), ("verdict", "text"), ("parameters", "number"), ("domain", "text"),
)  # fmt: skip


def pages() -> Iterator[str]:
    """The table, then every model."""
    yield TABLE
    yield from (f"models/{name}.html" for name in library().items)


def leaf(path: str, words: Wording) -> Leaf:
    """The table, or the page of one model."""
    if path == TABLE:
        return _table(words)
    return leaf_of(_found(path.removeprefix("models/").removesuffix(".html")), words)


def files() -> Mapping[str, Callable[[], bytes]]:
    """The rows for scripts and spreadsheets, and each model as JSON."""
    return {
        "models.csv": lambda: catalogue_rows.as_csv(catalogue_rows.model_table()),
        "models.json": _whole,
        "models/rows.js": catalogue_rows.compact,
        **{f"models/{name}.json": partial(record, name) for name in library().items},
    }


def record(name: str) -> bytes:
    """A model as `comptometer models show --json` has it."""
    return catalogue_rows.encoded(_found(name).to_dict())


def _whole() -> bytes:
    table, rows = catalogue_rows.model_table(), catalogue_rows.models()
    credit = catalogue_rows.credit_of_models()
    return catalogue_rows.encoded(catalogue_rows.document(table, rows, total=len(rows), offset=0, credit=credit))


def _table(words: Wording) -> Leaf:
    everything = catalogue_rows.largest_first()
    shown = [row for row in everything if catalogue_rows.prominent(row)]
    return Leaf(
        template="models.html",
        title=words("models.title"),
        description=words("models.about", n=len(everything)),
        facts={
            "rows": shown,
            "total": len(everything),
            "known": sum(row["training_compute_flop"] is not None for row in everything),
            "facets": facets(),
            "columns": COLUMNS,
            "plan": {"name": "models", "step": STEP, "most": MOST_COMPARED, "order": "-training_compute_flop"},
        },
        scripts=("catalogue.js", "models.js"),
    )


@cache
def facets() -> Mapping[str, Any]:
    """The words that the table can be narrowed to, by facet."""
    rows = catalogue_rows.models()
    years = [row["published"].year for row in rows if row["published"]]
    return {
        "domain": [name for name in DOMAINS if name in catalogue_rows.values_of(rows, "domain")],
        "organization": sorted(catalogue_rows.values_of(rows, "developer")[:150]),
        "country": sorted(catalogue_rows.values_of(rows, "country")),
        "verdict": VERDICTS,
        "method": METHODS,
        "origin": sorted(catalogue_rows.values_of(rows, "origin")),
        "years": (min(years), max(years)),
    }


@lru_cache(maxsize=16)
def _found(name: str) -> Profile:
    """A model's profile, kept for the pages and the file that are made of it one after another."""
    return profile(name)


def leaf_of(found: Profile, words: Wording) -> Leaf:
    """The page of one model."""
    entry = found.entry
    if entry:
        spread = text.interval(*entry.interval()).replace(" to ", " – ")
        said = words("model.about", name=found.dossier.name, value=text.number(entry.median, 2), spread=spread)
    else:
        said = words("model.about-unknown", name=found.dossier.name)
    facts = model_page.facts(found, words)
    return Leaf(
        template="model.html",
        title=found.dossier.name,
        description=said,
        facts=facts,
        scripts=("chart.js", "record.js") if facts["picture"] else ("record.js",),
    )


SECTIONS.add("models", Section(place=2, pages=pages, leaf=leaf, files=files))
