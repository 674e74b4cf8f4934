"""Charts as pictures that stand in a page: one for wide screens and one for phones, in the colours of the theme."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from markupsafe import Markup

from comptometer.charts import Language, Look, Spec, specification
from comptometer.errors import UsageError
from comptometer.web.still import drawn
from comptometer.web.tints import tinted

SIZES: Final[Mapping[str, tuple[int, int]]] = {"broad": (860, 440), "slim": (270, 360)}
_NAME: Final = re.compile(r'(?<=\bid=")[^"]+(?=")|(?<=url\(#)[^)]+(?=\))|(?<=href="#)[^"]+(?=")')


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart in a page.

    Attributes:
        pictures: as SVG by size.
        title, note, description: what the chart says around itself.
        language: of the words in it; English where the chart is not written in the reader's.
    """

    pictures: Mapping[str, Markup]
    title: str
    note: str
    description: str
    language: Language


@cache
def figure(name: str, language: Language) -> Figure:
    """A chart of the catalogue by its name.

    Raises:
        NotFound: no such chart.
        ComptometerError: the extra `web` is not installed.
    """
    specs = {size: _specified(name, language, *SIZES[size]) for size in SIZES}
    first = specs["broad"]
    told = first["usermeta"]["comptometer"]
    return Figure(
        pictures={size: _apart(tinted(drawn(spec)), f"{name}-{size}") for size, spec in specs.items()},
        title=" ".join(first["title"]["text"]),
        note=told["note"],
        description=first["description"],
        language=told["language"],
    )


def _specified(name: str, language: Language, width: int, height: int) -> Spec:
    try:
        return specification(name, Look(language=language, width=width, height=height))
    except UsageError:
        if language == "en":
            raise
        return specification(name, Look(width=width, height=height))


def _apart(svg: Markup, prefix: str) -> Markup:
    """With names of its own: several pictures of one page would else share their clips."""
    plain = re.sub(r"[^a-z0-9-]", "-", prefix)
    return Markup(_NAME.sub(lambda found: f"{plain}-{found[0]}", svg))
