"""DeBERTa: what a token says and where it stands are attended to apart (disentangled attention).

Besides content with content, scores sum the product of each query with the keys of relative positions, and of each key
with their queries. With span P those are 2P positions: products over B·H·S·2P pairs, projections over 2P rows once for
the batch. Picking the right position for each pair is a look-up.

Source: He et al. 2020, arXiv 2006.03654; He et al. 2021, arXiv 2111.09543.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from comptometer.contraction import matmul
from comptometer.formulas import DATA, Config, Flow, Network, formula
from comptometer.formulas._encoder import Encoder, Sequences, both_ways, residual_block
from comptometer.formulas._encoder_heads import Frame, embedded, framed, headed, plain, sequences


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """Relative positions.

    Attributes:
        entries: of their embedding.
        rows: that are used.
        kinds: `c2p`, queries with positions; `p2c`, keys with positions.
        shared: are positions projected as content is?
        key_bias: has their own key product a bias?
    """

    entries: int
    rows: int
    kinds: Sequence[str]
    shared: bool
    key_bias: bool


@formula("deberta")
def deberta(config: Config, net: Network) -> None:
    """Positions further away than the span, or than the sequence is long, are one; no bias on keys."""
    if config.flag("talking_head", False):
        raise config.refuse("talking_head", "false: mixed heads are not known here")
    model, at = plain(config, key_bias=False), sequences(config, net)
    relative = None
    if config.flag("relative_attention", False):
        span = _span(config)
        rows = 2 * min(span, at.length)
        relative = Relative(entries=2 * span, rows=rows, kinds=_kinds(config), shared=False, key_bias=False)
    _written(model, relative, config, net, at)


@formula("deberta-v2")
def deberta_v2(config: Config, net: Network) -> None:
    """Positions in buckets; perhaps their projections are those of content, and a convolution joins the first layer."""
    width, heads = config.integer("hidden_size"), config.integer("num_attention_heads")
    model, at = plain(config, head_width=config.integer("attention_head_size", width // heads)), sequences(config, net)
    if model.heads * model.head_width != width:
        raise config.refuse("attention_head_size", f"the hidden size {width} over {heads} heads")
    relative = None
    if config.flag("relative_attention", False):
        buckets = config.integer("position_buckets", -1, least=-1)
        span = buckets if buckets > 0 else _span(config)
        shared, kinds = config.flag("share_att_key", False), _kinds(config)
        if shared and len(kinds) < 2:
            raise config.refuse("pos_att_type", "c2p and p2c, where share_att_key is true")
        relative = Relative(entries=2 * span, rows=2 * span, kinds=kinds, shared=shared, key_bias=True)
    _written(model, relative, config, net, at)


def _span(config: Config) -> int:
    stated = config.integer("max_relative_positions", -1, least=-1)
    return stated if stated > 0 else config.integer("max_position_embeddings")


def _kinds(config: Config) -> list[str]:
    """The products with positions, as a list or as one text `c2p|p2c`."""
    found: Any = config.get("pos_att_type")
    text = isinstance(found, str)
    kinds = [word.strip() for word in found.lower().split("|")] if text else config.words("pos_att_type") or []
    if not set(kinds) <= {"c2p", "p2c"}:
        raise config.refuse("pos_att_type", "c2p, p2c or both")
    return sorted(set(kinds))


def _written(model: Encoder, relative: Relative | None, config: Config, net: Network, at: Sequences) -> None:
    legacy = config.flag("legacy", True)
    biased = config.flag("position_biased_input", True)
    frame = framed(
        config,
        embedding_width=config.optional("embedding_size"),
        positions=config.integer("max_position_embeddings") if biased else 0,
        types=config.integer("type_vocab_size", 0, least=0),
        norm_wide=True,
        projection_bias=False,
        pooler=False,
        spare_bias=legacy,
    )
    if config.integer("pooler_hidden_size", model.width) != model.width:
        raise config.refuse("pooler_hidden_size", f"the hidden size {model.width}")
    _headed(frame, legacy, config, net, at, _layers(model, relative, config, net, at, embedded(frame, net, at)))


def _headed(frame: Frame, legacy: bool, config: Config, net: Network, at: Sequences, x: Flow) -> None:
    """The later head of a masked language model always shares the embedding, and needs it as wide as the layers."""
    if legacy:
        headed(frame, config, net, at, x)
        return
    if frame.inner != frame.width:
        raise config.refuse("embedding_size", f"the hidden size {frame.width}, where legacy is false")
    headed(framed(config, pooler=False, tied=True), config, net, at, x)


def _layers(model: Encoder, relative: Relative | None, config: Config, net: Network, at: Sequences, x: Flow) -> Flow:
    positions = net.weights("relative_positions", relative.entries * model.width) if relative else DATA
    if "layer_norm" in config.word("norm_rel_ebd", "none"):
        with nullcontext() if relative else net.parameters_only():
            entries = relative.entries if relative else 0
            positions = net.norm("relative_positions.norm", positions, entries, model.width, model.norm)
    kernel = config.integer("conv_kernel_size", 0, least=0)

    def layer(x: Flow) -> Flow:
        return residual_block(model, net, at, x, lambda x: disentangled(model, relative, net, at, x, positions))

    if not kernel:
        return net.repeat(model.layers, layer, x)
    y = net.repeat(1, layer, x)
    groups = config.integer("conv_groups", 1)
    if model.width % groups:
        raise config.refuse("conv_groups", f"a divisor of the hidden size {model.width}")
    out = at.length + 2 * ((kernel - 1) // 2) - kernel + 1
    if out != at.length:
        raise config.refuse("conv_kernel_size", "an odd number")
    y = net.convolution("convolution", x, model.width, model.width, (kernel,), (out,), groups=groups, bias=True) or y
    y = net.norm("convolution.norm", y, at.rows, model.width, model.norm)
    return net.repeat(model.layers - 1, layer, y)


def disentangled(
    model: Encoder, relative: Relative | None, net: Network, at: Sequences, x: Flow, positions: Flow
) -> Flow:
    """Attention whose scores sum products of content with content and of content with position."""
    d, name = model.width, "layers.*.attention"
    q = net.linear(f"{name}.q", x, at.rows, d, d, bias=True)
    k = net.linear(f"{name}.k", x, at.rows, d, d, bias=model.key_bias)
    v = net.linear(f"{name}.v", x, at.rows, d, d, bias=True)
    terms = DATA
    if relative:
        flop = matmul(at.rows * model.heads, model.head_width, relative.rows)
        if "c2p" in relative.kinds:
            key = _projected(relative, net, f"{name}.position_k", f"{name}.k", d, positions, relative.key_bias)
            terms = net.product(f"{name}.content_to_position", "attention", flop, q, key)
        if "p2c" in relative.kinds:
            query = _projected(relative, net, f"{name}.position_q", f"{name}.q", d, positions, True)
            terms = net.product(f"{name}.position_to_content", "attention", flop, k, query) or terms
    y = net.attention(
        f"{name}.core", q, k, v, terms,
        heads=model.heads, key_width=model.head_width, pairs=both_ways(net, at.length), sequences=at.number,
    )  # fmt: skip
    return net.linear(f"{name}.out", y, at.rows, d, d, bias=True)


def _projected(relative: Relative, net: Network, name: str, owner: str, d: int, positions: Flow, bias: bool) -> Flow:
    """Queries or keys of positions, with weights of their own or those of content."""
    if relative.shared:
        return net.linear(name, positions, relative.rows, d, d, weight_of=owner)
    return net.linear(name, positions, relative.rows, d, d, bias=bias)
