"""LongT5: a T5 whose encoder sees near positions, and perhaps sums of blocks of far ones.

The S positions read are cut into blocks of r + 1, r the `local_radius`; a query sees its block and both neighbours, and
in them r positions to either side. With transient global attention it sees the sums of G = ⌊S/g⌋ blocks of g positions
besides, through the same products of key and value, 4dHe for each of them. A causal count has the pairs that the mask
keeps, any other those that are executed: all 3(r + 1) of the three blocks, padding included.

The class forms the sums as a product with zeros and ones, 2SGd, which is executed, and counted.

Source: Guo et al. 2021, arXiv 2112.07916, section 3; the class for how it is run.
"""

from __future__ import annotations

from dataclasses import dataclass

from comptometer.contraction import matmul
from comptometer.formulas import DATA, Config, Flow, Network, formula
from comptometer.formulas._encoder import Encoder, Sequences, both_ways, residual_block
from comptometer.formulas.t5 import Stack, gated, layers, written

LOCAL, GLOBAL = "local", "transient-global"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What an encoder's positions see.

    Attributes:
        radius: positions to either side.
        block: positions that are summed up to one that all see; None without.
    """

    radius: int
    block: int | None

    def sums(self, at: Sequences) -> Sequences:
        """The sums of blocks; what is left at the end of a sequence belongs to its last block."""
        return Sequences(at.number, at.length // self.block if self.block else 0)

    def pairs(self, net: Network, at: Sequences) -> int:
        """(query, key) pairs of one sequence: those that the mask keeps, or those that are executed."""
        sums, block = self.sums(at).length, self.radius + 1
        if net.convention.attention == "causal":
            return both_ways(net, at.length, self.radius) + at.length * sums
        padded = -(-at.length // block) * block
        return padded * (3 * block + sums)


@formula("longt5")
def longt5(config: Config, net: Network) -> None:
    """As T5, mostly with a gate; the logits always share the embedding, whatever the configuration says."""
    kind = config.word("encoder_attention_type", LOCAL)
    if kind not in (LOCAL, GLOBAL):
        raise config.refuse("encoder_attention_type", f"{LOCAL} or {GLOBAL}")
    reach = Reach(
        radius=config.integer("local_radius", 127),
        block=config.integer("global_block_size", 16) if kind == GLOBAL else None,
    )
    buckets = config.integer("relative_attention_num_buckets", 32)
    encoder, decoder = layers(config, gated(config))
    written(
        config,
        net,
        lambda x, at: _read(encoder, reach, buckets, net, x, at),
        Stack(model=decoder, sparse=[False] * decoder.layers, buckets=buckets),
        known=("Model", "EncoderModel"),
        tied=True,
    )


def _read(model: Encoder, reach: Reach, buckets: int, net: Network, x: Flow, at: Sequences) -> Flow:
    """All layers of the encoder and the norm after them; the first layer's tables of positions serve all."""
    near = net.weights("position_bias", buckets * model.heads)
    far = reach.block is not None and net.weights("global_position_bias", buckets * model.heads)

    def block(x: Flow) -> Flow:
        return residual_block(model, net, at, x, lambda x: _attend(model, reach, net, x, at, near or far))

    x = net.repeat(model.layers, block, x)
    return net.norm("norm", x, at.rows, model.width, model.norm)


def _attend(model: Encoder, reach: Reach, net: Network, x: Flow, at: Sequences, position: Flow) -> Flow:
    d, name, inner, sums = model.width, "layers.*.attention", model.heads * model.head_width, reach.sums(at)
    q, k, v = (net.linear(f"{name}.{part}", x, at.rows, d, inner) for part in "qkv")
    if reach.block is not None:
        summed = net.product(f"{name}.sums", "matmul", matmul(sums.rows, at.length, d), x, DATA)
        summed = net.norm(f"{name}.sums.norm", summed, sums.rows, d)
        k = net.linear(f"{name}.sums.k", summed, sums.rows, d, inner, weight_of=f"{name}.k") or k
        v = net.linear(f"{name}.sums.v", summed, sums.rows, d, inner, weight_of=f"{name}.v") or v
    y = net.attention(
        f"{name}.core", q, k, v, position,
        heads=model.heads, key_width=model.head_width, pairs=reach.pairs(net, at), sequences=at.number,
    )  # fmt: skip
    return net.linear(f"{name}.out", y, at.rows, inner, d)
