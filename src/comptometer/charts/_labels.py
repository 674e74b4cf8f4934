"""Where words go in a picture: greedy, the same every time, and never over a point or another word.

Everything here is in pixels, from the top left corner of the plot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from math import cos, hypot, inf, pi, sin
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Align = Literal["left", "center", "right"]
Spot = tuple[float, float]
Run = tuple[Spot, Spot]  # a straight line from one spot to another

# Widths of Liberation Sans (those of Arial and Helvetica) in thousandths of the size; everything else counts as wide.
_WIDTHS: Final = {
    "'": 191,
    "ijl": 222,
    ' !,./:;Ift[]\\|’‘"': 278,
    "()r-¹²³·“”*": 333,
    "Jcksvxyz": 500,
    "abdeghnopqu0123456789L_#?–": 556,
    "+=<>×÷~−≈": 584,
    "FTZ": 611,
    "ABEKPSVXY&": 667,
    "CDHNRUw": 722,
    "GOQ": 778,
    "mM": 833,
    "%": 889,
    "W": 944,
}
_WIDTH: Final = {character: width for characters, width in _WIDTHS.items() for character in characters}
_BOLD, _GENEROUS = 1.08, 1.08  # a browser without these typefaces takes a wider one
_HAN, _CLOSING, _OPENING = "\u3400-\u9fff", "，。；：、）”％", "（“"
# Chinese has no spaces: a line may break beside a character, but not before what closes or after what opens.
_BREAKS: Final = re.compile(f"(?<=[{_HAN}{_CLOSING}])(?![{_CLOSING} ])|(?<![{_OPENING} ])(?=[{_HAN}{_OPENING}])")
LINE: Final = 1.15  # height of a line over the size of its type

RADIUS: Final = 7.0  # of a point, with its corners
GAP: Final = 3.0  # between a point and its label
_DISTANCES: Final = (0.0, 10.0, 18.0, 26.0, 36.0, 48.0, 62.0, 78.0)
_CROSSING: Final = 45.0  # what it costs to write across the fitted line, in pixels of distance


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle that is taken."""

    left: float
    top: float
    right: float
    bottom: float

    def touches(self, other: Box, clear: float = 0.0) -> bool:
        """Do the two come closer than `clear`?"""
        return (
            self.left < other.right + clear
            and other.left < self.right + clear
            and self.top < other.bottom + clear
            and other.top < self.bottom + clear
        )

    def holds(self, spot: Spot) -> bool:
        """Does the spot lie inside?"""
        return self.left <= spot[0] <= self.right and self.top <= spot[1] <= self.bottom

    def within(self, other: Box) -> bool:
        """Does it lie wholly inside the other?"""
        return (
            other.left <= self.left
            and self.right <= other.right
            and other.top <= self.top
            and self.bottom <= other.bottom
        )

    def cut(self, run: Run) -> bool:
        """Does a straight line run through it? Clipped against each pair of sides (Liang and Barsky 1984)."""
        (x, y), (end_x, end_y) = run
        first, last = 0.0, 1.0
        for start, way, low, high in ((x, end_x - x, self.left, self.right), (y, end_y - y, self.top, self.bottom)):
            if not way:
                if not low <= start <= high:
                    return False
                continue
            enters, leaves = sorted(((low - start) / way, (high - start) / way))
            first, last = max(first, enters), min(last, leaves)
        return first <= last

    def nearest(self, spot: Spot) -> Spot:
        """The spot of the box that is nearest."""
        return min(max(spot[0], self.left), self.right), min(max(spot[1], self.top), self.bottom)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A text that wants a place near a spot; a newline separates its lines."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A text with its place; `leader` runs from the point to the text where the two are not side by side."""

    text: str
    box: Box
    align: Align
    leader: Run | None = None

    @property
    def x(self) -> float:
        """Where the text is anchored."""
        return {"left": self.box.left, "right": self.box.right}.get(self.align, (self.box.left + self.box.right) / 2)

    def lines(self) -> list[tuple[str, float]]:
        """Each line with the height of its middle."""
        texts = self.text.split("\n")
        pitch = (self.box.bottom - self.box.top) / len(texts)
        return [(text, self.box.top + (at + 0.5) * pitch) for at, text in enumerate(texts)]


@lru_cache(maxsize=10_000)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a line of text in pixels, estimated on the generous side.

    >>> 190 < text_width("Neural Machine Translation (GNMT)", 12) < 230
    True
    """
    return sum(_WIDTH.get(character, 1000) for character in text) * size / 1000 * _GENEROUS * (_BOLD if bold else 1)


def wrapped(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """Break a text into lines that are no wider than `width`; a break in the text stays.

    >>> wrapped("one two three", 10, 50)
    ['one two', 'three']
    >>> wrapped("训练计算量，每年", 10, 60)
    ['训练计算', '量，每年']
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for space, piece in _pieces(paragraph):
            longer = f"{line}{space}{piece}" if line else piece
            if line and text_width(longer, size, bold=bold) > width:
                lines.append(line)
                line = piece
            else:
                line = longer
        lines.append(line)
    return lines


