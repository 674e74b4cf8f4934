"""The trend forward: the document of `comptometer project`, and what the page of the outlook shows of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from comptometer.charts import Language
from comptometer.documents.project import ProjectionDocument
from comptometer.web.api import ROUTES
from comptometer.web.outlook import answer, projected

router = APIRouter(tags=["project"])
To = Annotated[int, Query(ge=1950, le=2100, description="Up to the first of January of this year.")]
Preset = Annotated[str, Query(max_length=40, pattern=r"^[a-z0-9-]+$", description="A shipped set of limits.")]
Growth = Annotated[str | None, Query(max_length=60, description="A factor a year: 4, or '3.9 to 5.6'.")]
Without = Annotated[tuple[str, ...], Query(max_length=20, description="Limits that are left out.")]


@router.get("/project", response_model=ProjectionDocument)
def project(to: To, preset: Preset = "default", growth: Growth = None, without: Without = ()) -> Any:
    """Where the trend leads, and which limits it runs into, as `comptometer project --json` says it."""
    return projected(to, preset, growth, without).to_dict()


@router.get("/outlook")
def outlook(
    to: To,
    preset: Preset = "default",
    growth: Growth = None,
    without: Without = (),
    language: Language = "en",
    size: Literal["wide", "middle", "narrow"] = "wide",
) -> dict[str, Any]:
    """The same in words, tables and, where there is one, a Vega-Lite picture."""
    return answer(to, preset, language, growth=growth, without=without, sizes=[size])


ROUTES.add("project", router)
