"""Recurrent layers: LSTM, GRU and the plain one. They differ in the number of gates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from comptometer.contraction import matmul
from comptometer.errors import UsageError
from comptometer.layers import Flow, Layer, Run, Work, kind
from comptometer.layers._fields import Fields

STATE: Final = (
    "recurrent layers: the gradient with respect to a constant first state is counted, as fused kernels form it; "
    "a graph of single steps leaves out one product per layer and direction"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recurrent(Layer):
    """At every step, G gates of h units each from the i inputs and the h units of the step before: 2 · Gh(i + h).

    Sigmoids and products of gates are element-wise and count 0. Both directions of a bidirectional layer have weights
    of their own; their outputs are concatenated, or added. `biases` is 1 for the textbook layer and 2 where, as in
    PyTorch, input and state have one each.
    """

    gates: ClassVar[int]

    units: int
    bidirectional: bool
    join: str
    output: str
    biases: int

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Needs units."""
        return cls(
            units=fields.integer("units"),
            bidirectional=fields.flag("bidirectional", False),
            join=fields.word("join", "concatenate", ("concatenate", "add")),
            output=fields.word("output", "sequence", ("sequence", "last")),
            biases=fields.integer("biases", 1, least=0, most=2),
        )

    def work(self, flow: Flow, run: Run) -> Work:
        """Length × inputs to length × units."""
        if len(flow.shape) != 2:
            raise UsageError(f"a recurrent layer reads length × width, but {flow} comes in; write a reshape before it")
        length, inputs = flow.shape
        directions = 2 if self.bidirectional else 1
        rows = self.gates * self.units
        read = directions * matmul(run.batch * length, inputs, rows)
        state = directions * length * matmul(run.batch, self.units, rows)
        width = self.units * (directions if self.join == "concatenate" else 1)
        return Work(
            flow=Flow((length, width) if self.output == "sequence" else (width,), True),
            terms=[
                run.weighted("input", "recurrence", read, trained=flow.trained, calls=directions),
                run.weighted("state", "recurrence", state, trained=True, calls=directions * length),
            ],
            parameters=directions * rows * (inputs + self.units + self.biases),
            notes=(STATE,),
        )


@kind("lstm")
@dataclass(frozen=True, slots=True, kw_only=True)
class Lstm(_Recurrent):
    """Four gates. Source: Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000, no peepholes."""

    gates: ClassVar[int] = 4


@kind("gru")
@dataclass(frozen=True, slots=True, kw_only=True)
class Gru(_Recurrent):
    """Three gates. Source: Cho et al. 2014."""

    gates: ClassVar[int] = 3


@kind("rnn")
@dataclass(frozen=True, slots=True, kw_only=True)
class Rnn(_Recurrent):
    """One set of units. Source: Elman 1990."""

    gates: ClassVar[int] = 1