def _pieces(paragraph: str) -> Iterator[tuple[str, str]]:
    """What a line may break between: each piece, and the space before it."""
    for word in paragraph.split(" "):
        for at, piece in enumerate(piece for piece in _BREAKS.split(word) if piece or not word):
            yield "" if at else " ", piece


def around(spot: Spot, radius: float = RADIUS) -> Box:
    """The box of a point."""
    return Box(spot[0] - radius, spot[1] - radius, spot[0] + radius, spot[1] + radius)


def set_at(text: str, x: float, y: float, size: float, align: Align, *, bold: bool = False) -> Placed:
    """A text at a given place: `y` is its middle."""
    return Placed(text=text, box=_box(text, (x, y), size, align, 0, bold=bold), align=align)


def place(
    wishes: Sequence[Wish],
    *,
    within: Box,
    taken: Sequence[Box] = (),
    line: Sequence[Run] = (),
    size: float,
    patience: float = inf,
) -> list[Placed]:
    """Give each text the nearest free place, in the order given; a text for which there is none is left out.

    Eight places touch the point; farther ones have a leader, which crosses neither points nor words nor leaders.
    Each place costs its distance, a little for being at an awkward side, and much for lying across `line`.

    Args:
        wishes: most important first.
        within: the plot.
        taken: boxes of points and of words that have their place already.
        line: pieces of the fitted lines.
        size: of the type.
        patience: a text whose best place costs more than this many pixels is left out.
    """
    done: list[Placed] = []
    pieces, crowd = straightened(line), Crowd(taken)
    for wish in wishes:
        least, best = patience, None
        near = _within_reach(wish, size, crowd)
        for cost, placed in _candidates(wish, size):
            if cost > least or (best and cost == least):
                break
            if not placed.box.within(within) or not _free(placed, wish, near, done):
                continue
            whole = cost + _CROSSING * _crossed(placed, pieces)
            if whole < least or (whole == least and not best):
                least, best = whole, placed
        if best:
            done.append(best)
    return done


def straightened(runs: Sequence[Run], within: float = 0.05) -> list[Run]:
    """The same line in fewer pieces, to parts of a pixel (Douglas and Peucker 1973).

    >>> straightened([((0, 0), (1, 1)), ((1, 1), (2, 2)), ((2, 2), (3, 2))])
    [((0, 0), (2, 2)), ((2, 2), (3, 2))]
    """
    found: list[Run] = []
    start = 0
    for at in range(1, len(runs) + 1):
        if at == len(runs) or runs[at][0] != runs[at - 1][1]:
            found += _simpler(runs[start:at], within)
            start = at
    return found


def _simpler(runs: Sequence[Run], within: float) -> list[Run]:
    """Connected pieces: one from end to end if no corner lies far from it, else those before and after the farthest."""
    whole = runs[0][0], runs[-1][1]
    if len(runs) == 1:
        return [whole]
    far = [_off(whole, run[0]) for run in runs[1:]]
    farthest = max(far)
    if farthest <= within:
        return [whole]
    corner = far.index(farthest) + 1
    return [*_simpler(runs[:corner], within), *_simpler(runs[corner:], within)]


def _off(run: Run, spot: Spot) -> float:
    """How far a spot lies from the line through a run."""
    (x, y), (end_x, end_y) = run
    length = hypot(end_x - x, end_y - y)
    across = (end_x - x) * (spot[1] - y) - (end_y - y) * (spot[0] - x)
    return abs(across) / length if length else hypot(spot[0] - x, spot[1] - y)


def crowded_first(wishes: Sequence[Wish], near: float = 70.0) -> list[Wish]:
    """Order texts so that those with the most neighbours choose first; of equals the higher one."""
    neighbours = [sum(hypot(one.x - other.x, one.y - other.y) < near for other in wishes) for one in wishes]
    order = sorted(range(len(wishes)), key=lambda at: (-neighbours[at], wishes[at].y, wishes[at].x))
    return [wishes[at] for at in order]


