"""Vega, Vega-Lite and vega-embed as one script, from vl-convert's own bundle; made once a version and kept."""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import version
from pathlib import Path

from comptometer.errors import ComptometerError
from comptometer.files import replace_file

_EMBED = "window.vegaEmbed = vegaEmbed;"  # all that the pages call


@cache
def vega() -> bytes:
    """The script; making it takes more than a second, so the user's cache keeps it.

    Raises:
        ComptometerError: the extra `web` is not installed.
    """
    try:
        import vl_convert
    except ImportError:
        raise ComptometerError("the page needs the extra: pip install 'comptometer[web]'") from None
    kept = _cache() / f"vega-{version('vl-convert-python')}.js"
    try:
        return kept.read_bytes()
    except OSError:
        made = str(vl_convert.javascript_bundle(_EMBED)).encode()
        _keep(kept, made)
        return made


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "comptometer"


def _keep(path: Path, content: bytes) -> None:
    """For the next time; a machine that lets us write nowhere makes it anew."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content)
    except (OSError, ComptometerError):
        return
