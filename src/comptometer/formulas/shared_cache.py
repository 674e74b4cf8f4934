"""Decoders whose last layers form no keys and values of their own: Gemma 3n and Gemma 4.

A layer of the last `num_kv_shared_layers` takes keys and values from the last layer before them that sees as far as it
does. It has query and output products only, and its core costs what any core costs; what flows back into the shared
keys and values goes on through the layer that has formed them.

Both also give every layer an embedding of its own of each token (width p, a table of vocabulary × layers × p), joined
with a projection of the common one (2d·Lp) and let into what flows by a gate and a projection (4dp in a layer).
Gemma 3n keeps n copies of what flows (AltUp): before a layer each is predicted from all (a router 2dn, coefficients
2n·n², and 2dn² for the sum), after it corrected (2dn + 2n²); and a product of low rank r beside the attention (LAuReL,
4dr). The copies are n − 1 products at the bottom and the top, 4d²(n − 1) in all.

Source: Gemma 3n, https://ai.google.dev/gemma/docs/gemma-3n; AltUp, arXiv 2301.13310; LAuReL, arXiv 2411.07501.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from comptometer.contraction import matmul
from comptometer.formulas import Config, Flow, Network, formula
from comptometer.formulas._decoder import Decoder, Experts, Layer, embedded, experts, logits, mlp, seen, tokens_of
from comptometer.formulas._decoder_fields import layer_count, layer_types
from comptometer.formulas._llama import llama_like


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One layer: what it sees, and what it has of its own.

    Attributes:
        layer: how far it sees.
        head_width: of its heads.
        groups: key-value heads.
        mlp_width: of its MLP.
        shares: does it take keys and values from an earlier layer?
        value_is_key: is the value formed by the product that forms the key?
    """

    layer: Layer
    head_width: int
    groups: int
    mlp_width: int
    shares: bool
    value_is_key: bool = False


class Cache(dict[int | None, tuple[Flow, Flow]]):
    """By the window of a layer: do its keys and its values need a gradient?"""


def sharing_attention(model: Decoder, slot: Slot, net: Network, tokens: int, x: Flow, cache: Cache) -> Flow:
    """Attention with keys and values of its own, which it leaves in the cache, or those that it finds there.

    Query, key and value are normalised head by head; the value's norm has no parameters.
    """
    d, name, seen_by = model.width, "layers.*.attention", slot.layer.window
    query, key = model.heads * slot.head_width, slot.groups * slot.head_width
    q = net.linear(f"{name}.q", x, tokens, d, query, bias=model.qkv_bias)
    q = net.norm(f"{name}.q_norm", q, tokens * model.heads, slot.head_width)
    if not slot.shares:
        k = net.linear(f"{name}.k", x, tokens, d, key, bias=model.qkv_bias)
        v = k if slot.value_is_key else net.linear(f"{name}.v", x, tokens, d, key, bias=model.qkv_bias)
        k = net.norm(f"{name}.k_norm", k, tokens * slot.groups, slot.head_width)
        net.norm(f"{name}.v_norm", v, tokens * slot.groups, slot.head_width, "none")
        cache[seen_by] = k, v
    turned = model.heads + (0 if slot.shares else slot.groups)
    net.elementwise(f"{name}.rotary", 3 * tokens * slot.head_width * turned)
    k, v = cache[seen_by]
    y = net.attention(
        f"{name}.core", q, k, v, heads=model.heads, key_width=slot.head_width, pairs=seen(slot.layer, net)
    )
    return net.linear(f"{name}.out", y, tokens, query, d, bias=model.output_bias)


def token_tables(net: Network, tokens: int, x: Flow, entries: int, width: int, inner: int, layers: int) -> Flow:
    """Each layer's embedding of each token, joined with a projection of the common one."""
    table = net.look_up("embedding_per_layer", entries, layers * inner)
    y = net.linear("per_layer.projection", x, tokens, width, layers * inner)
    y = net.norm("per_layer.norm", y, tokens * layers, inner)
    return table or y


