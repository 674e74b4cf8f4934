"""A count as people read it: totals, operations, modules, a tree, two counts beside each other."""

from __future__ import annotations

from comptometer import text
from comptometer.cli._print import aligned, bold, style, wrapped
from comptometer.comparison import compared
from comptometer.module_tree import Branch, tree
from comptometer.ops import OpCount, Term


def page(found: OpCount, causal: int | None, *, as_tree: bool = False) -> str:
    """The whole count; `causal` is its training work with exactly the pairs that a mask keeps."""
    parts = ["\n".join(_head(found)), "\n".join(_totals(found)), "\n".join(_by(found, "operation"))]
    parts.append("\n".join(_tree(found) if as_tree else _by(found, "module")))
    if found.included:
        parts.append("\n".join(_included(found)))
    parts.append("\n".join(_notes(found, causal)))
    return "\n\n".join(parts)


def whole(found: OpCount) -> int:
    """FLOP of training, or of the forward pass where nothing else is known."""
    return int(found.training) if found.differentiated else found.forward


def _head(found: OpCount) -> list[str]:
    shape = [f"batch {found.batch}"]
    if found.sequence_length:
        shape.append(f"{found.sequence_length} tokens")
    if found.decoder_length:
        shape.append(f"{found.decoder_length} decoder tokens")
    if found.image_size:
        shape.append(f"image {found.image_size[0]}×{found.image_size[1]}")
    lines = [bold(found.target), f"{found.backend}, {', '.join(shape)}"]
    lines += [wrapped(note, 0) for note in found.warnings]
    if size := found.parameters:
        lines.append(f"parameters  {size.total:,} total, {size.active:,} active, {size.embedding:,} input embedding")
    return lines


def _totals(found: OpCount) -> list[str]:
    figures = [
        (name, getattr(found, name)) for name in (*_passes(found), "training")[: 3 if found.differentiated else 1]
    ]
    if found.recomputed:
        figures.append(("recomputed", found.recomputed))
    each, number = ("per token", found.tokens) if found.tokens else ("per example", found.batch)
    rows = [[name, f"{value:,}", text.number(value / number, 4)] for name, value in figures]
    return aligned(["FLOP", "batch", each], rows)


def _passes(found: OpCount) -> tuple[str, ...]:
    return ("forward", "backward") if found.differentiated else ("forward",)


def _figures(found: OpCount, of: Term | Branch) -> list[str]:
    """Forward and backward, and the share of the forward pass."""
    return [*(f"{getattr(of, one):,}" for one in _passes(found)), text.percent(of.forward / max(found.forward, 1))]


def _by(found: OpCount, what: str) -> list[str]:
    terms = found.by_operation if what == "operation" else found.by_module
    rows = [[name, f"{term.calls:,}", *_figures(found, term)] for name, term in terms.items()]
    return aligned([what, "calls", *_passes(found), "share"], rows)


def _tree(found: OpCount) -> list[str]:
    rows = [
        [
            f"{'  ' * (depth - 1)}{branch.name}" if depth else "all",
            *_figures(found, branch),
            ", ".join(branch.operations),
        ]
        for depth, branch in tree(found).walk()
    ]
    return aligned(["module", *_passes(found), "share", "operation"], rows)


def _included(found: OpCount) -> list[str]:
    rows = [
        [axis, f"{sum(term.forward for term in terms):,}", f"{sum(term.backward for term in terms):,}"]
        for axis, terms in found.included.items()
    ]
    return aligned(["apart from these", "forward", "backward"], rows)


def _notes(found: OpCount, causal: int | None) -> list[str]:
    how = found.convention
    lines = [
        f"Convention  a multiply-add is 2 FLOP; attention {how.attention}; "
        f"recomputation {how.recompute}, never in training"
    ]
    if not found.differentiated:
        lines.append("Forward only: the target has no backward pass, so backward and training are not known")
    if causal is not None and causal != whole(found):
        what = "training" if found.differentiated else "forward"
        lines.append(f"With exactly the pairs that a causal mask keeps, {what} is {causal:,}")
    if not found.complete:
        lines.append(style("Lower bound: not counted are", fg="yellow"))
        lines += [f"  {u.operation} ({u.calls}): {u.reason}" for u in found.uncounted]
    return [*lines, *(wrapped(note, 0) for note in found.notes)]


def comparison_page(first: OpCount, second: OpCount) -> str:
    """Two counts, figure by figure."""
    rows = [
        [
            row.figure,
            *("–" if value is None else _whole(value) for value in (row.first, row.second)),
            "–" if row.ratio is None else text.number(row.ratio, 4),
        ]
        for row in compared(first, second)
        if row.first or row.second
    ]
    heads = [
        f"{at}  {bold(count.target)}  {count.backend}, attention {count.convention.attention}"
        + (f", {count.sequence_length} tokens" if count.sequence_length else "")
        for at, count in ((1, first), (2, second))
    ]
    notes = [wrapped(f"{at}: {note}", 0) for at, count in ((1, first), (2, second)) for note in count.notes]
    table = aligned(["figure", "1", "2", "2 over 1"], rows)
    return "\n\n".join("\n".join(part) for part in (heads, table, notes) if part)


def _whole(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else text.number(value, 6)
