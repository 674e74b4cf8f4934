"""The chips: a table with a switch for the number format, dense and sparse apart, trends, and a page for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any, Final

from comptometer import store
from comptometer.charts import Language, Look, Spec
from comptometer.charts._page import bare
from comptometer.charts.chips import LEAST, chips_chart
from comptometer.chip_facts import document
from comptometer.records import Chip
from comptometer.vocabulary import FORMATS
from comptometer.web import SECTIONS, Leaf, Section, catalogue_rows, chip_page
from comptometer.web.picture import SIZES, colours
from comptometer.web.still import drawn
from comptometer.web.tints import dark_tints, tinted
from comptometer.web.wording import LANGUAGES, Wording

TABLE: Final = "chips.html"
STEP: Final = 250
HAN: Final = "\u2e80"  # Chinese characters and marks begin here
FIELDS: Final = (
    "id", "name", "also", "vendor", "family", "kind", "unit", "form_factor", "available", "default_precision", "dense",
    "sparse", "tdp_watt", "memory_bytes", "memory_bytes_per_second", "dies_per_unit", "devices_per_unit",
)  # fmt: skip
COLUMNS: Final = (  # what a row sorts by, and whether it is a number
    ("name", "text"), ("vendor", "text"), ("available", "text"), ("precision", "text"), ("dense_peak", "number"),
    ("sparse_peak", "number"), ("tdp_watt", "number"), ("per_watt", "number"), ("memory_bytes", "number"),
    ("memory_bytes_per_second", "number"),
)  # fmt: skip


def pages() -> Iterator[str]:
    """The table, then every chip."""
    yield TABLE
    yield from (f"chips/{name}.html" for name in store.chip_ids())


def leaf(path: str, words: Wording) -> Leaf:
    """The table, or the page of one chip."""
    if path == TABLE:
        return _table(words)
    chip = store.chip_record(path.removeprefix("chips/").removesuffix(".html"))
    return Leaf(
        template="chip.html",
        title=chip.name,
        description=words("chip.about", name=chip.name, vendor=chip.vendor),
        facts=chip_page.facts(chip, words),
        scripts=("record.js",),
    )


def files() -> Mapping[str, Callable[[], bytes]]:
    """The rows for scripts and spreadsheets, the pictures, and each chip as JSON."""
    return {
        "chips.csv": lambda: catalogue_rows.as_csv(catalogue_rows.chip_table()),
        "chips.json": _whole,
        "chips/rows.js": _compact,
        **{
            f"{Wording(language).root}chips/picture-{size}.js": partial(_picture, language, size)
            for language in LANGUAGES
            for size in SIZES
        },
        **{f"chips/{name}.json": partial(record, name) for name in store.chip_ids()},
    }


def record(name: str) -> bytes:
    """A chip as `comptometer chips show --json` has it."""
    return catalogue_rows.encoded(document([store.chip_record(name)], name))


def _whole() -> bytes:
    table = catalogue_rows.chip_table()
    credit = catalogue_rows.credit_of_chips()
    return catalogue_rows.encoded(
        catalogue_rows.document(table, table.rows, total=len(table.rows), offset=0, credit=credit)
    )


def rows() -> list[dict[str, Any]]:
    """Every chip with what the table is filtered and sorted by, the newest first; rates in FLOP/s by number format."""
    found = [_row(store.chip_record(name)) for name in store.chip_ids()]
    return sorted(found, key=lambda row: row["available"], reverse=True)


def _row(chip: Chip) -> dict[str, Any]:
    plain = {field: getattr(chip, field, None) for field in FIELDS}
    return plain | {
        "also": "; ".join([*chip.aliases, *chip.shared_names]),
        "available": str(chip.available or chip.announced or ""),
        "default_precision": list(chip.default_precision),
        "dense": _rates(chip, sparse=False),
        "sparse": _rates(chip, sparse=True),
    }


def _rates(chip: Chip, *, sparse: bool) -> dict[str, float]:
    return {name: chip.peak(name, sparse=sparse).value for name in FORMATS if chip.has_peak(name, sparse=sparse)}


def _compact() -> bytes:
    data = {"fields": FIELDS, "rows": [[row[field] for field in FIELDS] for row in rows()]}
    return b'comptometer.receive("chips",' + catalogue_rows.encoded(data) + b");\n"


def _table(words: Wording) -> Leaf:
    everything = rows()
    trends = _spec(words.language, "wide")
    said = trends["usermeta"]["comptometer"]
    return Leaf(
        template="chips.html",
        title=words("chips.title"),
        description=words("chips.about", n=len(everything)),
        facts={
            "rows": [row | _by_default(row) for row in everything],
            "columns": COLUMNS,
            "formats": FORMATS,
            "vendors": sorted({row["vendor"] for row in everything}),
            "sorts": sorted({row["kind"] for row in everything}),
            "plan": {"name": "chips", "step": STEP, "order": "-available", "colours": colours()},
            "still": _still(words.language),
            "trend": {
                "title": _line(trends["title"]["text"]),
                "subtitle": _line(trends["title"]["subtitle"]),
                "note": str(said.get("note", "")).split("\n"),
                "description": trends["description"],
                "columns": said["columns"],
                "rows": sorted(trends["datasets"][said["rows"]], key=lambda row: (row["date"], row["name"])),
            },
            "dark": dark_tints(),
        },
        scripts=("chart.js", "catalogue.js", "chips.js"),
    )


def _line(lines: str | list[str]) -> str:
    """Lines as one; between Chinese characters stands no space."""
    if isinstance(lines, str):
        return lines
    whole = ""
    for line in lines:
        apart = bool(whole) and max(whole[-1], line[:1]) < HAN
        whole += (" " if apart else "") + line
    return whole


def _by_default(row: Mapping[str, Any]) -> dict[str, Any]:
    """The rates of the first format that a run uses where nobody says it."""
    first = next(iter(row["default_precision"]), "")
    dense = row["dense"].get(first)
    per_watt = dense / row["tdp_watt"] if dense and row["tdp_watt"] else None
    return {"precision": first, "dense_peak": dense, "sparse_peak": row["sparse"].get(first), "per_watt": per_watt}


@cache
def _spec(language: Language, size: str) -> Spec:
    return chips_chart(Look(language=language, width=SIZES[size][0], height=LEAST))


@cache
def _still(language: Language) -> str:
    return tinted(drawn(_spec(language, "wide")))


def _picture(language: Language, size: str) -> bytes:
    """The chart at one width, as a script."""
    name = catalogue_rows.encoded(f"chips-{size}")
    return b"comptometer.receive(" + name + b"," + catalogue_rows.encoded(bare(_spec(language, size))) + b");\n"


SECTIONS.add("chips", Section(place=3, pages=pages, leaf=leaf, files=files))