def let_in(net: Network, tokens: int, x: Flow, per_layer: Flow, width: int, inner: int) -> Flow:
    """A gate on the layer's embedding of the token, and the projection of what passes."""
    gate = net.linear("layers.*.per_layer.gate", x, tokens, width, inner)
    net.elementwise("layers.*.per_layer.gate", 2 * tokens * inner)
    y = net.linear("layers.*.per_layer.projection", gate or per_layer, tokens, inner, width)
    return net.norm("layers.*.per_layer.norm", y, tokens, width)


def _shared(config: Config, kinds: Sequence[str]) -> int:
    """Layers at the end that take keys and values from earlier ones.

    Raises:
        DataError: no earlier layer sees as far as one of them.
    """
    number = len(kinds)
    shared = config.integer("num_kv_shared_layers", 0, least=0, most=number)
    if shared and set(kinds[number - shared :]) - set(kinds[: number - shared]):
        raise config.refuse("num_kv_shared_layers", "an earlier layer of each kind among those that share")
    return shared


def _kinds(config: Config, number: int, step: int) -> list[str]:
    """How far each layer sees: as listed, else every `step`-th sees everything."""
    stated = layer_types(config, number, "full_attention", "sliding_attention")
    return stated or ["sliding_attention" if (at + 1) % step else "full_attention" for at in range(number)]


# -- Gemma 3n

