"""The live PyTorch counter beside torch's own: exactness on the probes, and time over the bare meta graph."""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.flop_counter import FlopCounterMode

from comptometer.counters.torch import count

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "counters"))
from _measure import calls, table
from probes import PROBES, Probe

LAYERS, WIDTH, HEADS, LENGTH, VOCABULARY = 12, 256, 8, 128, 1000


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.q, self.k, self.v, self.o = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inside = self.before(x)
        q, k, v = (layer(inside).unflatten(-1, (HEADS, -1)).transpose(1, 2) for layer in (self.q, self.k, self.v))
        x = x + self.o(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(-2))
        return x + self.down(F.gelu(self.up(self.between(x))))


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table, self.head = nn.Embedding(VOCABULARY, WIDTH), nn.Linear(WIDTH, VOCABULARY, bias=False)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.table(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def ours(probe: Probe) -> int:
    found = count(probe.run(), attention=probe.attention)
    return {
        "forward": found.forward,
        "training": found.training,
        "executed": found.training + found.recomputed,
    }[probe.counted]


def theirs(probe: Probe) -> int:
    with FlopCounterMode(display=False) as counter:
        probe.run()()
    return int(counter.get_total_flops())


def tried(counter: Any, probe: Probe) -> int | str:
    try:
        return counter(probe)
    except Exception as error:
        return type(error).__name__


def bare(model: nn.Module, tokens: torch.Tensor) -> None:
    model(tokens).sum().backward()
    model.zero_grad(set_to_none=True)


def flop_counter_mode(model: nn.Module, tokens: torch.Tensor) -> int:
    with FlopCounterMode(display=False) as counter:
        bare(model, tokens)
    return int(counter.get_total_flops())


if __name__ == "__main__":
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    rows = [[name, probe.exact, tried(ours, probe), tried(theirs, probe)] for name, probe in PROBES.items()]
    table("Probes", ["probe", "exact", "comptometer", "FlopCounterMode"], rows)
    table(
        "Probes that are exact",
        ["counter", "exact", "of"],
        [[name, sum(row[1] == row[at] for row in rows), len(rows)] for at, name in ((2, "comptometer"), (3, "torch"))],
    )
    with torch.device("meta"):
        model, tokens = Decoder(), torch.zeros(1, LENGTH, dtype=torch.long)
    real, numbers = Decoder(), torch.zeros(1, LENGTH, dtype=torch.long)
    seconds = {
        "bare meta graph": calls(lambda: bare(model, tokens), 15),
        "FlopCounterMode, meta": calls(lambda: flop_counter_mode(model, tokens), 15),
        "comptometer, meta": calls(lambda: count(model, tokens), 15),
        "comptometer, model with weights": calls(lambda: count(real, numbers), 15),
    }
    table(
        f"Decoder of {LAYERS} layers, width {WIDTH}, forward and backward, median of 15 runs",
        ["", "ms", "over bare", "over FlopCounterMode"],
        [
            [
                name,
                f"{1e3 * s:.1f}",
                f"{s / seconds['bare meta graph']:.2f}",
                f"{s / seconds['FlopCounterMode, meta']:.2f}",
            ]
            for name, s in seconds.items()
        ],
    )
    print(f"\n  training: {count(model, tokens).training} ours, {flop_counter_mode(model, tokens)} FlopCounterMode")
