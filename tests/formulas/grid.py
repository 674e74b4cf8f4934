"""Closed forms beside a trace of the class itself: parameters, and forward and backward work by kind of operation.

The two share nothing but the arithmetic of one product: the trace runs the class on the meta device, operator by
operator, and takes the backward pass from the autograd graph. Every family's test has its own random configurations;
building the class, comparing, and asking another counter are here.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from comptometer.counters.torch import count as trace
from comptometer.formulas import count
from comptometer.ops import OpCount, Term

# A trace does not know what a product of two values is for, where attention is written out.
MERGED = {"matmul": "product", "state": "product", "attention": "product", "indexer": "product"}


@contextmanager
def quietly() -> Iterator[None]:
    """Without the warnings of the library that is measured."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def built(
    model_type: str,
    fields: Mapping[str, Any],
    make: str = "AutoModelForCausalLM",
    *,
    attention: str | None = "eager",
    device: str = "cpu",
    drawn: bool = False,
) -> tuple[Any, dict[str, Any]]:
    """A model of the installed transformers, and its configuration as its `config.json` would say.

    Args:
        model_type: of the configuration; one that is not installed skips the test.
        fields: what the configuration states.
        make: the class, or an `Auto…` class that chooses it.
        attention: how it is run; plain (eager) attention shows every product. None: as the class has it.
        device: where its weights are; `meta` has shapes alone.
        drawn: are all weights drawn once more? Some classes leave memory as it is.
    """
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    if model_type not in transformers.CONFIG_MAPPING:
        pytest.skip(f"the installed transformers has no {model_type}")
    with quietly():
        config = transformers.CONFIG_MAPPING[model_type](**fields)
        if attention is not None:
            config._attn_implementation = attention
        if hasattr(config, "_experts_implementation"):
            config._experts_implementation = "eager"
        torch.manual_seed(0)
        chosen = getattr(transformers, make)
        with torch.device(device):
            model = chosen.from_config(config) if make.startswith("Auto") else chosen(config)
    if drawn:
        with torch.no_grad():
            for weight in model.parameters():
                weight.normal_(std=0.02)
    return model.train(False), {**fields, **config.to_dict(), "architectures": [type(model).__name__]}


def table_of(model: Any) -> str:
    """The name of the module that holds the input embedding."""
    names: list[str] = [name for name, part in model.named_modules() if part is model.get_input_embeddings()]
    return names[0]


def by_another_counter(model: Any, tokens: Any) -> tuple[int, int]:
    """Forward and backward FLOP of a language model as PyTorch's own counter has them."""
    from torch.utils.flop_counter import FlopCounterMode

    with quietly(), FlopCounterMode(display=False) as forward:
        output = model(tokens, use_cache=False)
    with quietly(), FlopCounterMode(display=False) as backward:
        output.logits.sum().backward()
    return forward.get_total_flops(), backward.get_total_flops()


def work(found: OpCount, apart: Collection[str] = ()) -> dict[str, tuple[int, int]]:
    """Forward and backward FLOP by kind of operation."""
    sums: dict[str, tuple[int, int]] = {}
    for term in found.terms:
        kind = MERGED.get(term.operation, term.operation)
        if not {kind, term.operation} & {*apart}:
            forward, backward = sums.get(kind, (0, 0))
            sums[kind] = forward + term.forward, backward + term.backward
    return {kind: both for kind, both in sums.items() if any(both)}


def parameters(model: Any) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def disagreements(
    fields: Mapping[str, Any],
    model: Any,
    inputs: Any,
    *,
    apart: Collection[str] = (),
    executed: tuple[int, int] | None = None,
    frozen: tuple[str, ...] = (),
    frozen_in_model: tuple[str, ...] = (),
    **given: Any,
) -> dict[str, Any]:
    """What the closed form and the trace say differently: nothing where they agree.

    Args:
        fields: the configuration.
        model: the class built from it.
        inputs: of the model; shapes are enough.
        apart: kinds of operation that are not compared (say why).
        executed: what the class does forward and backward in place of the operations `state`, which are their
            recurrent form, where it works in chunks.
        frozen: what is not trained, as the closed form names its modules.
        frozen_in_model: the same, as the class names them.
        given: batch, lengths, image size.
    """
    with quietly():
        traced = trace(model, inputs, frozen=frozen_in_model)
    from comptometer.trainable import Trainable

    found = count(fields, trainable=Trainable(frozen=frozen), **given)
    assert found.parameters is not None
    said: dict[str, Any] = {"parameters": (found.parameters.total, parameters(model))}
    ours, theirs = work(found, (*apart, *(["state"] if executed else []))), work(traced, apart)
    if executed:
        forward, backward = ours.get("product", (0, 0))
        ours["product"] = forward + executed[0], backward + executed[1]
    said |= {kind: (ours.get(kind), theirs.get(kind)) for kind in {*ours, *theirs}}
    return {kind: both for kind, both in said.items() if both[0] != both[1]}


def modules(found: OpCount) -> list[Term]:
    """For looking at where a disagreement comes from."""
    return list(found.by_module.values())
