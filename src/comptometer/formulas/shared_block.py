"""Zamba: Mamba layers, some of them behind one attention block whose weights they all share.

The shared block reads what flows beside the input embedding, 2d wide; its parameters count once and its work at every
use, so that 6 × parameters × tokens counts too little. What each use has of its own: a product d × d behind the block
and, in Zamba 2, low-rank additions to the block's products.

Source: Glorioso et al. 2024, arXiv 2405.16712 and 2411.15242.
"""

from __future__ import annotations

from dataclasses import dataclass

from comptometer.formulas import Config, Network, formula
from comptometer.formulas._decoder import Decoder, Layer, embedded, logits, seen, tokens_of
from comptometer.formulas._decoder_fields import checked_head, label_count, layer_count, layer_types
from comptometer.formulas._network import Flow, Norm
from comptometer.formulas._state_space import Mamba, Mamba2
from comptometer.formulas.hybrid import Mixer, mixed
from comptometer.formulas.ssm import step_rank

STATE = ("linear_attention", "mamba")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """The block that is shared, and how many copies of it there are, which take turns.

    Attributes:
        inward: width of what it reads.
        blocks: copies.
        rank: of the additions that each use has of its own; none where it has none.
        attention_rank: the same for query, key and value.
        bias: have the MLP's products biases?
        rotary: are queries and keys turned by their position?
    """

    inward: int
    blocks: int
    rank: int | None = None
    attention_rank: int | None = None
    bias: bool = False
    rotary: bool = False


def _zamba(config: Config, net: Network, model: Decoder, shared: Shared, mixer: Mixer, kinds: list[str]) -> None:
    tokens = tokens_of(net, model.longest)
    first = embedded(model, net, tokens)

    def state(x: Flow) -> Flow:
        x = net.norm("layers.*.norm", x, tokens, model.width)
        return mixed(net, "layers.*.mixer", x, mixer) or x

    def both(x: Flow, *, again: bool) -> Flow:
        y = _shared(net, model, shared, x or first, tokens, again=again)
        return state(net.linear("layers.*.shared_out", y, tokens, model.width, model.width) or x)

    uses = len(kinds) - sum(kind in STATE for kind in kinds)
    x = net.repeat(len(kinds) - uses, state, first)
    x = net.repeat(min(uses, shared.blocks), lambda x: both(x, again=False), x)
    x = net.repeat(max(0, uses - shared.blocks), lambda x: both(x, again=True), x)
    logits(model, net, tokens, x)


def _shared(net: Network, model: Decoder, shared: Shared, x: Flow, tokens: int, *, again: bool) -> Flow:
    """One use of the block; `again` where its parameters are counted already."""
    d, name = model.width, "shared.*"
    kind: Norm = "none" if again else "scale"

    def product(part: str, x: Flow, inward: int, outward: int, *, bias: bool = False, rank: int | None = None) -> Flow:
        whole = f"{name}.{part}"
        y = net.linear(whole, x, tokens, inward, outward, bias=bias and not again, weight_of=whole if again else None)
        if rank is not None:
            low = net.linear(f"layers.*.{part}.low", x, tokens, inward, rank)
            y = net.linear(f"layers.*.{part}.high", low, tokens, rank, outward) or y
        return y

    x = net.norm(f"{name}.norm1", x, tokens, shared.inward, kind)
    query, key = model.heads * model.head_width, model.key_value_heads * model.head_width
    q = product("attention.q", x, shared.inward, query, rank=shared.attention_rank)
    k = product("attention.k", x, shared.inward, key, rank=shared.attention_rank)
    v = product("attention.v", x, shared.inward, key, rank=shared.attention_rank)
    if shared.rotary:
        net.elementwise(f"{name}.attention.rotary", 3 * tokens * (query + key))
    y = net.attention(
        f"{name}.attention.core", q, k, v, heads=model.heads, key_width=model.head_width, pairs=seen(Layer(), net)
    )
    y = product("attention.out", y, query, d)
    y = net.norm(f"{name}.norm2", y, tokens, d, kind)
    up = product("mlp.up", y, d, 2 * model.mlp_width, bias=shared.bias, rank=shared.rank)
    net.elementwise(f"{name}.mlp.activation", 2 * tokens * model.mlp_width)
    return product("mlp.down", up, model.mlp_width, d, bias=shared.bias)


