"""Trends: the answer to a question, and the picture of it that the page shows."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request

from comptometer.charts import Language, Scale
from comptometer.charts._question import question
from comptometer.documents.trend import TrendDocument
from comptometer.web.api import ROUTES
from comptometer.web.picture import picture

router = APIRouter(tags=["trend"])
_SHOWN = {"language", "scale", "size", "points"}


def _asked(request: Request) -> str:
    """The part of the query that asks: the flags of `comptometer trend`."""
    from urllib.parse import urlencode

    return urlencode([(name, value) for name, value in request.query_params.multi_items() if name not in _SHOWN])


@router.get("/trend", response_model=TrendDocument)
def trend(request: Request, points: bool = False) -> Any:
    """How fast does a quantity grow? The query has the flags of `comptometer trend`, as in `?select=frontier`."""
    return question(_asked(request)).to_dict(points=points)


@router.get("/picture")
def shown(
    request: Request,
    language: Language = "en",
    scale: Scale = "log",
    size: Annotated[Literal["wide", "middle", "narrow"], Query()] = "wide",
) -> dict[str, Any]:
    """The same with figures, rows and a Vega-Lite picture, as the home page shows it."""
    return picture(_asked(request), language, [scale], [size])


ROUTES.add("trend", router)
