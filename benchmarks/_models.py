"""Whole models with their exact counts: closed forms, sums by hand, integers known from kernel logs; never a trace."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import _networks
import torch
from torch import nn

import comptometer
from comptometer.contraction import convolution, matmul, transposed_convolution

CLOSED, KNOWN, BY_HAND = "closed form", "known integer", "sum by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model in evaluation mode with all weights zero, and what it costs."""

    network: Callable[[], nn.Module]
    inputs: Callable[[], tuple[torch.Tensor, ...]]
    forward: int
    training: int
    truth: str

    def make(self, device: str = "cpu") -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
        with torch.device("meta"):
            module = self.network().eval()
        if device == "meta":
            return module, tuple(tensor.to("meta") for tensor in self.inputs())
        module = module.to_empty(device="cpu")
        if isinstance(module, Logits):
            module.inner.tie_weights()  # a move off the meta device makes two of a shared parameter
        with torch.no_grad():
            for tensor in (*module.parameters(), *module.buffers()):
                tensor.zero_()
        return module, self.inputs()


class Logits(nn.Module):
    """A model of transformers that takes and gives plain tensors."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.inner(input_ids=tokens, use_cache=False).logits


class EncoderLogits(Logits):
    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.inner(input_ids=tokens).logits


class PairLogits(Logits):
    def forward(self, tokens: torch.Tensor, written: torch.Tensor) -> torch.Tensor:
        return self.inner(input_ids=tokens, decoder_input_ids=written, use_cache=False).logits


def transformers(config: str, model: str, wrapper: type[Logits] = Logits, **fields: Any) -> Callable[[], nn.Module]:
    def network() -> nn.Module:
        library = importlib.import_module("transformers")
        return wrapper(getattr(library, model)(getattr(library, config)(**fields)))

    return network


def tokens(*lengths: int) -> Callable[[], tuple[torch.Tensor, ...]]:
    return lambda: tuple(torch.arange(length)[None] % 100 for length in lengths)


def image(*shape: int) -> Callable[[], tuple[torch.Tensor, ...]]:
    return lambda: (torch.zeros(1, *shape),)


def known(network: Callable[[], nn.Module], inputs: Any, forward: int, training: int) -> Model:
    return Model(network=network, inputs=inputs, forward=forward, training=training, truth=KNOWN)


def closed(model_type: str, config: str, model: str, length: int, **fields: Any) -> Model:
    found = comptometer.count({"model_type": model_type, **fields}, sequence_length=length)
    return Model(
        network=transformers(config, model, **fields),
        inputs=tokens(length),
        forward=found.forward,
        training=found.training,
        truth=CLOSED,
    )


def by_hand(network: Callable[[], nn.Module], inputs: Any, forward: int, first: int = 0) -> Model:
    """The backward pass is two products per product, but the first layer of an image forms no gradient of its input."""
    return Model(network=network, inputs=inputs, forward=forward, training=3 * forward - first, truth=BY_HAND)


def separable() -> Model:
    """64 × 64 pixels; the first convolution and every stride of 2 halve the sides."""
    side, first = 32, convolution(1, 3, 32, (3, 3), (32, 32))
    total = first + matmul(1, 256, 100)
    for into, out, stride in _networks.SEPARABLE:
        side //= stride
        total += convolution(1, into, into, (3, 3), (side, side), groups=into)
        total += convolution(1, into, out, (1, 1), (side, side))
    return by_hand(_networks.separable, image(3, 64, 64), total, first)


def unet() -> Model:
    """32 × 32 latent positions, 16 × 16 below: 256 that attend to one another in 4 heads of 16."""
    first = convolution(1, 4, 32, (3, 3), (32, 32))
    total = first + convolution(1, 32, 64, (3, 3), (16, 16)) + transposed_convolution(1, 64, 32, (4, 4), (16, 16))
    total += convolution(1, 64, 32, (3, 3), (32, 32)) + convolution(1, 32, 4, (3, 3), (32, 32))
    total += matmul(256, 64, 192) + matmul(256, 64, 64) + 2 * 4 * matmul(256, 16, 256)
    return by_hand(_networks.UNet, image(4, 32, 32), total, first)


def recurrent() -> Model:
    """32 steps; four gates of 256 in each layer see the layer's input and its last state."""
    cells = matmul(32, 128 + 256, 4 * 256) + matmul(32, 256 + 256, 4 * 256)
    return by_hand(_networks.Recurrent, tokens(32), cells + matmul(32, 256, 1000))


