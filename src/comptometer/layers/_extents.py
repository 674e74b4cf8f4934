"""Extents of images: one number for every direction or a list, and where a sliding kernel stops."""

from __future__ import annotations

from comptometer.errors import UsageError
from comptometer.layers import Flow
from comptometer.layers._fields import Extents


def image(flow: Flow, what: str) -> tuple[int, tuple[int, ...]]:
    """Channels and extents of an input of one to three directions.

    Raises:
        UsageError: it is no image.
    """
    if not 2 <= len(flow.shape) <= 4:
        raise UsageError(f"{what} reads channels and one to three extents, but {flow} comes in")
    return flow.shape[0], flow.shape[1:]


def spread(key: str, value: Extents, directions: int) -> tuple[int, ...]:
    """One number for each direction.

    Raises:
        UsageError: a list of another length.
    """
    if isinstance(value, int):
        return (value,) * directions
    if len(value) != directions:
        raise UsageError(f"{key}: has {len(value)} numbers, but the input has {directions} directions")
    return value


def slid(extent: int, kernel: int, stride: int, padding: int, dilation: int = 1, *, up: bool = False) -> int:
    """Positions of a kernel that slides over a padded extent.

    (n + 2p − d(k − 1) − 1) / s + 1, rounded down; or up, but then the last position must begin before
    the padding at the end.

    Raises:
        UsageError: the kernel is larger than what it slides over.

    >>> slid(227, 11, 4, 0), slid(13, 3, 2, 0), slid(112, 3, 2, 0, up=True)
    (55, 6, 56)
    """
    room = extent + 2 * padding - dilation * (kernel - 1) - 1
    if room < 0:
        raise UsageError(f"a kernel of {dilation * (kernel - 1) + 1} does not fit on {extent} with padding {padding}")
    if not up:
        return room // stride + 1
    positions = -(-room // stride) + 1
    return positions - 1 if (positions - 1) * stride >= extent + padding else positions
