"""The models: rows under the conditions of `comptometer models list`, and everything about one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request, Response

from comptometer.documents.models import ModelDocument
from comptometer.documents.rows import RowsDocument
from comptometer.errors import UsageError
from comptometer.selection import Selection
from comptometer.web import catalogue_rows
from comptometer.web.api import ROUTES
from comptometer.web.sections.models import record

router = APIRouter(tags=["models"])
JSON = "application/json"
Text = Annotated[str | None, Query(max_length=200)]
MOST = 3000  # rows of one answer: the whole catalogue
_FLAGS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
_ORDERS: Mapping[str, Callable[[], Sequence[catalogue_rows.Row]]] = {
    "date": catalogue_rows.models,
    "compute": catalogue_rows.largest_first,
    "name": lambda: sorted(catalogue_rows.models(), key=lambda row: str(row["name"]).casefold()),
}


@router.get("/models", response_model=RowsDocument)
def listed(
    request: Request,
    since: Text = None,
    until: Text = None,
    organization: Text = None,
    country: Text = None,
    domain: Text = None,
    find: Text = None,
    notable: bool | None = None,
    open_weights: bool | None = None,
    method: Text = None,
    verdict: Text = None,
    origin: Text = None,
    at_least: Text = None,
    at_most: Text = None,
    sort: Literal["date", "compute", "name"] = "date",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Any:
    """Models that meet every condition, with their training compute, every method, and whether the methods agree."""
    return Response(_listed(request.url.query), media_type=JSON)


@lru_cache(maxsize=256)
def _listed(query: str) -> bytes:
    """The answer to a query as bytes; FastAPI has held its values against their types already.

    Raises:
        UsageError: an unknown condition, or a value that it cannot have.
    """
    given: dict[str, Any] = dict(parse_qsl(query))
    sort = given.pop("sort", "date")
    limit, offset = int(given.pop("limit", 100)), int(given.pop("offset", 0))
    for flag in ("notable", "open_weights"):
        if flag in given:
            given[flag] = _flag(flag, given[flag])
    wanted = Selection.of(**given)
    rows = [row for row in _ORDERS[sort]() if wanted.holds(row)]
    found = catalogue_rows.document(
        catalogue_rows.model_table(),
        rows[offset : offset + limit],
        total=len(rows),
        offset=offset,
        credit=catalogue_rows.credit_of_models(),
    )
    return catalogue_rows.encoded(found)


def _flag(name: str, given: str) -> bool:
    if given.lower() not in _FLAGS:
        raise UsageError(f"{name}: {given!r} is neither true nor false")
    return _FLAGS[given.lower()]


@router.get("/models/{name:path}", response_model=ModelDocument)
def one(name: str) -> Any:
    """Everything about the model that people call so."""
    return Response(_one(name), media_type=JSON)


@lru_cache(maxsize=512)
def _one(name: str) -> bytes:
    return record(name)


ROUTES.add("models", router)
