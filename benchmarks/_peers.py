"""Other counters, each behind one function: a module and its inputs → FLOP of a forward pass, and of training."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

Inputs = tuple[torch.Tensor, ...]
MULTIPLY_ADD = 2  # for those that count multiply-adds


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A counter. `times` is what it takes forward and backward to cost, in forward passes; `None`: not at all.

    The probes choose their device, so a counter that is run on another is not `probed`.
    """

    name: str
    package: str
    imported: str
    forward: Callable[[nn.Module, Inputs], int] | None = None
    training: Callable[[nn.Module, Inputs], int] | None = None
    times: int | None = None
    probed: bool = True

    @property
    def version(self) -> str:
        return metadata.version(self.package)

    @property
    def differentiates(self) -> bool:
        return self.training is not None or self.times is not None

    def whole(self, module: nn.Module, inputs: Inputs) -> int:
        """Forward and backward."""
        if self.training is not None:
            return self.training(module, inputs)
        if self.forward is None or self.times is None:
            raise TypeError(f"{self.name} counts forward passes only")
        return self.times * self.forward(module, inputs)


def named(module: nn.Module, inputs: Inputs) -> dict[str, torch.Tensor]:
    return dict(zip(inspect.signature(module.forward).parameters, inputs, strict=False))


def on_meta(module: nn.Module, inputs: Inputs) -> tuple[nn.Module, Inputs]:
    return module.to("meta"), tuple(tensor.to("meta") for tensor in inputs)


def flop_counter_mode(module: nn.Module, inputs: Inputs) -> int:
    with FlopCounterMode(display=False) as counter:
        module(*inputs)
    return int(counter.get_total_flops())


def flop_counter_mode_training(module: nn.Module, inputs: Inputs) -> int:
    with FlopCounterMode(display=False) as counter:
        out = module(*inputs)
        if isinstance(out, torch.Tensor) and out.requires_grad:
            out.sum().backward()
    return int(counter.get_total_flops())


def fvcore(module: nn.Module, inputs: Inputs) -> int:
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(module, inputs)
    return MULTIPLY_ADD * int(
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none").total()
    )


def ptflops(backend: str) -> Callable[[nn.Module, Inputs], int]:
    def counted(module: nn.Module, inputs: Inputs) -> int:
        counter = importlib.import_module("ptflops").get_model_complexity_info
        found, _ = counter(
            module,
            (1,),
            as_strings=False,
            print_per_layer_stat=False,
            input_constructor=lambda _: named(module, inputs),
            backend=backend,
        )
        if found is None:  # it has printed the exception
            raise RuntimeError("ptflops gave nothing")
        return MULTIPLY_ADD * int(found)

    return counted


def thop(module: nn.Module, inputs: Inputs) -> int:
    return MULTIPLY_ADD * int(importlib.import_module("thop").profile(module, inputs, verbose=False)[0])


def calflops(module: nn.Module, inputs: Inputs) -> int:
    found = importlib.import_module("calflops").calculate_flops(
        module, args=list(inputs), print_results=False, output_as_string=False
    )
    return int(found[0])


def torchinfo(module: nn.Module, inputs: Inputs) -> int:
    found = importlib.import_module("torchinfo").summary(module, input_data=inputs, verbose=0)
    return MULTIPLY_ADD * int(found.total_mult_adds)


def torchprofile(module: nn.Module, inputs: Inputs) -> int:
    return MULTIPLY_ADD * int(importlib.import_module("torchprofile").profile_macs(module, inputs))


def deepspeed(module: nn.Module, inputs: Inputs) -> int:
    profiler = importlib.import_module("deepspeed.profiling.flops_profiler")
    found = profiler.get_model_profile(module, args=list(inputs), print_profile=False, warm_up=0, as_string=False)
    return int(found[0])


def six_per_parameter(module: nn.Module, inputs: Inputs) -> int:
    """What the Trainer of transformers logs: 6 × elements of the main input × parameters without embeddings."""
    inner: Any = module.get_submodule("inner")
    return 6 * inputs[0].numel() * int(inner.num_parameters(exclude_embeddings=True))


PEERS: Mapping[str, Peer] = {
    peer.name: peer
    for peer in (
        Peer(
            name="FlopCounterMode",
            package="torch",
            imported="torch",
            forward=flop_counter_mode,
            training=flop_counter_mode_training,
        ),
        Peer(
            name="FlopCounterMode, meta",
            package="torch",
            imported="torch",
            forward=lambda module, inputs: flop_counter_mode(*on_meta(module, inputs)),
            training=lambda module, inputs: flop_counter_mode_training(*on_meta(module, inputs)),
            probed=False,
        ),
        Peer(name="fvcore", package="fvcore", imported="fvcore", forward=fvcore),
        Peer(name="ptflops", package="ptflops", imported="ptflops", forward=ptflops("pytorch")),
        Peer(name="ptflops, aten", package="ptflops", imported="ptflops", forward=ptflops("aten")),
        Peer(name="ultralytics-thop", package="ultralytics-thop", imported="thop", forward=thop),
        Peer(name="torchinfo", package="torchinfo", imported="torchinfo", forward=torchinfo),
        Peer(name="torchprofile", package="torchprofile", imported="torchprofile", forward=torchprofile),
        Peer(name="calflops", package="calflops", imported="calflops", forward=calflops, times=3),
        Peer(name="DeepSpeed", package="deepspeed", imported="deepspeed", forward=deepspeed, times=3),
        Peer(name="Trainer, 6ND", package="transformers", imported="transformers", training=six_per_parameter),
    )
}
