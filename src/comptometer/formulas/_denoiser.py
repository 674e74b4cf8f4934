"""What denoising networks share: embeddings of the time step, modulation, attention over what an image and a text give.

Sizes are those of what the network reads: latents, where an autoencoder stands before it (an image of 512 pixels has
64 × 64 latents under an autoencoder that shrinks eight times).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from comptometer.formulas._network import DATA, Flow, Network, Norm

SINUSOIDS = 256  # widths of the fixed features of a number, before they are learnt from
TEXT_LENGTH = 77  # tokens of the text that an image is denoised towards
LATENTS = "image size is that of what the network reads: latents, where an autoencoder stands before it"


def perceptron(net: Network, name: str, x: Flow, rows: int, inward: int, width: int, outward: int) -> Flow:
    """Two products with biases and an activation between them."""
    x = net.linear(f"{name}.in", x, rows, inward, width, bias=True)
    net.elementwise(f"{name}.activation", rows * width)
    return net.linear(f"{name}.out", x, rows, width, outward, bias=True)


def number_embedding(net: Network, name: str, inward: int, width: int) -> Flow:
    """A number for each example (a time step, a size) as features."""
    return perceptron(net, name, DATA, net.batch, inward, width, width)


def modulation(net: Network, name: str, condition: Flow, width: int, vectors: int) -> Flow:
    """Shifts, scales and gates of a layer, from the condition of each example: once for an image, not for a token."""
    net.elementwise(f"{name}.activation", net.batch * width)
    return net.linear(name, condition, net.batch, width, vectors * width, bias=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """An attention: number and width of its heads, biases of query, key and value, and a norm on query and key."""

    number: int
    width: int
    bias: bool = False
    norm: Norm = "none"

    @property
    def inner(self) -> int:
        """Width of all heads together."""
        return self.number * self.width


def project(net: Network, name: str, x: Flow, rows: int, inward: int, heads: Heads) -> tuple[Flow, Flow, Flow]:
    """Query, key and value of one stream."""
    return (
        query(net, name, x, rows, inward, heads),
        query(net, name, x, rows, inward, heads, which="k"),
        net.linear(f"{name}.v", x, rows, inward, heads.inner, bias=heads.bias),
    )


def query(net: Network, name: str, x: Flow, rows: int, inward: int, heads: Heads, *, which: str = "q") -> Flow:
    """Query or key, with its norm where there is one."""
    x = net.linear(f"{name}.{which}", x, rows, inward, heads.inner, bias=heads.bias)
    if heads.norm == "none":
        return x
    return net.norm(f"{name}.{which}_norm", x, rows * heads.number, heads.width, heads.norm)


def attend(net: Network, name: str, x: Flow, width: int, tokens: int, heads: Heads) -> Flow:
    """Self-attention over so many positions of each example."""
    q, k, v = project(net, name, x, net.batch * tokens, width, heads)
    y = core(net, name, (q, k, v), heads, tokens, tokens)
    return net.linear(f"{name}.out", y, net.batch * tokens, heads.inner, width, bias=True)


def attend_to(
    net: Network, name: str, x: Flow, text: Flow, width: int, tokens: int, other: tuple[int, int], heads: Heads
) -> Flow:
    """Cross-attention: queries from x, keys and values from a text of (positions, width)."""
    positions, inward = other
    rows = net.batch * positions
    q = query(net, name, x, net.batch * tokens, width, heads)
    k = query(net, name, text, rows, inward, heads, which="k")
    v = net.linear(f"{name}.v", text, rows, inward, heads.inner, bias=heads.bias)
    y = core(net, name, (q, k, v), heads, tokens, positions)
    return net.linear(f"{name}.out", y, net.batch * tokens, heads.inner, width, bias=True)


def core(net: Network, name: str, flows: Sequence[Flow], heads: Heads, queries: int, keys: int) -> Flow:
    """Every query with every key: an image is never masked."""
    q, k, v = flows
    return net.attention(f"{name}.core", q, k, v, heads=heads.number, key_width=heads.width, pairs=queries * keys)
