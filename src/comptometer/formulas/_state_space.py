"""Layers with a state in place of attention: selective state spaces (Mamba 1 and 2) and the gated delta rule.

The state's own work is an operation of its own, `state`: the contractions of its recurrent form, forward. Per token it
is 2·d_i·N for Mamba 1 (the read-out C·h; the update is element by element), 4·d_i·N for Mamba 2 (outer product and
read-out) and 6·H·e_k·e_v for the gated delta rule (prediction, update, read-out). Kernels that work in chunks execute
other products; how many depends on the chunk, not on the model. What else the recurrence does to each element of its
state is element-wise work: 6 for Mamba 1 (step times decay, exponential, step times B, times x, decay times state, and
the sum), 1 for the others, whose decay is one number for a head.

The depthwise convolution pads both sides with c − 1 places, as the classes do, and so executes S + c − 1 outputs, of
which the last c − 1 are dropped.

Source: Gu and Dao 2023, arXiv 2312.00752; Dao and Gu 2024, arXiv 2405.21060; Yang et al. 2024, arXiv 2412.06464.
"""

from __future__ import annotations

from dataclasses import dataclass

from comptometer.contraction import matmul
from comptometer.formulas._network import Flow, Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Mamba:
    """A selective state space of the first kind: widths, and the rank r through which the step size goes.

    Attributes:
        width: d of the model.
        inner: d_i of the layer.
        state: N for each channel.
        rank: r of the step size.
        kernel: c of the convolution.
        bias: have the outer products biases?
        conv_bias: has the convolution?
        norms: are step size, B and C normalised, with weights?
    """

    width: int
    inner: int
    state: int
    rank: int
    kernel: int
    bias: bool = False
    conv_bias: bool = True
    norms: bool = False


def mamba(net: Network, name: str, x: Flow, layer: Mamba) -> Flow:
    """In 2·d·2d_i, convolution, step size and B, C 2·d_i(r + 2N) and 2·r·d_i, state, out 2·d_i·d."""
    tokens, inner = net.batch * net.used["sequence_length"], layer.inner
    x = net.linear(f"{name}.in", x, tokens, layer.width, 2 * inner, bias=layer.bias)
    u = convolved(net, name, x, inner, layer.kernel, bias=layer.conv_bias)
    selected = net.linear(f"{name}.select", u, tokens, inner, layer.rank + 2 * layer.state)
    if layer.norms:
        for part, width in (("step", layer.rank), ("b", layer.state), ("c", layer.state)):
            selected = net.norm(f"{name}.{part}_norm", selected, tokens, width)
    step = net.linear(f"{name}.step", selected, tokens, layer.rank, inner, bias=True)
    decay = net.weights(f"{name}.decay", inner * layer.state)
    skip = net.weights(f"{name}.skip", inner)
    h = u or step or decay
    y = net.product(f"{name}.state", "state", matmul(tokens * inner, layer.state, 1), h, selected)
    net.elementwise(f"{name}.state", 6 * tokens * inner * layer.state)
    net.elementwise(f"{name}.gate", 4 * tokens * inner)
    return net.linear(f"{name}.out", y or skip, tokens, inner, layer.width, bias=layer.bias)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mamba2:
    """A state space of the second kind: heads, groups that share B and C, and a norm under a gate.

    `bias` and `out_bias` are those of the first and the last product.
    """

    width: int
    inner: int
    state: int
    heads: int
    groups: int
    kernel: int
    bias: bool = False
    out_bias: bool = False
    conv_bias: bool = True
    norm: bool = True


def mamba2(net: Network, name: str, x: Flow, layer: Mamba2) -> Flow:
    """In 2·d(2d_i + 2GN + n_h), convolution over d_i + 2GN channels, state 4·d_i·N, out 2·d_i·d."""
    tokens, inner = net.batch * net.used["sequence_length"], layer.inner
    channels = inner + 2 * layer.groups * layer.state
    x = net.linear(f"{name}.in", x, tokens, layer.width, inner + channels + layer.heads, bias=layer.bias)
    u = convolved(net, name, x, channels, layer.kernel, bias=layer.conv_bias)
    decay = net.weights(f"{name}.decay", 3 * layer.heads)  # decay, skip and the bias of the step size
    each = matmul(tokens * inner, layer.state, 1)
    step = x or decay
    y = net.product(f"{name}.state", "state", each, u or step, u)
    y = net.product(f"{name}.state", "state", each, y or step, u)
    net.elementwise(f"{name}.state", tokens * inner * layer.state)
    if layer.norm:
        y = net.norm(f"{name}.norm", y, tokens, inner)
    net.elementwise(f"{name}.gate", 4 * tokens * inner)
    return net.linear(f"{name}.out", y, tokens, inner, layer.width, bias=layer.out_bias)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A gated delta rule: key and value heads, and their widths."""

    width: int
    key_heads: int
    value_heads: int
    key_width: int
    value_width: int
    kernel: int


def delta(net: Network, name: str, x: Flow, layer: Delta) -> Flow:
    """In 2·d(2K_d + 2V_d + 2H_v), convolution over 2K_d + V_d channels, state 6·H_v·e_k·e_v, out 2·V_d·d."""
    tokens, d = net.batch * net.used["sequence_length"], layer.width
    keys, values = layer.key_heads * layer.key_width, layer.value_heads * layer.value_width
    u = net.linear(f"{name}.in", x, tokens, d, 2 * keys + 2 * values)
    gates = net.linear(f"{name}.gates", x, tokens, d, 2 * layer.value_heads)
    u = convolved(net, name, u, 2 * keys + values, layer.kernel, bias=False)
    decay = net.weights(f"{name}.decay", 2 * layer.value_heads)
    each = matmul(tokens * layer.value_heads, layer.key_width, layer.value_width)
    y = net.product(f"{name}.state", "state", 3 * each, u or gates or decay, u)
    net.elementwise(f"{name}.state", tokens * values * layer.key_width)
    y = net.norm(f"{name}.norm", y, tokens * layer.value_heads, layer.value_width)
    net.elementwise(f"{name}.gate", 2 * tokens * values)
    return net.linear(f"{name}.out", y, tokens, values, d)


def convolved(net: Network, name: str, x: Flow, channels: int, kernel: int, *, bias: bool) -> Flow:
    """A depthwise convolution over what came before, padded on both sides."""
    outputs = net.used["sequence_length"] + kernel - 1
    return net.convolution(f"{name}.conv", x, channels, channels, (kernel,), (outputs,), groups=channels, bias=bias)
