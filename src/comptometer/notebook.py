"""How an object finds its card and its chart: among plugins, by name, and only when a notebook or a caller asks.

Cards and charts stand above what they show. An object names what it wants; the file that makes it registers itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from comptometer.registry import Registry


class Shown(Protocol):
    """What a notebook can show, in three forms."""

    def plain(self) -> str:
        """As text, in one line."""

    def html(self) -> str:
        """As HTML."""

    def markdown(self) -> str:
        """As Markdown."""


CARDS: Final[Registry[Callable[[Any], Shown]]] = Registry("card", "comptometer.cards")
PICTURES: Final[Registry[Callable[..., Any]]] = Registry("picture", "comptometer.charts")


class Showable:
    """An object with a card, by the name of its class."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return CARDS[type(self).__name__](self).html()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        shown = CARDS[type(self).__name__](self)
        return {"text/plain": shown.plain(), "text/html": shown.html(), "text/markdown": shown.markdown()}


class Drawable(Showable):
    """An object with a card and a chart."""

    __slots__ = ()

    def chart(self, **look: Any) -> Any:
        """The chart of it, as an Altair chart: a notebook shows it, and it can be restyled or saved.

        Args:
            look: any of `theme` ("light", "dark"), `scale` ("log", "linear"), `language` ("en", "zh"), `width` and
                `height` in pixels.

        Raises:
            ComptometerError: the extra `charts` is not installed.
        """
        return PICTURES[f"picture-of-{type(self).__name__}"](self, **look)
