"""Other people's tables of models → rows of our own columns. Every other file in this folder reads one publisher's.

A reader takes the bytes of a file and gives a `Reading`: the rows, reduced to `COLUMNS`, and every problem with the
line it stands on. A bad cell is dropped, a bad row is left out, and both are reported; a file that cannot be trusted
as a whole is refused, so that nothing is ever half imported.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal, Protocol

from comptometer.registry import Registry

if TYPE_CHECKING:
    from comptometer.sources._rows import Rows

COLUMNS = (
    "line", "model", "organization", "organization_kind", "country", "published", "domain", "task",
    "parameters", "active_parameters", "mixture_of_experts",
    "compute", "compute_low", "compute_high", "compute_method", "compute_method_basis",
    "dataset", "dataset_size", "dataset_unit", "epochs", "batch_size",
    "training_hours", "hardware", "hardware_quantity", "mfu", "hfu", "chip_hours",
    "base_model", "finetune_compute", "numerical_format",
    "power_watt", "cost_usd", "cloud_cost_usd", "upfront_cost_usd",
    "confidence", "notability", "frontier", "accessibility", "code_accessibility", "open_weights",
    "citations", "reference", "link", "archived",
)  # fmt: skip

SEPARATOR = "; "  # between the items of a list in one cell

Row = Mapping[str, str]  # a cell for each of COLUMNS; empty is unknown
Effect = Literal["row left out", "cell dropped", "kept"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong in a table.

    Attributes:
        line: of the file, as an editor counts them, where the row begins; 1 is the header.
        column: the table's own name of it; empty where the whole row is meant.
        value: what stands there, cut to a readable length.
        wrong: what is wrong with it, and what was wanted.
        effect: what became of it.
    """

    line: int
    column: str
    value: str
    wrong: str
    effect: Effect

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", {self.column}" if self.column else "")
        found = f": {self.value!r}" if self.value else ":"
        return f"{where}{found} {self.wrong} ({self.effect})"


MOST_PROBLEMS = 100_000  # that are kept with their words; of more only the number


@dataclass(slots=True)
class Problems:
    """What is found wrong with a table while it is read."""

    kept: list[Problem] = field(default_factory=list)
    found: int = 0
    left_out: int = 0

    def add(self, line: int, column: str, value: str, wrong: str, effect: Effect) -> None:
        """Note a problem; see `Problem` for the arguments."""
        self.found += 1
        self.left_out += effect == "row left out"
        if len(self.kept) < MOST_PROBLEMS:
            shown = value if len(value) <= 60 else f"{value[:57]}…"
            self.kept.append(Problem(line=line, column=column, value=shown, wrong=wrong, effect=effect))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a reader made of a file.

    Attributes:
        layout: which of the publisher's layouts it has.
        encoding: how its bytes were read, as Python names it.
        rows: in the order of the file, each with all of `COLUMNS`.
        problems: in the order of the lines; where there are very many, the first `MOST_PROBLEMS`.
        problems_found: how many there are.
        left_out: how many rows were left out.
        dollars: the year whose dollars the costs are in, as the table says; none where it does not.
    """

    layout: str
    encoding: str
    rows: Rows
    problems: Sequence[Problem]
    problems_found: int
    left_out: int
    dollars: int | None = None


class Read(Protocol):
    """Reads one publisher's tables."""

    def __call__(self, raw: bytes, place: str, *, as_of: date) -> Reading:
        """Read a file.

        Args:
            raw: its bytes, plain or compressed by gzip.
            place: how to call it in messages.
            as_of: dates more than a year after this day are absurd.

        Raises:
            DataError: it is no such table, or cannot be trusted as a whole.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A publisher of tables, and what reads them.

    Attributes:
        read: the function.
        title: of the table, as its makers call it.
        publisher: who makes it.
        address: where they publish it.
        licence: under which it may be passed on.
        credit: the line that the licence asks for.
    """

    read: Read
    title: str
    publisher: str
    address: str
    licence: str
    credit: str


READERS: Registry[Reader] = Registry("reader", "comptometer.sources")


def reader(name: str, *, title: str, publisher: str, address: str, licence: str, credit: str) -> Callable[[Read], Read]:
    """Register a function as the reader of a publisher's tables; see `Reader` for the arguments."""

    def register(read: Read) -> Read:
        READERS.add(
            name,
            Reader(read=read, title=title, publisher=publisher, address=address, licence=licence, credit=credit),
        )
        return read

    return register


_POINT = re.compile(r"(?<=\d)\.(?=\d)")


def name_key(name: str) -> str:
    """A name as names of models are compared: without case, spaces and punctuation.

    Unlike the names of chips, it keeps decimal points and plus signs: they are all that tells some models apart.

    >>> name_key("OPT-1.3B"), name_key("OPT-13B"), name_key("DeepLab V3+"), name_key("Llama 3.1-405B")
    ('opt1.3b', 'opt13b', 'deeplabv3+', 'llama3.1405b')
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(
        one for at, one in enumerate(plain) if one.isalnum() or one == "+" or (one == "." and _POINT.match(plain, at))
    )
