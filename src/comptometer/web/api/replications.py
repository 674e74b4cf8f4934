"""Published analyses, recomputed."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from fastapi import APIRouter, Response

from comptometer.release import data_version
from comptometer.studies import STUDIES, replicate
from comptometer.web.api import ROUTES

router = APIRouter(tags=["replications"])


@router.get("/replications")
def listed() -> dict[str, Any]:
    """The studies that can be recomputed."""
    return {"data_version": data_version(), "studies": list(STUDIES)}


@router.get("/replications/{study}", response_model=dict[str, Any])
def shown(study: str) -> Any:
    """One of them: what was published beside what comes out, as `comptometer replicate STUDY --json` prints it."""
    return Response(_encoded(study), media_type="application/json")


@cache
def _encoded(study: str) -> bytes:
    return json.dumps(replicate(study).to_dict(), ensure_ascii=False, allow_nan=False).encode()


ROUTES.add("replications", router)
