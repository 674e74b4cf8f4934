"""The chips: every record as a row, and all that is on record about one, or about a family such as "H100"."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from comptometer import store
from comptometer.chip_facts import document
from comptometer.documents.chips import ChipDocument, ChipFamilyDocument
from comptometer.documents.rows import RowsDocument
from comptometer.store import folded
from comptometer.web import catalogue_rows
from comptometer.web.api import ROUTES

router = APIRouter(tags=["chips"])
JSON = "application/json"
Text = Annotated[str, Query(max_length=200)]


@router.get("/chips", response_model=RowsDocument)
def listed(
    vendor: Text = "",
    kind: Text = "",
    family: Text = "",
    find: Text = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Any:
    """Chips with their dense peaks; vendor, kind and family as they are written, upper or lower case."""
    return Response(_listed(vendor, kind, family, find, limit, offset), media_type=JSON)


@lru_cache(maxsize=128)
def _listed(vendor: str, kind: str, family: str, find: str, limit: int, offset: int) -> bytes:
    table = catalogue_rows.chip_table()
    wanted = {"vendor": vendor, "kind": kind, "family": family}
    rows = [
        row
        for row in table.rows
        if all(not given or folded(str(row[key])) == folded(given) for key, given in wanted.items())
        and any(folded(find) in folded(name) for name in (row["id"], row["name"], *row["aliases"]))
    ]
    found = catalogue_rows.document(
        table, rows[offset : offset + limit], total=len(rows), offset=offset, credit=catalogue_rows.credit_of_chips()
    )
    return catalogue_rows.encoded(found)


@router.get(
    "/chips/{name:path}",
    response_model=ChipDocument | ChipFamilyDocument,
)
def one(name: str) -> Any:
    """All that is on record about the chip, or the chips, that people call so."""
    return Response(_one(name), media_type=JSON)


@lru_cache(maxsize=256)
def _one(name: str) -> bytes:
    return catalogue_rows.encoded(document(store.chips_named(name), name))


ROUTES.add("chips", router)
