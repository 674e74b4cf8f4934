"""One counter on all probes and models: `python _conformance.py COUNTER` prints a line of JSON.

Every count is made in a process of its own: several counters replace functions of PyTorch while they work and, when
they fail, do not put them back, so that the next count would be a multiple.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import signal
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "counters"))
import torch
from _models import MODELS
from _peers import PEERS, Peer
from probes import PROBES, Probe
from torch import nn

from comptometer.counters.torch import count

Found = int | str | list[int] | None
LONGEST = 120  # seconds for one count
EITHER = {"causal_attention_is_the_lower_triangle_with_its_diagonal": 4194304}  # a peer may count the full square


def within(value: Any, seen: set[int]) -> Iterator[Any]:
    """Modules and tensors that a probe has closed over."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, nn.Module | torch.Tensor):
        yield value
    elif isinstance(value, types.FunctionType):
        for cell in value.__closure__ or ():
            yield from within(cell.cell_contents, seen)


class Wrapped(nn.Module):
    """A probe as a module with one input and one parameter, whose parts are there for those that hook modules."""

    def __init__(self, run: Callable[[], Any], trained: bool) -> None:
        super().__init__()
        held = list(within(run, set()))
        self.run, self.parts = run, nn.ModuleList(part for part in held if isinstance(part, nn.Module))
        self.unused = nn.Parameter(torch.ones(1))
        for tensor in held:
            if isinstance(tensor, torch.Tensor) and not trained:
                tensor.requires_grad_(False)  # a graph tracer takes no trained constants

    def forward(self, unused: torch.Tensor) -> Any:
        return self.run()


def apart(counted: Callable[[], Found]) -> Found:
    """What a function finds in a forked process; the name of the exception if it raises, or of what killed it."""
    readable, writable = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(LONGEST)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        try:
            found = counted()
        except BaseException as error:
            found = type(error).__name__
        os.write(writable, json.dumps(found).encode())
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as answer:
        text = answer.read()
    status = os.waitpid(child, 0)[1]
    return json.loads(text) if text else signal.Signals(os.WTERMSIG(status)).name


def ours_on(probe: Probe) -> int:
    found = count(probe.run(), attention=probe.attention)
    executed = found.training + found.recomputed
    return {"forward": found.forward, "training": found.training, "executed": executed}[probe.counted]


def probed(peer: Peer | None, probe: Probe) -> Found:
    if peer is None:
        return apart(lambda: ours_on(probe))
    if peer.forward is None or not peer.probed or (probe.counted != "forward" and not peer.differentiates):
        return None
    counted = peer.forward if probe.counted == "forward" else peer.whole
    trained = peer.training is not None or probe.counted != "forward"
    return apart(lambda: int(counted(Wrapped(probe.run(), trained), (torch.ones(1),))))


def modelled(peer: Peer | None, name: str) -> tuple[Found, Found]:
    """Forward, and forward with backward."""
    make = MODELS[name].make
    if peer is None:
        found = apart(lambda: [(got := count(*make())).forward, got.training])
        return (found[0], found[1]) if isinstance(found, list) else (found, found)
    forward = apart(lambda: int(peer.forward(*make()))) if peer.forward else None
    if peer.training is None:
        return forward, peer.times * forward if peer.times and isinstance(forward, int) else None
    return forward, apart(lambda: int(peer.training(*make())))


def main(name: str) -> None:
    torch.set_num_threads(1)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    peer = PEERS.get(name)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        if peer:
            importlib.import_module("deepspeed.profiling.flops_profiler" if name == "DeepSpeed" else peer.imported)
        importlib.import_module("torch._dynamo.backends.debugging")  # or each process would import it for itself
        for model in MODELS.values():
            model.make("meta")
    probes, models = {}, {}
    for title, probe in PROBES.items():
        found = probed(peer, probe)
        right = EITHER[title] if peer and title in EITHER and found == EITHER[title] else probe.exact
        probes[title] = right, found
    for title, model in MODELS.items():
        forward, training = modelled(peer, title)
        models[title] = {"forward": (model.forward, forward), "training": (model.training, training)}
    print(json.dumps({"version": peer.version if peer else "", "probes": probes, "models": models}))


if __name__ == "__main__":
    main(sys.argv[1])
