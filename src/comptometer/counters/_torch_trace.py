"""What a PyTorch program does, operator by operator: a dispatch mode that adds up contractions by module.

Backward work is told from forward work by the autograd graph that runs it, and work done again (checkpointing) from
gradients by the grad mode, which is off while gradients are formed. Every node of the graph has a sequence number, one
more than the last; the number at the time of a product is that of the node which will form its gradients, so backward
work is booked where the forward product was.
"""

from __future__ import annotations

import sys
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import torch
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode

from comptometer.counters._torch_attention import NeedsValuesError, one_attention
from comptometer.counters._torch_axes import measured
from comptometer.counters._torch_blocks import MARK
from comptometer.counters._torch_calls import Witness
from comptometer.counters._torch_products import RECURRENCE
from comptometer.counters._torch_rules import Rule, rule_of
from comptometer.counters._torch_transformers import passed_on
from comptometer.ops import Attention, Recompute

_MISSING: Final[Any] = object()
_RULES: Final[dict[Any, Rule | None]] = {}

graph_task: Final = torch._C._current_graph_task_id  # -1 outside of a backward pass
node_now: Final = torch._C._current_autograd_node
next_number: Final = torch._C._autograd._get_sequence_nr

ATTENTION: Final = "attention"
RECURRENT: Final = (torch.nn.RNNBase, torch.nn.RNNCellBase)


class Row:
    """Work of one kind in one module."""

    __slots__ = ("backward", "calls", "forward", "module", "operation", "recomputed")

    def __init__(self, module: str, operation: str) -> None:
        self.module, self.operation = module, operation
        self.calls = self.forward = self.backward = self.recomputed = 0

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        """Calls, and FLOP forward, backward and done again."""
        return self.calls, self.forward, self.backward, self.recomputed

    def add(self, other: Row, times: int = 1) -> None:
        """Add the work of another row, so many times."""
        self.calls += other.calls * times
        self.forward += other.forward * times
        self.backward += other.backward * times
        self.recomputed += other.recomputed * times


@contextmanager
def _flexible() -> Iterator[None]:
    """Let `flex_attention` reach the trace as one operator: not compiled, and with gradients on every device."""
    flex: Any = sys.modules.get("torch.nn.attention.flex_attention")
    names = "_FLEX_ATTENTION_DISABLE_COMPILE_DEBUG", "_validate_device"
    before = {name: getattr(flex, name) for name in names if hasattr(flex, name)}
    if len(before) < len(names):
        yield
        return
    flex._FLEX_ATTENTION_DISABLE_COMPILE_DEBUG, flex._validate_device = True, lambda *tensors: None
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(flex, name, value)


