"""The tables of AI models by Epoch AI (https://epoch.ai/data/ai-models), in each layout that they have had.

Upstream has about fifty columns, a third of them notes. What is kept are the figures, as they are written, and what
follows from the notes by rules of their own; no abstracts, no notes, no lists of authors.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from functools import partial

from comptometer.errors import DataError
from comptometer.sources import COLUMNS, SEPARATOR, Effect, Problems, Reading, Row, _cells, name_key, reader
from comptometer.sources._compute_method import inferred_methods, stated_methods
from comptometer.sources._dataset_unit import dataset_unit
from comptometer.sources._experts import active_parameters, is_mixture_of_experts
from comptometer.sources._rows import Rows
from comptometer.sources._table import Record, Table, table

FLOP, COUNT = 1e35, 1e20  # above these no figure of its kind is possible
HEADERS: Mapping[str, tuple[str, ...]] = {
    "model": ("Model", "System"),
    "organization": ("Organization",),
    "organization_kind": ("Organization categorization",),
    "country": ("Country (of organization)", "Country (from Organization)"),
    "published": ("Publication date",),
    "domain": ("Domain",),
    "task": ("Task",),
    "parameters": ("Parameters",),
    "compute": ("Training compute (FLOP)",),
    "compute_low": ("Training compute lower bound",),
    "compute_high": ("Training compute upper bound",),
    "dataset": ("Training dataset",),
    "dataset_size": (
        "Training dataset size (total)",
        "Training dataset size (datapoints)",
        "(DEPRECATED) Training dataset size (datapoints)",
    ),
    "epochs": ("Epochs",),
    "batch_size": ("Batch size",),
    "training_hours": ("Training time (hours)",),
    "hardware": ("Training hardware",),
    "hardware_quantity": ("Hardware quantity",),
    "mfu": ("Hardware utilization (MFU)", "Hardware utilization"),
    "hfu": ("Hardware utilization (HFU)",),
    "chip_hours": ("Training chip-hours",),
    "base_model": ("Base model",),
    "finetune_compute": ("Finetune compute (FLOP)",),
    "numerical_format": ("Numerical format",),
    "power_watt": ("Training power draw (W)",),
    "cost_usd": ("Training compute cost (2023 USD)", "Training compute cost (2020 USD)"),
    "cloud_cost_usd": ("Training compute cost (cloud)",),
    "upfront_cost_usd": ("Training compute cost (upfront)",),
    "confidence": ("Confidence",),
    "notability": ("Notability criteria",),
    "frontier": ("Frontier model",),
    "accessibility": ("Model accessibility",),
    "code_accessibility": ("Training code accessibility", "Code accessibility"),
    "open_weights": ("Open model weights?",),
    "citations": ("Citations",),
    "reference": ("Reference",),
    "link": ("Link",),
}
NOTES: Mapping[str, tuple[str, ...]] = {
    "stated method": ("Training compute estimation method",),
    "compute notes": ("Training compute notes",),
    "parameters notes": ("Parameters notes",),
    "size notes": ("Dataset size notes",),
    "approach": ("Approach",),
    "abstract": ("Abstract",),
    "archived": ("Archived links",),
}
LONGEST_NOTE = 20_000  # characters that are read; the longest so far has 5,000
REQUIRED = ("model", "organization", "published", "domain", "parameters", "compute", "link")
LAYOUTS: Mapping[str, tuple[str, ...]] = {  # the headers by which a layout is known
    "epoch-2024": ("System",),
    "epoch-2026": ("Model", "Training dataset size (total)"),
    "epoch-2025-large": ("Model", "(DEPRECATED) Training dataset size (datapoints)"),
    "epoch-2025": ("Model", "Training dataset size (datapoints)"),
}
LISTS = (
    "organization", "organization_kind", "country", "domain", "task", "dataset", "hardware", "base_model",
    "numerical_format", "notability",
)  # fmt: skip
NUMBERS: Mapping[str, float] = {  # and the largest that is possible
    "parameters": COUNT, "compute": FLOP, "compute_low": FLOP, "compute_high": FLOP, "dataset_size": COUNT,
    "epochs": COUNT, "batch_size": COUNT, "training_hours": 1e8, "hardware_quantity": 1e9, "mfu": 1.0, "hfu": 1.0,
    "chip_hours": 1e12, "finetune_compute": FLOP, "power_watt": 1e13, "cost_usd": 1e13, "cloud_cost_usd": 1e13,
    "upfront_cost_usd": 1e13, "citations": 1e8,
}  # fmt: skip
MAY_BE_ZERO = frozenset({"citations", "cost_usd", "cloud_cost_usd", "upfront_cost_usd", "finetune_compute"})
SHARES = ("mfu", "hfu")  # kept above 1 as well: a percentage is for a check of plausibility to find
WORDS = ("confidence", "accessibility", "code_accessibility", "reference")
YES = {"true": "yes", "yes": "yes", "checked": "yes", "1": "yes", "false": "no", "no": "no", "0": "no"}


@reader(
    "epoch",
    title="Parameter, Compute and Data Trends in Machine Learning",
    publisher="Epoch AI",
    address="https://epoch.ai/data/ai-models",
    licence="CC BY 4.0",
    credit="Epoch AI, 'Parameter, Compute and Data Trends in Machine Learning'. https://epoch.ai/data/ai-models",
)
def epoch(raw: bytes, place: str, *, as_of: date) -> Reading:
    """Read a table of models by Epoch AI; see `Read` for the arguments and what is raised."""
    found = table(raw, place)
    problems = Problems()
    layout, headers = _layout(found, place, problems)
    plan = _plan(headers, as_of)
    read = (_Row(record, headers, plan, len(found.header), problems).row for record in found.records)
    rows = Rows(_once((row for row in read if row), problems))
    if not len(rows):
        raise DataError(place, ["holds no model that can be read", *map(str, problems.kept[:20])])
    return Reading(
        layout=layout,
        encoding=found.encoding,
        rows=rows,
        problems=problems.kept,
        problems_found=problems.found,
        left_out=problems.left_out,
        dollars=_dollars(headers.get("cost_usd", ("", 0))[0]),
    )


# Headers


def _layout(found: Table, place: str, problems: Problems) -> tuple[str, Mapping[str, tuple[str, int]]]:
    """The layout, and the header and position of each of our columns; what is missing but not needed is noted.

    Raises:
        DataError: a header that is needed is missing, or stands twice.
    """
    positions = {name.casefold(): at for at, name in reversed(list(enumerate(found.header)))}
    wanted = {**HEADERS, **NOTES}
    headers = {
        column: (name, positions[name.casefold()])
        for column, names in wanted.items()
        if (name := next((name for name in names if name.casefold() in positions), ""))
    }
    missing = [column for column in REQUIRED if column not in headers]
    if missing:
        raise DataError(place, [_missing(column, found.header) for column in missing])
    used = {name.casefold() for name, _ in headers.values()}
    times = Counter(name.casefold() for name in found.header)
    twice = [name for name, _ in headers.values() if times[name.casefold()] > 1 and name.casefold() in used]
    if twice:
        raise DataError(place, [f"line 1: has two columns {name!r}; keep one" for name in twice])
    layout = next((name for name, marks in LAYOUTS.items() if all(m.casefold() in positions for m in marks)), "")
    absent = [names[0] for column, names in HEADERS.items() if column not in headers and column in EVERYWHERE]
    if absent:
        problems.add(1, "", "", f"has no columns {', '.join(absent)}; they stay empty", "kept")
    return layout or "epoch-unknown", headers


EVERYWHERE = frozenset(
    ("task", "country", "confidence", "reference", "hardware", "dataset", "training_hours", "base_model", "citations")
)  # columns that every layout so far has had


def _missing(column: str, header: Sequence[str]) -> str:
    names = " or ".join(repr(name) for name in HEADERS[column])
    near = get_close_matches(HEADERS[column][0], header, 1, 0.7)
    return f"line 1: has no column {names}" + (f"; is {near[0]!r} meant?" if near else "")


def _dollars(header: str) -> int | None:
    """The year in "Training compute cost (2023 USD)"."""
    year = re.search(r"\((\d{4}) USD\)", header)
    return int(year[1]) if year else None


# Rows

Plan = Sequence[tuple[str, int, Callable[[str], str]]]  # a column of ours, the cell that it is read from, and how


def _plan(headers: Mapping[str, tuple[str, int]], as_of: date) -> Plan:
    """How each column that the table has is read; the name, addresses and what follows from notes come apart."""
    numbers = {
        column: partial(_cells.number, largest=COUNT if column in SHARES else largest, zero=column in MAY_BE_ZERO)
        for column, largest in NUMBERS.items()
    }
    how: dict[str, Callable[[str], str]] = {
        **dict.fromkeys(LISTS, _cells.items),
        **numbers,
        **dict.fromkeys(WORDS, _cells.text),
        **dict.fromkeys(("frontier", "open_weights"), _yes_or_no),
        "published": partial(_cells.day, as_of=as_of),
    }
    return [(column, headers[column][1], read) for column, read in how.items() if column in headers]


@dataclass(slots=True)
class _Row:
    """One record on its way to a row; notes what is wrong with it in `problems`."""

    record: Record
    headers: Mapping[str, tuple[str, int]]
    plan: Plan
    width: int
    problems: Problems
    found: dict[str, str] = field(default_factory=dict)

    @property
    def row(self) -> Row | None:
        """The row, or none where it has no name, or too few or too many cells."""
        if len(self.record.cells) != self.width:
            self._leave_out("", f"has {len(self.record.cells)} cells where the header has {self.width}")
            return None
        if _cells.CONTROLS.search("".join(self.record.cells)):
            self._without_controls()
        name = self._checked("model", self._raw("model"), _cells.text)
        if not name:
            if not self._raw("model").strip():
                self._leave_out(self._header("model"), "has no name")
            return None
        self.found = dict.fromkeys(COLUMNS, "") | {"line": str(self.record.line), "model": name}
        self._cells()
        self._from_notes()
        return self.found

    def _cells(self) -> None:
        cells = self.record.cells
        for column, at, read in self.plan:
            if cell := cells[at]:
                self.found[column] = self._checked(column, cell, read)
        for column in SHARES:
            if (written := self.found[column]) and float(written) > NUMBERS[column]:
                wrong = f"is above {NUMBERS[column]:g}; a share was wanted, perhaps it is a percentage"
                self._problem(column, written, wrong, "kept")
        self._addresses()

    def _addresses(self) -> None:
        link, copies = self._raw("link"), self._raw("archived")
        named, archived = _cells.addresses(link) if link else ([], [])
        self.found["link"] = SEPARATOR.join(named)
        if archived or copies:
            more = _cells.addresses(copies)
            self.found["archived"] = SEPARATOR.join(dict.fromkeys([*archived, *more[0], *more[1]]))
        if not named and not archived and link.strip():
            self._problem("link", link, "holds no web address", "cell dropped")

    def _from_notes(self) -> None:
        found, name = self.found, self.found["model"]
        notes = self._notes("parameters notes", "compute notes")
        found["active_parameters"] = active_parameters(name, found["parameters"], *notes)
        active, total = found["active_parameters"], found["parameters"]
        share = float(active) / float(total) if active and total else None
        said = [*notes, *self._notes("task", "approach")]
        if is_mixture_of_experts(name, said, self._note("abstract"), share):
            found["mixture_of_experts"] = "yes"
        found["dataset_unit"] = dataset_unit(found["dataset_size"], self._note("size notes"))
        if found["compute"] and self._notes("stated method", "compute notes"):
            stated = stated_methods(self._note("stated method"))
            methods = stated or inferred_methods(self._note("compute notes"))
            found["compute_method"] = SEPARATOR.join(methods)
            found["compute_method_basis"] = ("stated" if stated else "notes") if methods else ""

    def _raw(self, column: str) -> str:
        return self.record.cells[self.headers[column][1]] if column in self.headers else ""

    def _note(self, column: str) -> str:
        return self._raw(column)[:LONGEST_NOTE]

    def _notes(self, *columns: str) -> list[str]:
        return [note for column in columns if (note := self._note(column))]

    def _header(self, column: str) -> str:
        return self.headers[column][0]

    def _checked(self, column: str, raw: str, read: Callable[[str], str]) -> str:
        """A cell as `read` gives it; empty, and reported, where it objects."""
        if not raw or raw.isspace():
            return ""
        try:
            value = read(raw)
        except ValueError as error:
            effect: Effect = "row left out" if column == "model" else "cell dropped"
            self._problem(column, raw, str(error), effect)
            return ""
        if value.startswith(_cells.FORMULA):
            wrong = "looks like a formula; kept as text and never evaluated"
            self._problem(column, raw, wrong, "kept")
        return value

    def _without_controls(self) -> None:
        """Take control characters out of all cells."""
        columns = {at: column for column, (_, at) in self.headers.items() if column in HEADERS}
        for at, cell in enumerate(self.record.cells):
            controls = dict.fromkeys(_cells.CONTROLS.findall(cell))
            if controls and at in columns:
                named = ", ".join(f"U+{ord(one):04X}" for one in controls)
                self._problem(columns[at], cell, f"holds control characters ({named}), which are left out", "kept")
        self.record = replace(self.record, cells=[_cells.CONTROLS.sub("", cell) for cell in self.record.cells])

    def _problem(self, column: str, value: str, wrong: str, effect: Effect) -> None:
        self.problems.add(self.record.line, self._header(column), value, wrong, effect)

    def _leave_out(self, column: str, wrong: str) -> None:
        self.problems.add(self.record.line, column, "", wrong, "row left out")


def _yes_or_no(cell: str) -> str:
    try:
        return YES[cell.strip().casefold()]
    except KeyError:
        raise ValueError("is neither yes nor no") from None


def _once(rows: Iterable[Row], problems: Problems) -> Iterator[Row]:
    """Rows without those that repeat another one in every cell; of one name only, as names are compared, both stay."""
    lines: dict[bytes, str] = {}
    named: dict[str, str] = {}
    for row in rows:
        name = name_key(row["model"])
        cells = _digest(row)
        if cells in lines:
            wrong = f"is line {lines[cells]} once more, every cell alike; that one is kept"
            problems.add(int(row["line"]), "Model", row["model"], wrong, "row left out")
            continue
        if name in named:
            wrong = f"is also the name on line {named[name]}, with other cells; both stay"
            problems.add(int(row["line"]), "Model", row["model"], wrong, "kept")
        lines[cells] = row["line"]
        named.setdefault(name, row["line"])
        yield row


def _digest(row: Row) -> bytes:
    """What a row says, its line apart, in sixteen bytes: a million rows are remembered."""
    _, *cells = row.values()
    return hashlib.blake2b("\0".join(cells).encode(), digest_size=16).digest()