def _model(config: Config, head_width: int, mlp_width: int, layers: int) -> Decoder:
    heads = config.integer("num_attention_heads")
    return Decoder(
        width=config.integer("hidden_size"),
        layers=[Layer()] * layers,
        heads=heads,
        key_value_heads=config.integer("num_key_value_heads", heads),
        head_width=head_width,
        mlp_width=mlp_width,
        vocabulary=config.integer("vocab_size"),
        longest=config.optional("max_position_embeddings"),
        head=checked_head(config),
        labels=label_count(config),
        tied=config.flag("tie_word_embeddings", True),
    )


def _doubled(config: Config, name: str) -> int:
    """The width of a head: as stated, or of 2d over all heads."""
    width, heads = config.integer("hidden_size"), config.integer("num_attention_heads")
    if config.get(name) is None and 2 * width % heads:
        raise config.refuse("num_attention_heads", f"a divisor of {2 * width}")
    return config.integer(name, 2 * width // heads)


@formula("zamba")
def zamba(config: Config, net: Network) -> None:
    """Mamba 1 in heads of its own, which changes no count; one shared block, at every sixth layer."""
    number, width = layer_count(config), config.integer("hidden_size")
    kinds = layer_types(config, number, *STATE, "hybrid", name="layers_block_type")
    if kinds is None:
        period, offset = config.integer("attn_layer_period", 6), config.integer("attn_layer_offset", 4, least=0)
        later = ["hybrid" if at % period == offset else "mamba" for at in range(number - 3)]
        kinds = ["mamba", "mamba", "hybrid", *later][:number]
    mixer = Mamba(
        width=width,
        inner=config.integer("mamba_expand", 2) * width,
        state=config.integer("mamba_d_state", 16),
        rank=step_rank(config, "mamba_dt_rank", width),
        kernel=config.integer("mamba_d_conv", 4),
        bias=config.flag("mamba_proj_bias", False),
        conv_bias=config.flag("mamba_conv_bias", True),
    )
    model = _model(config, _doubled(config, "attention_head_dim"), config.integer("intermediate_size"), number)
    shared = Shared(inward=config.integer("attention_hidden_size", 2 * width), blocks=1)
    _zamba(config, net, model, shared, mixer, kinds)


@formula("zamba2")
def zamba2(config: Config, net: Network) -> None:
    """Mamba 2; several shared blocks that take turns, with low-rank additions at every use."""
    number, width = layer_count(config), config.integer("hidden_size")
    kinds = layer_types(config, number, *STATE, "hybrid", name="layers_block_type")
    if kinds is None:
        raise config.refuse("layers_block_type", "the kind of each layer")
    rank = config.integer("adapter_rank", 128)
    mixer = Mamba2(
        width=width,
        inner=round(config.number("mamba_expand", 2) * width),
        state=config.integer("mamba_d_state", 64),
        heads=config.integer("n_mamba_heads"),
        groups=config.integer("mamba_ngroups", 1),
        kernel=config.integer("mamba_d_conv", 4),
        bias=config.flag("add_bias_linear", False),
        out_bias=config.flag("add_bias_linear", False),
        conv_bias=config.flag("use_conv_bias", True),
    )
    model = _model(
        config, _doubled(config, "attention_head_dim"), config.integer("intermediate_size", 4 * width), number
    )
    shared = Shared(
        inward=2 * width,
        blocks=config.integer("num_mem_blocks", 1),
        rank=rank,
        attention_rank=rank if config.flag("use_shared_attention_adapter", False) else None,
        bias=config.flag("add_bias_linear", False),
        rotary=config.flag("use_mem_rope", False),
    )
    _zamba(config, net, model, shared, mixer, kinds)
