"""A table on a terminal: text is folded until the table fits, spare columns are left out before it gets too narrow.

No number is ever cut. Where even that is not enough, each row is a block of lines.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence

COMFORTABLE, LEAST = 18, 10  # columns of a terminal that a cell of text is folded to, with and without a spare column
LEAST_LAST = 24  # the same of the last cell: it often holds a sentence or a formula
GAP = 2  # columns between two cells
_BREAKS = re.compile(r"\s+|(?<=[^\d\W]{2}-)(?=[^\d\W])")  # where `textwrap` may break a line

Rows = Sequence[Sequence[str]]


def width(text: str) -> int:
    """Columns that a text takes in a terminal; Chinese characters take two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def on_terminal(
    columns: Sequence[str], rows: Rows, numeric: Sequence[bool], room: int, spare: Sequence[str] = ()
) -> list[str]:
    """Rows in columns no wider than a terminal.

    Args:
        columns: headings.
        rows: cells.
        numeric: which columns are numbers, set to the right and never folded.
        room: columns that the terminal has.
        spare: headings of the columns that can be left out, the least needed first.
    """
    order = [name for name in spare if name in columns]
    for floor in (COMFORTABLE, LEAST):
        for left_out in range(len(order) + 1):
            kept = [at for at, name in enumerate(columns) if name not in order[:left_out]]
            heads = [columns[at] for at in kept]
            cells = [[row[at] for at in kept] for row in rows]
            right = [numeric[at] for at in kept]
            if widths := _fitted(heads, cells, right, room - GAP * len(kept), floor):
                lines = _drawn(heads, cells, right, widths)
                return [*lines, *_said(order[:left_out], room)]
    return _blocks(columns, rows, room)


def _said(left_out: Sequence[str], room: int) -> list[str]:
    return textwrap.wrap(f"(no room for: {', '.join(left_out)})", room, initial_indent="  ") if left_out else []


def _fitted(heads: Sequence[str], cells: Rows, numeric: Sequence[bool], room: int, floor: int) -> list[int] | None:
    """Widths that add up to the room or less, the widest cells folded first; none where there is not enough."""
    natural = [max(width(text) for text in (head, *(row[at] for row in cells))) for at, head in enumerate(heads)]
    floors = [floor] * (len(heads) - 1) + [max(floor, LEAST_LAST)]
    least = [
        max(_unbroken(head), *(width(row[at]) for row in cells), 0)
        if numeric[at]
        else min(natural[at], max(floors[at], _unbroken(head)))
        for at, head in enumerate(heads)
    ]
    if sum(least) > room:
        return None
    limit = max(natural)
    while sum(found := [max(low, min(full, limit)) for low, full in zip(least, natural, strict=True)]) > room:
        limit -= 1
    rest = room - sum(found)
    for at, full in enumerate(natural):  # what is left over by rounding
        more = min(full - found[at], rest)
        found[at], rest = found[at] + more, rest - more
    return found


def _unbroken(text: str) -> int:
    """Width of the longest part that is not broken."""
    return max(map(width, _BREAKS.split(text)), default=0)


def _drawn(heads: Sequence[str], cells: Rows, numeric: Sequence[bool], widths: Sequence[int]) -> list[str]:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=sum(widths) + GAP * len(widths))
    table = Table(box=None, pad_edge=True, header_style="bold")
    for head, right, wide in zip(heads, numeric, widths, strict=True):
        table.add_column(
            Text(_folded(head, wide)), justify="right" if right else "left", width=wide, overflow="fold"
        )  # fmt: skip
    for row in cells:
        table.add_row(*(Text(_folded(cell, wide)) for cell, wide in zip(row, widths, strict=True)))
    with console.capture() as captured:
        console.print(table)
    return [line.rstrip() for line in captured.get().splitlines()]


def _folded(cell: str, wide: int) -> str:
    """A cell broken at spaces and hyphens; one with wide characters is left to whoever draws it."""
    return cell if width(cell) != len(cell) else "\n".join(textwrap.wrap(cell, max(wide, 1))) or cell


def _blocks(columns: Sequence[str], rows: Rows, room: int) -> list[str]:
    """Each row as lines of heading and cell, empty cells left out."""
    wide = max(map(width, columns), default=0)
    lines: list[str] = []
    for row in rows:
        for name, cell in zip(columns, row, strict=True):
            if cell:
                head = f"  {name}{' ' * (wide - width(name))}  "
                lines += textwrap.wrap(head + cell, max(room, 24), subsequent_indent="    ", break_long_words=False)
        lines.append("")
    return lines[:-1]
