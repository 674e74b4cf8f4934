"""One counter on one model: `python _timing.py COUNTER MODEL` prints seconds of its calls and the peak memory.

Seconds of the processor with one thread: those of the clock where nothing else runs, and the same where something does.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

CALLS, PATIENCE = 3, 2.5  # seconds: a slower counter is called once
MEGABYTE = 1024  # of the kilobytes that Linux reports
CONFIG = {"model_type": "gpt2", "n_embd": 768, "n_head": 12, "n_layer": 12, "vocab_size": 50257}


def closed_form(_: str) -> Callable[[], Any]:
    import comptometer

    return lambda: comptometer.count(CONFIG, sequence_length=512)


def ours(device: str) -> Callable[[str], Callable[[], Any]]:
    def ready(name: str) -> Callable[[], Any]:
        from _models import MODELS

        from comptometer.counters.torch import count

        module, inputs = MODELS[name].make(device)
        return lambda: count(module, inputs)

    return ready


def bare(device: str) -> Callable[[str], Callable[[], Any]]:
    def ready(name: str) -> Callable[[], Any]:
        from _models import MODELS

        module, inputs = MODELS[name].make(device)
        return lambda: module(*inputs).sum().backward()

    return ready


def flop_counter(device: str) -> Callable[[str], Callable[[], Any]]:
    def ready(name: str) -> Callable[[], Any]:
        from _models import MODELS
        from _peers import flop_counter_mode_training

        module, inputs = MODELS[name].make(device)
        return lambda: flop_counter_mode_training(module, inputs)

    return ready


def peer(title: str) -> Callable[[str], Callable[[], Any]]:
    def ready(name: str) -> Callable[[], Any]:
        from _models import MODELS
        from _peers import PEERS

        found = PEERS[title]
        importlib.import_module("deepspeed.profiling.flops_profiler" if title == "DeepSpeed" else found.imported)
        module, inputs = MODELS[name].make()
        assert found.forward is not None
        return lambda: found.forward(module, inputs)

    return ready


BOTH, FORWARD = "forward and backward", "forward"
COUNTERS: dict[str, tuple[str, Callable[[str], Callable[[], Any]]]] = {
    "comptometer, configuration": (BOTH, closed_form),
    "comptometer, meta": (BOTH, ours("meta")),
    "comptometer, model with weights": (BOTH, ours("cpu")),
    "no counter, meta": (BOTH, bare("meta")),
    "no counter, CPU": (BOTH, bare("cpu")),
    "FlopCounterMode, meta": (BOTH, flop_counter("meta")),
    "FlopCounterMode, CPU": (BOTH, flop_counter("cpu")),
    **{
        name: (FORWARD, peer(name))
        for name in (
            "fvcore", "ptflops", "ptflops, aten", "ultralytics-thop", "torchinfo", "torchprofile", "calflops",
            "DeepSpeed",
        )
    },
}  # fmt: skip


def timed(call: Callable[[], Any]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def main(counter: str, model: str) -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        call = COUNTERS[counter][1](model)
        seconds = [timed(call)]
        while len(seconds) < CALLS and seconds[0] < PATIENCE:
            seconds.append(timed(call))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE
    print(json.dumps({"first": seconds[0], "later": min(seconds[1:], default=None), "megabytes": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
