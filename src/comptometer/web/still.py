"""Pictures as SVG inside a page: what a reader sees without scripts, and before they run."""

from __future__ import annotations

from functools import cache

from markupsafe import Markup

from comptometer.charts import Language, Look, Spec, specification
from comptometer.charts._page import bare
from comptometer.errors import ComptometerError


@cache
def still(name: str, language: Language, width: int = 860, height: int = 500) -> Markup:
    """A chart by its name, without title and note, which the page says itself."""
    return drawn(specification(name, Look(language=language, width=width, height=height)))


def drawn(spec: Spec) -> Markup:
    """A specification as SVG.

    Raises:
        ComptometerError: the extra `web` is not installed.
    """
    try:
        import vl_convert
    except ImportError:
        raise ComptometerError("the page needs the extra: pip install 'comptometer[web]'") from None
    return Markup(vl_convert.vegalite_to_svg(bare(spec)))