class Crowd:
    """Boxes of which one asks which are near."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        self.boxes = boxes
        edges = [(box.left, box.top, box.right, box.bottom) for box in boxes]
        self._left, self._top, self._right, self._bottom = np.array(edges, dtype=np.float64).reshape(-1, 4).T

    def count(self, box: Box) -> int:
        """How many touch a box."""
        return int(np.count_nonzero(self._touching(box, 0.0)))

    def near(self, box: Box, clear: float = 0.0) -> list[Box]:
        """Those that come closer to a box than `clear`."""
        return [self.boxes[at] for at in np.flatnonzero(self._touching(box, clear)).tolist()]

    def _touching(self, box: Box, clear: float) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = (
            (box.left < self._right + clear)
            & (self._left < box.right + clear)
            & (box.top < self._bottom + clear)
            & (self._top < box.bottom + clear)
        )
        return found


def _within_reach(wish: Wish, size: float, taken: Crowd) -> Crowd:
    """What can be in the way of a text or of its leader, wherever it is put."""
    width, height = _extent(wish.text, size)
    across, down = (RADIUS + GAP + _DISTANCES[-1] + length for length in (width, height))
    return Crowd(taken.near(Box(wish.x - across, wish.y - down, wish.x + across, wish.y + down), 1.0))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a text can stand to its point, in pixels from it, and what that costs; `side` is -1 above and 1 below."""

    cost: float
    across: float
    down: float
    side: int
    align: Align
    apart: bool


def _places() -> Iterator[_Place]:
    for distance in _DISTANCES:
        steps = 16 if distance else 8
        for step in range(steps):
            angle = 2 * pi * step / steps
            across, down = cos(angle), -sin(angle)
            away = RADIUS + GAP + distance
            if not distance and abs(across * down) > 0.1:
                away -= 2.0  # the corner of a round point is empty
            align: Align = "left" if across > 0.3 else "right" if across < -0.3 else "center"
            awkward = 2.0 * abs(down) + 1.0 * (across < -0.3) + 1.0 * (down > 0.3)
            side = 0 if abs(down) <= 0.3 else -1 if down < 0 else 1
            yield _Place(distance + awkward, across * away, down * away, side, align, bool(distance))


_PLACES: Final = tuple(sorted(_places(), key=lambda one: one.cost))


def _candidates(wish: Wish, size: float) -> Iterator[tuple[float, Placed]]:
    """Every place of a text with its cost, the best first."""
    for one in _PLACES:
        box = _box(wish.text, (wish.x + one.across, wish.y + one.down), size, one.align, one.side)
        leader = _leader((wish.x, wish.y), box) if one.apart else None
        yield one.cost, Placed(text=wish.text, box=box, align=one.align, leader=leader)


def _box(text: str, spot: Spot, size: float, align: Align, side: int, *, bold: bool = False) -> Box:
    width, height = _extent(text, size, bold=bold)
    left = spot[0] - (0.0 if align == "left" else width if align == "right" else width / 2)
    top = spot[1] - (0.0 if side > 0 else height if side < 0 else height / 2)
    return Box(left, top, left + width, top + height)


@cache
def _extent(text: str, size: float, *, bold: bool = False) -> tuple[float, float]:
    """Width and height of a text in lines."""
    lines = text.split("\n")
    return max(text_width(line, size, bold=bold) for line in lines), len(lines) * size * LINE


def _leader(point: Spot, box: Box) -> Run:
    end = box.nearest(point)
    length = hypot(end[0] - point[0], end[1] - point[1]) or 1.0
    start = RADIUS - 1.0
    return (point[0] + (end[0] - point[0]) * start / length, point[1] + (end[1] - point[1]) * start / length), end


def _free(placed: Placed, wish: Wish, taken: Crowd, done: Sequence[Placed]) -> bool:
    """Does a text with its leader meet nothing that has its place?"""
    if taken.count(placed.box) or any(placed.box.touches(other.box) for other in done):
        return False
    leaders = [other.leader for other in done if other.leader]
    if any(placed.box.cut(leader) for leader in leaders):
        return False
    if not placed.leader:
        return True
    leader, spot = placed.leader, (wish.x, wish.y)
    others = [box for box in taken.near(Box(*_corners(leader)), 0.5) if not box.holds(spot)]
    others += [other.box for other in done]
    return not any(box.cut(leader) for box in others) and not any(meet(leader, other) for other in leaders)


def meet(one: Run, other: Run) -> bool:
    """Do two straight lines cross?

    >>> meet(((0, 0), (2, 2)), ((0, 2), (2, 0))), meet(((0, 0), (2, 2)), ((3, 0), (3, 9)))
    (True, False)
    """

    def side(spot: Spot, run: Run) -> float:
        (x, y), (end_x, end_y) = run
        return (end_x - x) * (spot[1] - y) - (end_y - y) * (spot[0] - x)

    return (
        side(one[0], other) * side(one[1], other) <= 0
        and side(other[0], one) * side(other[1], one) <= 0
        and Box(*_corners(one)).touches(Box(*_corners(other)), 1e-9)
    )


def _corners(run: Run) -> tuple[float, float, float, float]:
    (x, y), (end_x, end_y) = run
    return min(x, end_x), min(y, end_y), max(x, end_x), max(y, end_y)


def _crossed(placed: Placed, line: Sequence[Run]) -> int:
    """How often a text and its leader cross the fitted lines: not, one of them, or both."""
    leader = placed.leader
    return any(placed.box.cut(run) for run in line) + bool(leader and any(meet(leader, run) for run in line))
