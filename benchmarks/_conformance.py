"""One counter on all probes and models, in a process of its own: `python _conformance.py COUNTER`, a line of JSON.

A process each, since several of them replace functions of PyTorch and do not put them back when they fail.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "counters"))
import torch
from _models import MODELS, Model
from _peers import PEERS, Peer
from probes import PROBES, Probe
from torch import nn

from comptometer.counters.torch import count

Found = int | str | None
OURS = "comptometer"


def modules_in(value: Any, seen: set[int]) -> Iterator[nn.Module]:
    """The modules that a probe has closed over: counters that hook modules must see them."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, nn.Module):
        yield value
    elif isinstance(value, types.FunctionType):
        for cell in value.__closure__ or ():
            with contextlib.suppress(ValueError):  # an empty cell
                yield from modules_in(cell.cell_contents, seen)


class Wrapped(nn.Module):
    """A probe as a module with one input and one parameter, which is what most counters ask for."""

    def __init__(self, run: Callable[[], Any]) -> None:
        super().__init__()
        self.run, self.parts = run, nn.ModuleList(modules_in(run, set()))
        self.unused = nn.Parameter(torch.ones(1))

    def forward(self, unused: torch.Tensor) -> Any:
        return self.run()


def tried(counted: Callable[[], int]) -> Found:
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        try:
            return int(counted())
        except Exception as error:
            return type(error).__name__


def ours_on_probe(probe: Probe) -> Found:
    def counted() -> int:
        found = count(probe.run(), attention=probe.attention)
        executed = found.training + found.recomputed
        return {"forward": found.forward, "training": found.training, "executed": executed}[probe.counted]

    return tried(counted)


def peer_on_probe(peer: Peer, probe: Probe) -> Found:
    module, inputs = Wrapped(probe.run()).eval(), (torch.ones(1),)
    for part, trains in ((part, True) for part in module.parts if "fast path" not in probe_name(probe)):
        part.train(trains)
    if probe.counted == "forward":
        return tried(lambda: peer.forward(module, inputs)) if peer.forward else None
    return tried(lambda: peer.whole(module, inputs)) if peer.differentiates and peer.forward else None


def probe_name(probe: Probe) -> str:
    return next(name for name, other in PROBES.items() if other is probe).replace("_", " ")


def on_model(peer: Peer, model: Model) -> tuple[Found, Found]:
    forward = tried(lambda: peer.forward(*model.make())) if peer.forward else None
    if peer.times is not None:
        return forward, forward * peer.times if isinstance(forward, int) else forward
    return forward, tried(lambda: peer.training(*model.make())) if peer.training else None


def ours_on_model(model: Model) -> tuple[Found, Found]:
    found = count(*model.make())
    return found.forward, found.training


def main(name: str) -> None:
    torch.set_num_threads(1)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    torch.library  # noqa: B018
    peer = PEERS.get(name)
    probes, models = {}, {}
    for title, probe in PROBES.items():
        probes[title] = probe.exact, peer_on_probe(peer, probe) if peer else ours_on_probe(probe)
    for title, model in MODELS.items():
        found = on_model(peer, model) if peer else ours_on_model(model)
        models[title] = {"forward": (model.forward, found[0]), "training": (model.training, found[1])}
        gc.collect()
    print(json.dumps({"version": peer.version if peer else "", "probes": probes, "models": models}))


if __name__ == "__main__":
    main(sys.argv[1])
