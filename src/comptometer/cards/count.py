"""The card of an exact count: operations by kind, and the convention behind them."""

from __future__ import annotations

from comptometer import text
from comptometer.cards import Card, card
from comptometer.ops import OpCount, Term


@card("OpCount")
def of_count(count: OpCount) -> Card:
    """Totals of the batch, each kind of operation, and what was not counted."""
    size, convention = count.parameters, count.convention
    shape = [f"batch {count.batch}", *([f"{count.sequence_length} tokens"] if count.sequence_length else [])]
    foot = [
        f"{', '.join(shape)}; attention {convention.attention}, recompute {convention.recompute}, "
        "a multiply-add is 2 FLOP",
        *([f"{size.total:,} parameters, {size.active:,} of them active"] if size else []),
        *(f"Not counted: {item.operation} ({item.calls} calls): {item.reason}" for item in count.uncounted),
        *count.warnings,
    ]
    return Card(
        title=f"Operations of {count.target or 'a model'} ({count.backend})",
        lead=_totals(count),
        columns=("operation", "calls", "forward FLOP", "backward FLOP", "share of forward"),
        rows=[_row(term, count) for term in count.by_operation.values()],
        numeric=(1, 2, 3, 4),
        foot=foot,
    )


def _totals(count: OpCount) -> str:
    if not count.differentiated:
        return f"forward {text.number(count.forward, 4)} FLOP"
    return f"training {text.number(float(count.training or 0), 4)} FLOP, forward {text.number(count.forward, 4)}"


def _row(term: Term, count: OpCount) -> list[str]:
    backward = f"{term.backward:,}" if count.differentiated else "–"
    share = text.percent(term.forward / count.forward) if count.forward else "–"
    return [term.operation, f"{term.calls:,}", f"{term.forward:,}", backward, share]