GEMMA_3N = {
    "altup_num_inputs": 4, "head_dim": 256, "hidden_size": 2048, "hidden_size_per_layer_input": 256,
    "intermediate_size": 16384, "laurel_rank": 64, "max_position_embeddings": 32768, "num_attention_heads": 8,
    "num_hidden_layers": 35, "num_key_value_heads": 2, "num_kv_shared_layers": 15, "sliding_window": 512,
    "vocab_size": 262400, "vocab_size_per_layer_input": 262144,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """What Gemma 3n adds: copies of what flows, a product of low rank, an embedding for each layer (width `inner`)."""

    number: int
    rank: int
    inner: int


@formula("gemma3n_text", defaults=GEMMA_3N)
def gemma3n(config: Config, net: Network) -> None:
    """Four of five layers slide; the last ones share keys and values; AltUp, LAuReL and embeddings for each layer."""
    number, window = layer_count(config), config.optional("sliding_window")
    kinds, widths = _kinds(config, number, 5), _widths(config, number)
    own = number - _shared(config, kinds)
    base = llama_like(config, layers=[Layer()] * number, mlp_width=widths[0], tied=True, mlp_bias=False)
    extra = Copies(
        number=config.integer("altup_num_inputs", most=64),
        rank=config.integer("laurel_rank"),
        inner=config.integer("hidden_size_per_layer_input"),
    )
    tokens, cache, others = tokens_of(net, base.longest), Cache(), extra.number - 1
    x = embedded(base, net, tokens)
    entries = config.integer("vocab_size_per_layer_input")
    per_layer = token_tables(net, tokens, x, entries, base.width, extra.inner, number)
    x = _other_copies("altup.spread", net, tokens, x, base.width, others) or x
    alike = Counter(zip(kinds, widths, [at >= own for at in range(number)], strict=True))
    for (kind, width, shares), times in alike.items():
        slot = Slot(
            layer=Layer(window=window if kind == "sliding_attention" else None),
            head_width=base.head_width,
            groups=base.key_value_heads,
            mlp_width=width,
            shares=shares,
        )

        def body(x: Flow, slot: Slot = slot) -> Flow:
            return _corrected(base, slot, extra, net, tokens, x, per_layer, cache)

        x = net.repeat(times, body, x)
    x = _other_copies("altup.join", net, tokens, x, base.width, others) or x
    logits(base, net, tokens, x)


def _other_copies(module: str, net: Network, tokens: int, x: Flow, width: int, others: int) -> Flow:
    """A product for each copy but the first."""
    if not others:
        return x
    return net.linear(module, x, others * tokens, width, width, copies=others, chosen=others)


def _corrected(
    model: Decoder, slot: Slot, extra: Copies, net: Network, tokens: int, x: Flow, per_layer: Flow, cache: Cache
) -> Flow:
    """One layer: every copy predicted from all, the layer run on the first, every copy corrected by what came out."""
    n, name = extra.number, "layers.*.altup"
    net.norm(f"{name}.router_norm", x, 2 * tokens, model.width)
    routed = net.linear(f"{name}.router", x, tokens, model.width, n)
    mixed = net.linear(f"{name}.predict", routed, tokens, n, n * n)
    predicted = net.product(f"{name}.core", "matmul", matmul(tokens * model.width, n, n), x, mixed)
    x = x or predicted
    y = _inside(model, slot, extra, net, tokens, x, cache)
    routed = net.linear(f"{name}.router", y, tokens, model.width, n, weight_of=f"{name}.router")
    changed = net.linear(f"{name}.correct", routed, tokens, n, n)
    net.elementwise(f"{name}.correct", 3 * n * tokens * model.width)
    scaled = net.weights(f"{name}.scale", model.width)
    x = x or y or changed
    return let_in(net, tokens, x or scaled, per_layer, model.width, extra.inner) or x


def _inside(model: Decoder, slot: Slot, extra: Copies, net: Network, tokens: int, x: Flow, cache: Cache) -> Flow:
    """Attention and MLP, with the product of low rank beside the attention, and norms before and after each."""
    d = model.width
    h = net.norm("layers.*.norm1", x, tokens, d)
    low = net.linear("layers.*.laurel.down", h, tokens, d, extra.rank)
    low = net.linear("layers.*.laurel.up", low, tokens, extra.rank, d)
    low = net.norm("layers.*.laurel.norm", low, tokens, d)
    y = sharing_attention(model, slot, net, tokens, h, cache)
    y = net.norm("layers.*.norm2", y, tokens, d) or low or x
    net.elementwise("layers.*.residual", 4 * tokens * d)
    h = net.norm("layers.*.norm3", y, tokens, d)
    z = mlp("layers.*.mlp", model, net, tokens, h, slot.mlp_width)
    return net.norm("layers.*.norm4", z, tokens, d) or y


def _widths(config: Config, number: int) -> list[int]:
    """The width of each layer's MLP: one number for all, or a list."""
    if not isinstance(config.get("intermediate_size"), list | tuple):
        return [config.integer("intermediate_size")] * number
    found = config.integers("intermediate_size", least=1)
    if len(found) != number:
        raise config.refuse("intermediate_size", f"one whole number, or one for each of {number} layers")
    return found


# -- Gemma 4

GEMMA_4 = {
    "global_head_dim": 512, "head_dim": 256, "hidden_size": 2304, "hidden_size_per_layer_input": 256,
    "intermediate_size": 9216, "max_position_embeddings": 131072, "num_attention_heads": 8, "num_hidden_layers": 30,
    "num_key_value_heads": 4, "sliding_window": 512, "vocab_size": 262144, "vocab_size_per_layer_input": 262144,
}  # fmt: skip


@formula("gemma4_text", defaults=GEMMA_4)
def gemma4(config: Config, net: Network) -> None:
    """Five of six layers slide, those that see everything have wider heads; the last may share keys and values.

    Layers that share may have an MLP twice as wide. Beside the MLP there may be experts.
    """
    number = layer_count(config)
    mixed = _experts_beside(config) if config.flag("enable_moe_block", False) else None
    base = llama_like(config, layers=[Layer()] * number, tied=True, mlp_bias=False, experts=mixed)
    slots, inner = _slots(config, base, number), config.integer("hidden_size_per_layer_input", 0, least=0)
    tokens, cache, per_layer = tokens_of(net, base.longest), Cache(), False
    x = embedded(base, net, tokens)
    if inner:
        entries = config.integer("vocab_size_per_layer_input")
        per_layer = token_tables(net, tokens, x, entries, base.width, inner, number)
    for slot, times in slots.items():

        def body(x: Flow, slot: Slot = slot) -> Flow:
            x = _gemma4_layer(base, slot, net, tokens, x, cache)
            return (let_in(net, tokens, x, per_layer, base.width, inner) or x) if inner else x

        x = net.repeat(times, body, x)
    logits(base, net, tokens, x)


def _experts_beside(config: Config) -> Experts:
    number, width = config.integer("num_experts"), config.integer("hidden_size")
    return Experts(
        number=number,
        chosen=config.integer("top_k_experts", most=number),
        width=config.first_integer("moe_intermediate_size", "expert_intermediate_size"),
        router_weights=width + number,
    )


def _slots(config: Config, base: Decoder, number: int) -> dict[Slot, int]:
    """The layers, and how many there are of each."""
    kinds, window = _kinds(config, number, 6), config.optional("sliding_window")
    kinds[-1] = "full_attention"
    own, both = number - _shared(config, kinds), config.flag("attention_k_eq_v", False)
    masked = config.word("use_bidirectional_attention", "") != "all"
    double = config.flag("use_double_wide_mlp", False)
    heads = _heads(config, base, kinds, both)
    alike = Counter(zip(kinds, heads, [at >= own for at in range(number)], strict=True))
    return {
        Slot(
            layer=Layer(window=window if kind == "sliding_attention" else None, masked=masked),
            head_width=width,
            groups=groups,
            mlp_width=base.mlp_width * (2 if double and shares else 1),
            shares=shares,
            value_is_key=both and kind == "full_attention",
        ): times
        for (kind, (width, groups), shares), times in alike.items()
    }


def _heads(config: Config, base: Decoder, kinds: Sequence[str], both: bool) -> list[tuple[int, int]]:
    """Width of a head and key-value heads, layer by layer.

    As `per_layer_config` lists what is otherwise in some layers; else layers that see everything have heads of another
    width (`global_head_dim`) and, where the key is also the value, another number of them.

    Raises:
        DataError: something else is otherwise, or key-value heads do not divide the heads.
    """
    if config.get("per_layer_config") is not None:
        listed = config.child("per_layer_config")
        if unknown := set(listed) - {str(at) for at in range(len(kinds))}:
            raise config.refuse("per_layer_config", f"layers from 0 to {len(kinds) - 1}, not {sorted(unknown)[0]!r}")
        return [_otherwise(listed.child(str(at)), base) for at in range(len(kinds))]
    groups = config.integer("num_global_key_value_heads", base.key_value_heads) if both else base.key_value_heads
    if base.heads % groups:
        raise config.refuse("num_global_key_value_heads", f"a divisor of {base.heads} heads")
    far = config.integer("global_head_dim", 512), groups
    near = base.head_width, base.key_value_heads
    return [near if kind == "sliding_attention" else far for kind in kinds]


def _otherwise(layer: Config, base: Decoder) -> tuple[int, int]:
    for name in layer:
        if name not in ("head_dim", "num_key_value_heads"):
            raise layer.refuse(name, "no value of its own in a layer: only head_dim and num_key_value_heads may differ")
    groups = layer.integer("num_key_value_heads", base.key_value_heads)
    if base.heads % groups:
        raise layer.refuse("num_key_value_heads", f"a divisor of {base.heads} heads")
    return layer.integer("head_dim", base.head_width), groups


def _gemma4_layer(model: Decoder, slot: Slot, net: Network, tokens: int, x: Flow, cache: Cache) -> Flow:
    """Attention and MLP, norms before and after each; experts read what the MLP reads, under a norm of their own."""
    d = model.width
    h = net.norm("layers.*.norm1", x, tokens, d)
    y = sharing_attention(model, slot, net, tokens, h, cache)
    x = net.norm("layers.*.norm2", y, tokens, d) or x
    net.elementwise("layers.*.residual", 2 * tokens * d)
    h = net.norm("layers.*.norm3", x, tokens, d)
    y = mlp("layers.*.mlp", model, net, tokens, h, slot.mlp_width)
    if model.experts is not None:
        net.norm("layers.*.router.norm", x, tokens, d, "none")
        h = net.norm("layers.*.experts.norm1", x, tokens, d)
        z = experts(model, model.experts, net, tokens, h)
        y, z = net.norm("layers.*.mlp.norm", y, tokens, d), net.norm("layers.*.experts.norm2", z, tokens, d)
        y = y or z
    return net.norm("layers.*.norm4", y, tokens, d) or x
