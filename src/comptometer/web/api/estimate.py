"""Estimates from figures that a caller gives; a GET for addresses, a POST for configurations as well."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from comptometer.charts import Language
from comptometer.documents.estimate import EstimateDocument
from comptometer.web.api import ROUTES
from comptometer.web.api._given import EstimateQuery, EstimateRequest, estimated
from comptometer.web.calculation import shown

router = APIRouter(tags=["estimate"])


@router.post("/estimate", response_model=EstimateDocument, response_model_exclude_unset=True)
def estimate(given: EstimateRequest) -> Any:
    """Training compute with every method that the figures allow: the object of `comptometer estimate --json`."""
    return estimated(given).to_dict()


@router.get("/estimate", response_model=EstimateDocument, response_model_exclude_unset=True)
def estimate_of(given: Annotated[EstimateQuery, Query()]) -> Any:
    """The same from an address, as in `?params=70B&tokens=15T`."""
    return estimated(given).to_dict()


@router.post("/calculation")
def calculation(given: EstimateRequest, language: Language = "en") -> dict[str, Any]:
    """The same with what the calculator of the page draws."""
    return shown(estimated(given), language)


ROUTES.add("estimate", router)