def encoder_decoder() -> Model:
    """T5 with 2 + 2 layers, width 256, 4 heads of 64, ungated MLP: 96 tokens are read, 32 written."""
    read, written, width, inner = 96, 32, 256, 1024
    encoder = 4 * matmul(read, width, width) + 2 * 4 * matmul(read, 64, read) + 2 * matmul(read, width, inner)
    itself = 4 * matmul(written, width, width) + 2 * 4 * matmul(written, 64, written)
    across = 2 * matmul(written, width, width) + 2 * matmul(read, width, width) + 2 * 4 * matmul(written, 64, read)
    decoder = itself + across + 2 * matmul(written, width, inner)
    network = transformers(
        "T5Config", "T5ForConditionalGeneration", PairLogits,
        vocab_size=1000, d_model=width, d_kv=64, d_ff=inner, num_layers=2, num_decoder_layers=2, num_heads=4,
        pad_token_id=0, decoder_start_token_id=0,
    )  # fmt: skip
    return by_hand(network, tokens(read, written), 2 * encoder + 2 * decoder + matmul(written, width, 1000))


def selective() -> Model:
    """Mamba with 2 layers, width 128 → 256, 16 states, rank 8, on 32 tokens.

    The convolution over 4 positions pads both sides and forms 35 outputs, of which 32 are kept. Of the recurrence only
    the read-out is a product; its carry is element-wise.
    """
    length, width, inner, states, rank = 32, 128, 256, 16, 8
    layer = matmul(length, width, 2 * inner) + convolution(1, inner, inner, (4,), (length + 3,), groups=inner)
    layer += matmul(length, inner, rank + 2 * states) + matmul(length, rank, inner)
    layer += length * matmul(inner, states, 1) + matmul(length, inner, width)
    network = transformers(
        "MambaConfig", "MambaForCausalLM",
        vocab_size=1000, hidden_size=width, num_hidden_layers=2, state_size=states, expand=2, conv_kernel=4,
        time_step_rank=rank, bos_token_id=0, eos_token_id=0, pad_token_id=0,
    )  # fmt: skip
    return by_hand(network, tokens(length), 2 * layer + matmul(length, width, 1000))


SMALL = {
    "vocab_size": 4000, "hidden_size": 256, "intermediate_size": 704, "num_hidden_layers": 4,
    "num_attention_heads": 8, "num_key_value_heads": 2, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0,
}  # fmt: skip
MODELS: Mapping[str, Model] = {
    "alexnet": known(_networks.alexnet, image(3, 224, 224), 1_428_376_960, 4_144_577_280),
    "vgg16": known(_networks.vgg16, image(3, 224, 224), 30_940_528_640, 92_648_177_664),
    "resnet50": known(_networks.resnet50, image(3, 224, 224), 8_178_368_512, 24_299_077_632),
    "vit_b_16": known(_networks.VisionTransformer, image(3, 224, 224), 35_127_656_448, 105_151_758_336),
    "bert, 128": known(
        transformers("BertConfig", "BertForMaskedLM", EncoderLogits), tokens(128), 28_499_116_032, 85_497_348_096
    ),
    "gpt2, 512": closed(
        "gpt2", "GPT2Config", "GPT2LMHeadModel", 512, n_embd=768, n_head=12, n_layer=12, vocab_size=50257
    ),
    "llama, grouped": closed("llama", "LlamaConfig", "LlamaForCausalLM", 256, **SMALL),
    "mixtral": closed(
        "mixtral", "MixtralConfig", "MixtralForCausalLM", 256, **SMALL, num_local_experts=8, num_experts_per_tok=2
    ),
    "mamba": selective(),
    "lstm": recurrent(),
    "separable cnn": separable(),
    "t5": encoder_decoder(),
    "u-net": unet(),
}
