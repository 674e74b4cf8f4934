"""What only a server can do, under `/api/v1`: every other file in this folder adds the routes of one resource.

The shapes are those of `--json` (`comptometer.documents`). An answer is made of data alone: nothing that a caller sends
is ever run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from comptometer.registry import Registry

if TYPE_CHECKING:
    from fastapi import APIRouter

ROUTES: Registry[APIRouter] = Registry("route", "comptometer.web.api")
