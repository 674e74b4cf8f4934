"""Layer lists against PyTorch modules of the same shapes, under PyTorch's own counter, where it is known to be right:
dense convolutions and linear layers on the CPU, recurrent layers on the meta device, attention as visible products.

Grouped convolutions are compared in the forward pass only: that counter's backward pass ignores the groups.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from comptometer import layers
from comptometer.ops import OpCount

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
SEEDS = range(12)


def mode() -> Any:
    from torch.utils.flop_counter import FlopCounterMode

    return FlopCounterMode(display=False)


def measured(run: Callable[[], Any]) -> tuple[int, int]:
    """Forward and backward of the sum of what a function returns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with mode() as forward:
            output = run()
        with mode() as backward:
            output.sum().backward()
    return forward.get_total_flops(), backward.get_total_flops()


def counted(shape: list[int], chain: list[str], batch: int) -> OpCount:
    text = f"input = {shape}\nlayers = [{', '.join(chain)}]"
    return layers.count(layers.read(text.encode()), batch=batch)


def parameters(module: Any) -> int:
    return sum(item.numel() for item in module.parameters())


def total(count: OpCount) -> int:
    assert count.parameters is not None
    return count.parameters.total


def image_stack(pick: random.Random) -> tuple[Any, list[str], list[int]]:
    """Convolutions, transposed ones, norms and pooling, then linear layers."""
    channels, extents = pick.randint(1, 4), [pick.randint(9, 14), pick.randint(9, 14)]
    shape, modules, chain = [channels, *extents], [], []
    for _ in range(pick.randint(1, 4)):
        filters, kernel, stride = pick.randint(1, 5), (pick.randint(1, 3), pick.randint(1, 3)), pick.randint(1, 2)
        padding, dilation, bias = (pick.randint(0, 2), pick.randint(0, 2)), pick.randint(1, 2), pick.random() < 0.5
        keys = f"filters = {filters}, kernel = {list(kernel)}, stride = {stride}, bias = {str(bias).lower()}"
        if pick.random() < 0.4:
            modules.append(torch.nn.ConvTranspose2d(channels, filters, kernel, stride, dilation=dilation, bias=bias))
            chain.append(f'{{kind = "transposed-convolution", {keys}, dilation = {dilation}}}')
        else:
            modules.append(torch.nn.Conv2d(channels, filters, kernel, stride, padding, dilation, bias=bias))
            chain.append(f'{{kind = "convolution", {keys}, padding = {list(padding)}, dilation = {dilation}}}')
        if pick.random() < 0.5:
            modules.append(torch.nn.BatchNorm2d(filters))
            chain.append('{kind = "norm"}')
        channels = filters
    up = pick.random() < 0.5
    modules += [torch.nn.MaxPool2d(2, 2, 1, ceil_mode=up), torch.nn.Flatten(), torch.nn.LazyLinear(7)]
    chain.append(f'{{kind = "pooling", kernel = 2, padding = 1, rounding = "{"up" if up else "down"}"}}')
    chain += ['{kind = "flatten"}', '{kind = "linear", outputs = 7}']
    return torch.nn.Sequential(*modules), chain, shape


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stack_of_dense_convolutions_agrees_to_the_last_operation(seed: int) -> None:
    pick = random.Random(seed)
    batch = pick.randint(1, 3)
    module, chain, shape = image_stack(pick)
    source = torch.randn(batch + 1, *shape)[:batch]
    module.eval()(source)  # the lazy layer finds its size
    found = counted(shape, chain, batch)
    assert (found.forward, found.backward) == measured(lambda: module(source))
    assert total(found) == parameters(module)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_grouped_convolution_agrees_forward(seed: int) -> None:
    pick = random.Random(seed)
    groups, kernel, padding = pick.randint(2, 4), pick.randint(1, 3), pick.randint(0, 1)
    channels, filters, length = groups * pick.randint(1, 2), groups * pick.randint(1, 3), pick.randint(5, 9)
    source = torch.randn(2, channels, length)
    keys = f"filters = {filters}, kernel = {kernel}, padding = {padding}, groups = {groups}"
    plain = torch.nn.Conv1d(channels, filters, kernel, padding=padding, groups=groups)
    spread = torch.nn.ConvTranspose1d(channels, filters, kernel, padding=0, groups=groups)
    for module, text in ((plain, "convolution"), (spread, "transposed-convolution")):
        keys = keys if module is plain else keys.replace(f"padding = {padding}", "padding = 0")
        found = counted([channels, length], [f'{{kind = "{text}", {keys}}}'], 2)
        assert found.forward == measured(lambda module=module: module(source))[0]  # type: ignore[misc]
        assert total(found) == parameters(module)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("trained", [False, True], ids=["first", "inner"])
