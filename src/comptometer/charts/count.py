"""Where a model's operations are: a flame of modules, each as wide as its share of the forward pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from comptometer import text
from comptometer.charts import Language, Look, Spec, chart_of
from comptometer.charts._labels import text_width
from comptometer.charts._theme import BODY, LEFT, PALETTES, RIGHT, SMALL, Layer, Palette, Rows, Words, finished
from comptometer.charts._words import listed, say
from comptometer.module_tree import Branch, tree
from comptometer.ops import OpCount
from comptometer.release import banner

ROW: Final = 58  # pixels of a level
LEAST: Final = 1.5  # pixels below which a module is not drawn
AIR: Final = 10  # pixels beside a label
HEADINGS: Final = {
    "path": "heading-module",
    "operation": "heading-operation",
    "forward_text": "heading-forward",
    "backward_text": "heading-backward",
    "share": "heading-share-forward",
}
MIXED: Final = "several"
NAMED: Final = frozenset({"linear", "convolution", "recurrence", "attention"})  # operations that we have words for


@chart_of("count")
def of_target(target: str, look: Look) -> Spec:
    """The operations of whatever `comptometer count` takes."""
    from comptometer.counting import count

    return count_chart(count(target), look)


def count_chart(found: OpCount, look: Look) -> Spec:
    """Modules as bars, one level below the other, from the whole model to single products.

    The height follows from the depth; a look gives width and theme.
    """
    palette = PALETTES[look.theme]
    width = float(look.width + LEFT + RIGHT)
    rows = count_rows(found, palette, width, look.language)
    headings = {name: say(key, look.language) for name, key in HEADINGS.items()}
    height = ROW * (1 + max(row["level"] for row in rows))
    drawn = {"rows": rows, "legend": _legend(rows, palette, look.language)}
    return finished(
        [_bars(palette, headings), *_labels(palette), *_keys(palette)],
        _words(found, rows, look.language),
        Rows(drawn=drawn, listed="rows", headings=headings),
        look=look,
        size=(width, height),
        margins=(0, 0),
        below=44,
        apart="x",
    )


def count_rows(found: OpCount, palette: Palette, width: float, language: Language) -> list[dict[str, Any]]:
    """A row for each module that is wide enough to be seen."""
    root = tree(found)
    colours = _colours(found, palette)
    return [
        _row(branch, level, start, root.forward, colours, palette, width, language)
        for branch, level, start in _laid(root, 0, 0)
        if branch.forward / root.forward * width >= LEAST
    ]


def _laid(branch: Branch, level: int, start: int) -> Iterator[tuple[Branch, int, int]]:
    """Every module with its level and where it starts, in FLOP from the left."""
    yield branch, level, start
    for child in branch.children.values():
        yield from _laid(child, level + 1, start)
        start += child.forward


def _colours(found: OpCount, palette: Palette) -> Mapping[str, str]:
    names = list(found.by_operation)
    return {name: palette.series[at % len(palette.series)] for at, name in enumerate(names)}


def _row(
    branch: Branch,
    level: int,
    start: int,
    whole: int,
    colours: Mapping[str, str],
    palette: Palette,
    width: float,
    language: Language,
) -> dict[str, Any]:
    kinds = list(dict.fromkeys(kind for _, part in branch.walk() for kind in part.operations))
    kind = kinds[0] if len(kinds) == 1 else MIXED
    share = branch.forward / whole
    left, right = start / whole * width, (start + branch.forward) / whole * width
    room = right - left - AIR
    return {
        "path": branch.path or branch.name,
        "operation": ", ".join(kinds),
        "kind": kind,
        "color": colours.get(kind, palette.grid),
        "level": level,
        "x": left,
        "x2": right - 1,
        "y": level * ROW,
        "y2": (level + 1) * ROW - 2,
        "middle": (left + right) / 2,
        "label": _fitting(branch.name, room, BODY),
        "detail": _fitting(f"{text.number(branch.forward, 3)} · {text.percent(share)}", room, SMALL),
        "ink": palette.background if kind in colours else palette.text,
        "forward_text": f"{branch.forward:,}",
        "backward_text": f"{branch.backward:,}",
        "share": text.percent(share),
        "spoken": say("spoken-module", language, module=branch.path or branch.name, share=text.percent(share)),
    }


def _fitting(words: str, room: float, size: int) -> str:
    """The words where they fit, else nothing: a cut name says less than the table."""
    return words if text_width(words, size) <= room else ""


def _legend(rows: Sequence[Mapping[str, Any]], palette: Palette, language: Language) -> list[dict[str, Any]]:
    seen = {row["kind"]: row["color"] for row in rows if row["kind"] != MIXED}
    found, x = [], 0.0
    for kind, color in seen.items():
        named = kind if language == "en" else _where(kind, language)
        found.append({"kind": named, "color": color, "x": x, "x2": x + 12, "text": x + 18})
        x += 40 + text_width(named, BODY)
    return found


# Layers


def _pixel(field: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "scale": None, "axis": None}


def _bars(palette: Palette, headings: Mapping[str, str]) -> Layer:
    return {
        "data": {"name": "rows"},
        "mark": {"type": "rect", "stroke": palette.background, "strokeWidth": 1},
        "encoding": {
            "x": _pixel("x"),
            "x2": {"field": "x2"},
            "y": _pixel("y"),
            "y2": {"field": "y2"},
            "fill": {"field": "color", "type": "nominal", "scale": None},
            "description": {"field": "spoken"},
            "tooltip": [{"field": name, "type": "nominal", "title": title} for name, title in headings.items()],
        },
    }


def _labels(palette: Palette) -> list[Layer]:
    def layer(field: str, size: int, down: int) -> Layer:
        return {
            "data": {"name": "rows"},
            "mark": {"type": "text", "align": "center", "baseline": "middle", "fontSize": size, "dy": down},
            "encoding": {
                "x": _pixel("middle"),
                "y": _pixel("y"),
                "text": {"field": field},
                "color": {"field": "ink", "type": "nominal", "scale": None},
            },
        }

    return [layer("label", BODY, ROW // 2 - 9), layer("detail", SMALL, ROW // 2 + 8)]


def _keys(palette: Palette) -> list[Layer]:
    """What the colours mean, over the bars."""
    box = {"type": "rect", "y": -20, "y2": -8}
    word = {"type": "text", "align": "left", "baseline": "middle", "y": -14, "fontSize": BODY, "color": palette.text}
    colour = {"fill": {"field": "color", "type": "nominal", "scale": None}}
    return [
        {"data": {"name": "legend"}, "mark": box, "encoding": {"x": _pixel("x"), "x2": {"field": "x2"}, **colour}},
        {"data": {"name": "legend"}, "mark": word, "encoding": {"x": _pixel("text"), "text": {"field": "kind"}}},
    ]


def _where(operation: str, language: Language) -> str:
    """An operation in words, or as it is named."""
    return say(f"in-{operation}", language) if operation in NAMED else operation


def _words(found: OpCount, rows: Sequence[Mapping[str, Any]], language: Language) -> Words:
    largest = max(found.by_operation.values(), key=lambda term: term.forward)
    where = _where(largest.operation, language)
    whole = largest.forward == found.forward
    share = text.percent(largest.forward / found.forward)
    shape = [say("batch", language, n=found.batch)]
    if found.sequence_length:
        shape.append(say("tokens", language, n=found.sequence_length))
    if found.image_size:
        shape.append(say("image", language, height=found.image_size[0], width=found.image_size[1]))
    small = sum(1 for _ in tree(found).walk()) - len(rows)
    note = [say("count-note", language, backend=found.backend, banner=banner())]
    if small:
        note.append(say("too-narrow", language, n=small))
    return Words(
        title=say("count-all" if whole else "count-title", language, share=share, where=where),
        subtitle=say(
            "count-subtitle",
            language,
            target=found.target,
            shape=listed(shape, language),
            forward=text.number(found.forward, 4),
            training=text.number(found.training, 4),
            attention=say(f"attention-{found.convention.attention}", language),
        ),
        note=" ".join(note),
        description=say("count-description", language, target=found.target),
        language=language,
    )
