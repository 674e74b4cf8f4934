"""One quantity of models against another: the picture of it that the page shows."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from comptometer.charts import Language
from comptometer.web.api import ROUTES
from comptometer.web.relation_picture import relation_picture

router = APIRouter(tags=["relation"])
Text = Annotated[str, Field(max_length=200)]


class RelationQuery(BaseModel):
    """The flags of `comptometer relation`, and what the picture looks like."""

    model_config = ConfigDict(extra="forbid", alias_generator=lambda name: name.replace("_", "-"))

    y: Text = Field("compute", description="what goes upwards: compute, parameters, data, time, chips, power, cost, …")
    x: Text = Field("parameters", description="what goes across: another of these")
    select: Text | None = Field(None, description="all, notable, frontier, record or large-scale")
    top: int | None = Field(None, description="of the frontier: how many make it")
    of_all: bool | None = None
    since: Text | None = Field(None, description="first day of the window")
    until: Text | None = Field(None, description="last day of the window")
    organization: Text | None = None
    country: Text | None = None
    domain: Text | None = None
    confidence: Annotated[list[Text], Field(max_length=10)] = []
    open_weights: bool | None = None
    fine_tunes: bool | None = None
    without: Annotated[list[Text], Field(max_length=100)] = []
    data: Text | None = Field(None, description="the vintage")
    values: Text | None = Field(None, description="reported or estimated")
    by: Text | None = Field(None, description="what is resampled: organization or model")
    draws: int | None = Field(None, description="how many resamples")
    language: Language = "en"
    size: Literal["wide", "middle", "narrow"] = "wide"

    def asked(self) -> str:
        """The part that asks, as flags in an address."""
        given = self.model_dump(by_alias=True, exclude={"language", "size"}, exclude_none=True)
        said = {name: ("no", "yes")[value] if isinstance(value, bool) else value for name, value in given.items()}
        return urlencode(said, doseq=True)


@router.get("/relation")
def shown(query: Annotated[RelationQuery, Query()]) -> dict[str, Any]:
    """The power law between two quantities, with figures, rows and a Vega-Lite picture, as the home page shows it."""
    return relation_picture(query.asked(), query.language, [query.size])


ROUTES.add("relation", router)