@pytest.mark.parametrize("word", ["lstm", "gru", "rnn"])
def test_a_recurrent_layer_agrees_with_its_steps_on_the_meta_device(word: str, trained: bool, seed: int) -> None:
    """The first state asks for its gradient, as fused kernels form it."""
    pick = random.Random(seed)
    batch, length, width, units = pick.randint(2, 3), pick.randint(2, 6), pick.randint(2, 7), pick.randint(2, 7)
    both, directions = pick.choice([(False, 1), (True, 2)])
    module = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[word](
        width, units, batch_first=True, bidirectional=both, device="meta"
    )
    source = torch.randn(batch, length, width, device="meta", requires_grad=trained)
    states = [torch.zeros(directions, batch, units, device="meta", requires_grad=True) for _ in range(2)]
    state = tuple(states) if word == "lstm" else states[0]
    chain = [f'{{kind = "{word}", units = {units}, biases = 2, bidirectional = {str(both).lower()}}}']
    found = counted([length, width], ['{kind = "norm"}', *chain] if trained else chain, batch)
    assert (found.forward, found.backward) == measured(lambda: module(source, state)[0])
    assert total(found) - (2 * width if trained else 0) == parameters(module)


def attended(source: Any, memory: Any, weights: dict[str, Any], heads: int, groups: int) -> Any:
    """Attention written out as products."""

    def split(values: Any, number: int) -> Any:
        return values.unflatten(-1, (number, -1)).transpose(1, 2)

    query = split(weights["q"](source), heads)
    key, value = (split(weights[name](memory), groups) for name in ("k", "v"))
    key, value = (part.repeat_interleave(heads // groups, 1) for part in (key, value))
    mixed = torch.softmax(query @ key.transpose(-1, -2), -1) @ value
    return weights["out"](mixed.transpose(1, 2).flatten(-2))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("cross", [False, True], ids=["self", "cross"])
def test_attention_agrees_with_its_products(cross: bool, seed: int) -> None:
    pick = random.Random(seed)
    batch, length, width, each = pick.randint(2, 3), pick.randint(2, 6), pick.randint(2, 9), pick.randint(2, 5)
    groups = pick.randint(1, 2)
    heads, outputs, bias = groups * pick.randint(1, 3), pick.randint(2, 9), pick.random() < 0.5
    there, wide = (pick.randint(2, 6), pick.randint(2, 9)) if cross else (length, width)
    sizes = {"q": (width, heads * each), "k": (wide, groups * each), "v": (wide, groups * each)}
    weights = {n: torch.nn.Linear(*size, bias=bias) for n, size in {**sizes, "out": (heads * each, outputs)}.items()}
    source = torch.randn(batch, length, width)
    memory = torch.randn(batch, there, wide, requires_grad=True) if cross else source
    text = f'{{kind = "attention", heads = {heads}, key_value_heads = {groups}, head_width = {each}, '
    text += f"outputs = {outputs}, bias = {str(bias).lower()}{f', memory = [{there}, {wide}]' if cross else ''}}}"
    found = counted([length, width], [text], batch)
    assert (found.forward, found.backward) == measured(lambda: attended(source, memory, weights, heads, groups))
    assert total(found) == sum(map(parameters, weights.values()))


class Block(torch.nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
    """A residual block with a shortcut, then two branches beside each other."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.one, self.two = torch.nn.Conv2d(channels, filters, 3, padding=1), torch.nn.Conv2d(filters, filters, 1)
        self.shortcut = torch.nn.Conv2d(channels, filters, 1)
        self.beside = torch.nn.Conv2d(filters, 2, 3, padding=1)

    def forward(self, source: Any) -> Any:
        added = self.two(self.one(source)) + self.shortcut(source)
        return torch.cat([added, self.beside(added)], 1)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_branches_and_repeats_agree_where_the_first_round_differs(times: int) -> None:
    """The first block reads an image of 3 channels that needs no gradient, the others 6 channels that do."""
    module = torch.nn.Sequential(*(Block(3 if index == 0 else 6, 4) for index in range(times)))
    source = torch.randn(2, 3, 5, 6)
    text = """{kind = "repeat", times = %d, layers = [
      {kind = "residual", layers = [{kind = "convolution", filters = 4, kernel = 3, padding = 1},
        {kind = "convolution", filters = 4, kernel = 1}], shortcut = [{kind = "convolution", filters = 4, kernel = 1}]},
      {kind = "concatenate", branches = [[], [{kind = "convolution", filters = 2, kernel = 3, padding = 1}]]}]}"""
    found = counted([3, 5, 6], [text % times], 2)
    assert (found.forward, found.backward) == measured(lambda: module(source))
    assert total(found) == parameters(module)


def test_an_embedding_before_a_decoder_agrees() -> None:
    module = torch.nn.Sequential(torch.nn.Embedding(11, 6), torch.nn.Linear(6, 9), torch.nn.Linear(9, 11))
    chain = ['{kind = "embedding", entries = 11, width = 6}', '{kind = "linear", outputs = 9}']
    found = counted([5], [*chain, '{kind = "linear", outputs = 11}'], 3)
    assert (found.forward, found.backward) == measured(lambda: module(torch.randint(11, (3, 5))))
    assert total(found) == parameters(module)
