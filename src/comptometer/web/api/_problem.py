"""What the server answers where it cannot do what is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel


class Problem(BaseModel):
    """What is wrong, a line for each field; and what may have been meant."""

    detail: str
    suggestions: list[str] = []


PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Problem, "description": said}
    for status, said in (
        (400, "not JSON"),
        (403, "asked by a page of another server"),
        (404, "no such thing"),
        (408, "took too long"),
        (413, "a body that is too large"),
        (414, "an address that is too long"),
        (421, "asked under another name"),
        (422, "cannot be read, or says too little"),
        (429, "asked too often"),
    )
}


def lines(errors: Sequence[Mapping[str, Any]]) -> str:
    """What a check of shapes found, a line for each field."""
    found = [f"{_place(error['loc'])}: {_what(error)}" for error in errors]
    return "\n".join(dict.fromkeys(found))


def _place(where: Sequence[str | int]) -> str:
    """The field: without where in the request it stands, and which of several shapes was tried."""
    names = [part for part in where if isinstance(part, str) and part not in {"body", "query", "path"}]
    return names[0] if names else "request"


def _what(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "no such field"
    if error["type"] in {"string_type", "float_type", "list_type"}:  # of the shapes that a figure may have
        return "a number is wanted, or a text such as '54 to 75 days'"
    return str(error["msg"]).removeprefix("Value error, ")