class Tracer(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what is run under it.

    Attributes:
        rows: the work, by module and operation, in the order in which it was first met.
        besides: work that is no contraction, by module and axis.
        uncounted: operators that no formula knows, by module and name: calls and reason.
        notes: what else the reader should know.
    """

    supports_higher_order_operators = True

    @classmethod
    def ignore_compile_internals(cls) -> bool:
        """Count what a compiled graph does when it runs, and nothing of how it is made."""
        return True

    def __init__(
        self,
        paths: Mapping[int, str],
        root: str,
        attention: Attention = "full",
        recompute: Recompute = "none",
        repeatable: bool = False,
        axes: frozenset[str] = frozenset(),
    ) -> None:
        """Prepare a trace.

        Args:
            paths: the name of each module, by identity.
            root: name for work outside of any of them.
            attention: which pairs count.
            recompute: what the backward pass is taken to compute again.
            repeatable: can the trace be repeated on real values, where meta tensors are not enough?
            axes: work besides contractions that is asked for.
        """
        super().__init__()  # type: ignore[no-untyped-call]
        self.attention, self.recompute, self.repeatable = attention, recompute, repeatable
        self.axes = axes
        self._rules = {} if axes else _RULES
        self.rows: dict[tuple[str, str], Row] = {}
        self.besides: dict[tuple[str, str], Row] = {}
        self.uncounted: dict[tuple[str, str], tuple[int, str]] = {}
        self.notes: dict[str, None] = {}
        self.idle = self.masked = False
        self.witness: Witness | None = None
        self.differentiated = False
        self.final = False  # is it the backward pass of the count, and none of the model's own?
        self.inner: Mapping[int, int] = {}  # the block that a module is a part of
        self.within: int | None = None  # the block that runs
        self.strayed: set[int] = set()  # blocks whose parts were used outside of them
        self._slow = True  # is there more to do than to look up the rule?
        self._paths = paths
        self._stack: list[tuple[str, str | None]] = [(root, None)]
        self._made: dict[int, Row] = {}
        self._marks: tuple[list[int], list[str]] = ([0], [root])
        self._graphs: dict[int, bool] = {}

    # -- running

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if self._slow:
            if self.idle:
                return func(*args, **(kwargs or {}))
            if (task := graph_task()) != -1:
                self.differentiated = True
                self._graphs.setdefault(task, torch.is_grad_enabled())
            if self.witness is not None:
                return self._witnessed(self.witness, func, args, kwargs or {})
            if self.masked:
                out = self._run(func, args, kwargs or {})
                passed_on(func, args, out)
                return out
        rule = self._rules.get(func, _MISSING)
        if rule is _MISSING:
            rule = self._rules[func] = self._rule_of(func)
        if rule is None:
            return func(*args, **kwargs) if kwargs else func(*args)
        return rule(self, func, args, kwargs or {})

    def _run(self, func: Any, args: Any, kwargs: Any) -> Any:
        rule = self._rule_of(func)
        return func(*args, **kwargs) if rule is None else rule(self, func, args, kwargs)

    def _rule_of(self, func: Any) -> Rule | None:
        return measured(func, rule_of(func), self.axes) if self.axes else rule_of(func)

    def _witnessed(self, witness: Witness, func: Any, args: Any, kwargs: Any) -> Any:
        if isinstance(func, torch._ops.OpOverload):
            witness.reads(func, args, kwargs)
        self.witness = None
        try:
            out = self.__torch_dispatch__(func, (), args, kwargs)
        finally:
            self.witness = witness
        witness.makes(out)
        return out

    @contextmanager
    def running(self) -> Iterator[Tracer]:
        """The trace, with modules followed and attention replaced."""
        with ExitStack() as stack:
            entered = register_module_forward_pre_hook(self._enter)
            stack.callback(entered.remove)
            left = register_module_forward_hook(self._leave, always_call=True)
            stack.callback(left.remove)
            stack.callback(torch.backends.mha.set_fastpath_enabled, torch.backends.mha.get_fastpath_enabled())
            torch.backends.mha.set_fastpath_enabled(False)  # fused layers are fine, but hide their modules
            stack.enter_context(one_attention())
            stack.enter_context(_flexible())
            stack.enter_context(warnings.catch_warnings())
            # that of torch.compile: a compiled module is entered twice, and has the path of the one around it
            warnings.filterwarnings("ignore", message=r"Using `torch.compile\(module\)` when there are global hooks")
            stack.enter_context(self)
            yield self

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Nothing is counted inside."""
        before = self.idle, self._slow
        self.idle = self._slow = True
        try:
            yield
        finally:
            self.idle, self._slow = before

    @contextmanager
    def own_backward(self) -> Iterator[None]:
        """A backward pass that is known not to build a graph of itself."""
        before, self._slow, self.final = self._slow, False, True
        self._graphs.clear()
        try:
            yield
        finally:
            self._slow, self.final = before, False

    def apart(self) -> Tracer:
        """Another trace from here, whose work can be taken over or dropped."""
        other = Tracer(self._paths, self._stack[-1][0], self.attention, self.recompute, self.repeatable, self.axes)
        other._stack = list(self._stack)
        other._made, other._marks, other._graphs = self._made, self._marks, self._graphs
        return other

    def take(self, other: Tracer) -> None:
        """Take over the work of a trace that was apart."""
        for row in other.rows.values():
            self._row(row.module, row.operation).add(row)
        for key, row in other.besides.items():
            self.besides.setdefault(key, Row(*key)).add(row)
        for (path, name), (calls, why) in other.uncounted.items():
            self._unknown(path, name, why, calls)
        self.notes.update(other.notes)

    def work_by_block(self) -> dict[int, dict[tuple[str, str], tuple[Any, ...]]]:
        """What is booked to each block, by its number: rows, and operators that are not counted."""
        found: dict[int, dict[tuple[str, str], tuple[Any, ...]]] = {}
        booked: list[tuple[tuple[str, str], tuple[Any, ...]]] = [*self.uncounted.items()]
        rows = [*self.rows.items(), *self.besides.items()]
        for (place, what), numbers in booked + [(key, row.numbers) for key, row in rows]:
            path, _, number = place.partition(MARK)
            if number:
                found.setdefault(int(number), {})[path, what] = numbers
        return found

    def uncounted_by_name(self) -> dict[str, tuple[int, str]]:
        """Operators that no formula knows: calls and reason."""
        found: dict[str, tuple[int, str]] = {}
        for (_, name), (calls, why) in self.uncounted.items():
            found[name] = found.get(name, (0, why))[0] + calls, why
        return found

    def settle(self, times: Mapping[int, int]) -> None:
        """Work of blocks goes to where they are, as often as they count."""
        rows, self.rows = self.rows, {}
        for row in rows.values():
            path, _, number = row.module.partition(MARK)
            self._row(path, row.operation).add(row, times.get(int(number), 1) if number else 1)
        besides, self.besides = self.besides, {}
        for row in besides.values():
            path, _, number = row.module.partition(MARK)
            key = path, row.operation
            self.besides.setdefault(key, Row(*key)).add(row, times.get(int(number), 1) if number else 1)
        uncounted, self.uncounted = self.uncounted, {}
        for (place, name), (calls, why) in uncounted.items():
            path, _, number = place.partition(MARK)
            self._unknown(path, name, why, calls * (times.get(int(number), 1) if number else 1))

    # -- modules

    def _enter(self, module: torch.nn.Module, args: object) -> None:
        if torch.compiler.is_compiling():  # a graph is made: its modules are not run
            return
        number = self.inner.get(id(module), self.within)
        if number != self.within and number is not None and graph_task() == -1:
            self.strayed.add(number)
        above = self._stack[-1]
        path = self._paths.get(id(module), above[0])
        own = RECURRENCE if isinstance(module, RECURRENT) else above[1]
        if isinstance(module, torch.nn.MultiheadAttention):
            own = ATTENTION
        elif own == ATTENTION:
            own = None
        self._stack.append((path, own))
        self._mark(path)

    def _leave(self, module: torch.nn.Module, args: object, out: object) -> None:
        if torch.compiler.is_compiling():
            return
        self._stack.pop()
        self._mark(self._stack[-1][0])

    def _mark(self, path: str) -> None:
        self._marks[0].append(next_number())
        self._marks[1].append(path)

    # -- adding up

    def _row(self, module: str, operation: str) -> Row:
        row = self.rows.get((module, operation))
        if row is None:
            row = self.rows[module, operation] = Row(module, operation)
        return row

    def _again(self, task: int) -> bool:
        """Is a product in a backward pass one of activations? It is if the grad mode is on, and was not before."""
        return torch.is_grad_enabled() and not self._graphs.get(task, False)

    def add(self, operation: str, flop: int) -> None:
        """Book one product."""
        task = graph_task()
        if task == -1 or self._again(task):
            row = self._row(self._stack[-1][0], operation)
            self._made.setdefault(next_number() - 1, row)
            if task == -1:
                row.calls += 1
                row.forward += flop
            else:
                row.recomputed += flop
        else:
            row = self._row_of_node(operation)
            row.backward += flop
            if self._graphs.get(task):  # gradients of gradients belong to the same place
                self._made.setdefault(next_number() - 1, row)

    def _row_of_node(self, operation: str) -> Row:
        node: Any = node_now()
        number = node._sequence_nr() if node is not None else 0
        row = self._made.get(number)
        if row is None:
            return self._row(self._path_at(number), operation)
        return self._row(row.module, row.operation)

    def _path_of_node(self) -> str:
        node: Any = node_now()
        return self._path_at(node._sequence_nr() if node is not None else 0)

    def _path_at(self, number: int) -> str:
        return self._marks[1][max(0, bisect_right(self._marks[0], number) - 1)]

    def measure(self, axis: str, operations: int) -> None:
        """Book work that is no contraction."""
        task = graph_task()
        again = task != -1 and self._again(task)
        path = self._stack[-1][0] if task == -1 or again else self._path_of_node()
        row = self.besides.setdefault((path, axis), Row(path, axis))
        if task == -1:
            row.calls += 1
            row.forward += operations
        elif again:
            row.recomputed += operations
        else:
            row.backward += operations

    def attended(self, scores: int, sums: int) -> None:
        """Two forward products of an attention."""
        self.add(ATTENTION, scores + sums)

    def attention_gradients(self, flop: int, scores: int, sums: int) -> None:
        """The gradients of an attention, and what is declared to be formed again for them."""
        self.add(ATTENTION, flop)
        again = {"flash": scores, "selective": scores + sums}.get(self.recompute, 0)
        if again:
            self._row_of_node(ATTENTION).recomputed += again

    def unknown(self, name: str, why: str, calls: int = 1) -> None:
        """Book an operator that is not counted."""
        task = graph_task()
        path = self._stack[-1][0] if task == -1 or self._again(task) else self._path_of_node()
        self._unknown(path, name, why, calls)

    def _unknown(self, path: str, name: str, why: str, calls: int) -> None:
        self.uncounted[path, name] = (self.uncounted.get((path, name), (0, why))[0] + calls, why)

    def unknown_values(self, note: str) -> None:
        """Start again with values if that is possible, else say what was assumed.

        Raises:
            NeedsValuesError: it is possible.
        """
        if self.repeatable:
            raise NeedsValuesError(note)
        self.notes[note] = None

    def label(self, operation: str, args: Sequence[Any]) -> str:
        """Kind of operation: that of the module around it, `linear` with a parameter, else its own."""
        around = self._stack[-1][1]
        if around is not None:
            return around if around != ATTENTION or not _has_parameter(args) else "linear"
        return "linear" if operation == "matmul" and _has_parameter(args) else operation


def _has_parameter(args: Sequence[Any]) -> bool:
    for value in args[-2:]:
        if isinstance(value, torch.Tensor):
            base = value._base
            if isinstance(value if base is None else base, torch.nn.Parameter):
                return True
        elif isinstance(value, (list, tuple)) and any(_has_parameter([part]) for part in value):
            return True
    return False
