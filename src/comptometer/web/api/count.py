"""Exact counts of a configuration that a caller posts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from comptometer.documents.count import CountDocument
from comptometer.ops import Attention, Recompute
from comptometer.web.api import ROUTES
from comptometer.web.api._given import check_depth

router = APIRouter(tags=["count"])
Whole = Annotated[int, Field(ge=1, le=10**8)]


class CountRequest(BaseModel):
    """A configuration, and the switches of `comptometer count`."""

    model_config = ConfigDict(extra="forbid")

    config: dict[str, Any] = Field(description="the fields of a config.json")
    batch: Whole = 1
    sequence_length: Whole | None = None
    decoder_length: Whole | None = None
    image_size: Annotated[int, Field(ge=1, le=10**5)] | None = None
    attention: Attention = "full"
    recompute: Recompute = "none"


@router.post("/count", response_model=CountDocument)
def count(asked: CountRequest) -> Any:
    """Operations of a model, exactly: the object of `comptometer count --json`. The configuration is read as data."""
    from comptometer import counting

    check_depth(asked.config)
    switches = {name: getattr(asked, name) for name in CountRequest.model_fields if name != "config"}
    return counting.count(asked.config, **switches).to_dict()


ROUTES.add("count", router)
