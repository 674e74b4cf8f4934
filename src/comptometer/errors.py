"""Every exception that comptometer raises on purpose.

ComptometerError               exit status 1
├── UsageError                 2   the caller asked for something that cannot be
│   ├── NotationError              a text that is not a number, interval or date
│   └── UnitError                  a unit that is unknown or does not fit
├── NotFound                   3   no such model, chip, study; carries suggestions
├── NotEnoughEvidence          4   no method has what it needs; names what is missing
└── DataError                  1   a file with problems, all of them, each with its place
"""

from __future__ import annotations

from collections.abc import Sequence


class ComptometerError(Exception):
    """Anything that comptometer refuses, with a message made for people."""

    exit_status = 1


class UsageError(ComptometerError, ValueError):
    """The request itself is wrong."""

    exit_status = 2


class NotationError(UsageError):
    """A text that cannot be read as a number, an interval or a date."""


class UnitError(UsageError):
    """A unit that is unknown, ambiguous, or of another dimension than wanted."""


class NotFound(ComptometerError, KeyError):
    """No record has that name."""

    exit_status = 3

    def __init__(self, what: str, name: str, suggestions: Sequence[str] = (), hint: str = "") -> None:
        meant = f"; did you mean {' or '.join(suggestions)}?" if suggestions else ""
        self.suggestions = tuple(suggestions)
        self.hint = hint
        self.message = f'no {what} "{name}"{meant}' + (f" {hint}" if hint and meant else f"; {hint}" if hint else "")
        super().__init__(self.message)
        self.asked = (what, name, tuple(suggestions), hint)

    def __str__(self) -> str:  # KeyError would print the repr
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        return NotFound, self.asked


class NotEnoughEvidence(ComptometerError):
    """No method can run on these claims."""

    exit_status = 4


class DataError(ComptometerError):
    """A file that cannot be used; `problems` lists everything that is wrong with it."""

    def __init__(self, place: str, problems: Sequence[str]) -> None:
        self.place = place
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{place}: {problem}" for problem in problems))

    def __reduce__(self) -> tuple[object, ...]:
        return DataError, (self.place, self.problems)
