"""What an object shows in a notebook. Every other file in this folder makes the cards of some kinds of objects.

A card is static: no script and no style sheet, which an untrusted notebook strips. Colours are those around it, so that
it is readable in light and in dark. Objects find their cards by the name of their class (`notebook`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from comptometer.notebook import CARDS

_LINE: Final = "border-bottom:1px solid rgba(128,128,128,.4)"
_BOX: Final = "border:1px solid rgba(128,128,128,.5);border-radius:6px;padding:.6em .9em;max-width:60em;overflow-x:auto"
_CELL: Final = f"padding:.2em .8em .2em 0;vertical-align:top;background:transparent;color:inherit;{_LINE}"
_SMALL: Final = "font-size:85%;opacity:.85"  # of the text around it: enough contrast in both


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card: all of it plain text.

    Attributes:
        title: what it is.
        lead: the result in one line.
        columns: headings of a table; none where there is nothing to list.
        rows: its cells.
        numeric: places of the columns that hold numbers.
        code: places of the columns that hold formulas.
        foot: what a reader should know besides, a line each.
    """

    title: str
    lead: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    numeric: Sequence[int] = ()
    code: Sequence[int] = ()
    foot: Sequence[str] = ()

    def html(self) -> str:
        """As HTML without script and style sheet; every text is escaped."""
        lead = f'<div style="font-size:115%">{escape(self.lead)}</div>' if self.lead else ""
        foot = "".join(f'<div style="{_SMALL}">{escape(line)}</div>' for line in self.foot)
        return f'<div style="{_BOX}"><div><strong>{escape(self.title)}</strong></div>{lead}{self._table()}{foot}</div>'

    def _table(self) -> str:
        if not self.rows:
            return ""
        heads = "".join(
            f'<th scope="col" style="{self._cell(at)}">{escape(t)}</th>' for at, t in enumerate(self.columns)
        )
        rows = "".join(
            "<tr>"
            + "".join(f'<td style="{self._cell(at)}">{self._text(at, t)}</td>' for at, t in enumerate(row))
            + "</tr>"
            for row in self.rows
        )
        table = 'style="border-collapse:collapse;margin:.5em 0;background:transparent"'
        return f"<table {table}><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"

    def _cell(self, at: int) -> str:
        return f"{_CELL};text-align:{'right' if at in self.numeric else 'left'}"

    def _text(self, at: int, said: str) -> str:
        return f"<code>{escape(said)}</code>" if at in self.code else escape(said)

    def markdown(self) -> str:
        """As Markdown; nothing in a text is taken for markup."""
        parts = [f"**{_plain(self.title)}**", _plain(self.lead)]
        if self.rows:
            rules = [("--:" if at in self.numeric else "---") for at in range(len(self.columns))]
            lines = [list(map(_plain, self.columns)), rules, *([_plain(cell) for cell in row] for row in self.rows)]
            parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
        parts += map(_plain, self.foot)
        return "\n\n".join(part for part in parts if part)

    def plain(self) -> str:
        """In one line, for a terminal."""
        return f"{self.title}: {self.lead}" if self.lead else self.title


def card(name: str) -> Callable[[Callable[[Any], Card]], Callable[[Any], Card]]:
    """Register a function that makes the card of an object of the class of this name."""
    return lambda function: CARDS.add(name, function)  # type: ignore[return-value]


def _plain(said: str) -> str:
    """A text with what Markdown would read as markup made harmless."""
    flat = " ".join(said.split())
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#~$" else sign for sign in flat)
