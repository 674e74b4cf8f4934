"""Lines that regulations draw, and a model of the catalogue against them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from comptometer import thresholds
from comptometer.collection import Models
from comptometer.documents.thresholds import ThresholdDocument, ThresholdsCheckDocument, ThresholdsDocument
from comptometer.law import RegulationStatus
from comptometer.regulations import regulation, regulations
from comptometer.web.api import ROUTES

router = APIRouter(tags=["thresholds"])
Name = Annotated[str, Query(min_length=1, max_length=200)]


@router.get("/thresholds", response_model=ThresholdsDocument)
def listed(status: RegulationStatus | None = None) -> Any:
    """Every regulation on file, or those with a status."""
    return thresholds.listed([one for one in regulations() if status in {None, one.status}])


@router.get("/thresholds/check", response_model=ThresholdsCheckDocument)
def check(model: Name) -> Any:
    """How probably is the training compute of a model of the catalogue above each line?"""
    return thresholds.check(Models()[model])


@router.get("/thresholds/{name}", response_model=ThresholdDocument)
def shown(name: str) -> Any:
    """All that is on file about one regulation."""
    return thresholds.document(regulation(name))


ROUTES.add("thresholds", router)
