"""Trends: the answer to a question, and the picture of it that the page shows."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request

from comptometer.charts import Language, Scale
from comptometer.charts._question import FLAGS, SEVERAL, question
from comptometer.documents.trend import TrendDocument
from comptometer.web.api import ROUTES
from comptometer.web.picture import picture

router = APIRouter(tags=["trend"])
_SHOWN = {"language", "scale", "size", "points"}
_ASKING = {  # the flags are read from the address as it stands: here they are only told of
    "parameters": [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": f"--{name} of `comptometer trend`",
            "schema": {"type": "array", "items": {"type": "string"}} if name in SEVERAL else {"type": "string"},
        }
        for name in FLAGS
    ]
}


def _asked(request: Request) -> str:
    """The part of the query that asks: the flags of `comptometer trend`."""
    from urllib.parse import urlencode

    return urlencode([(name, value) for name, value in request.query_params.multi_items() if name not in _SHOWN])


@router.get("/trend", response_model=TrendDocument, openapi_extra=_ASKING)
def trend(request: Request, points: bool = False) -> Any:
    """How fast does a quantity grow? The query has the flags of `comptometer trend`, as in `?select=frontier`."""
    return question(_asked(request)).to_dict(points=points)


@router.get("/picture", openapi_extra=_ASKING)
def shown(
    request: Request,
    language: Language = "en",
    scale: Scale = "log",
    size: Annotated[Literal["wide", "middle", "narrow"], Query()] = "wide",
) -> dict[str, Any]:
    """The same with figures, rows and a Vega-Lite picture, as the home page shows it."""
    return picture(_asked(request), language, [scale], [size])


ROUTES.add("trend", router)
