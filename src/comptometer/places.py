"""Where the data files are: the shipped ones, and the user's own."""

from __future__ import annotations

import os
from pathlib import Path

from comptometer.errors import UsageError

SHIPPED = Path(__file__).parent / "data"


def folders() -> tuple[Path, ...]:
    """The shipped data folder, and the user's own where there is one."""
    own = own_folder()
    if os.environ.get("COMPTOMETER_DATA") and not own.is_dir():
        raise UsageError(f"COMPTOMETER_DATA names {own}, which is no folder")
    return (SHIPPED, own) if own.is_dir() else (SHIPPED,)


def own_folder() -> Path:
    """The user's own data folder, whether or not it is there yet."""
    configured = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(os.environ.get("COMPTOMETER_DATA") or Path(configured) / "comptometer")
