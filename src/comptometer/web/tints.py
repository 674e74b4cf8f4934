"""Pictures in SVG that follow the theme of the page: each colour of the light theme becomes one that the dark changes.

Only for what stands inside a page: a picture as a file keeps its literal colours, since converters know no `var()`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from markupsafe import Markup

from comptometer.web.picture import colours

_COLOUR: Final = re.compile(r'(?<==")#[0-9A-Fa-f]{6}(?=")')  # the whole value of an attribute


def tinted(svg: str) -> Markup:
    """A picture whose colours are those of the theme.

    >>> tinted('<rect fill="#ffffff"/>')
    Markup('<rect fill="var(--tint-ffffff,#ffffff)"/>')
    """
    return Markup(_COLOUR.sub(lambda found: _variables().get(found[0], found[0]), svg))


@cache
def _variables() -> Mapping[str, str]:
    return {colour: f"var({_name(colour)},{colour})" for colour in colours()}


def _name(colour: str) -> str:
    return f"--tint-{colour[1:].lower()}"


@cache
def dark_tints() -> Markup:
    """The declarations that make tinted pictures dark."""
    return Markup(";".join(f"{_name(light)}:{dark}" for light, dark in colours().items()))
