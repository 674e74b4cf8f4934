"""An indexer: a small attention without values that chooses, for each query, the keys that the large one sees.

With H heads of width e, one key for all heads, per (query, key) pair: scores 2He, and their sum over the heads, each
with a weight of its own, 2H. It looks at every pair that the mask keeps, also where few are chosen.

Source: DeepSeek-V3.2, arXiv 2512.02556, section 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass

from comptometer.contraction import matmul
from comptometer.formulas._network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexer:
    """Sizes of an indexer.

    Attributes:
        heads: of its queries.
        head_width: of a query and of the one key.
        query_rank: width of the compressed query that its queries are formed from.
    """

    heads: int
    head_width: int
    query_rank: int


def indexer(sizes: Indexer, net: Network, width: int, tokens: int, pairs: int) -> None:
    """Write down the indexer of one layer: operations of the forward pass only.

    What is chosen has no gradient: the loss of the language model does not reach the indexer. It learns from a loss of
    its own, which is not counted.

    Args:
        sizes: of the indexer.
        net: what it is added to.
        width: of what flows.
        tokens: in the batch.
        pairs: (query, key) pairs of one sequence that it scores.
    """
    net.note("the indexer is counted in the forward pass; the loss that trains it is left out")
    for name, inward, outward in (
        ("q", sizes.query_rank, sizes.heads * sizes.head_width),
        ("k", width, sizes.head_width),
        ("weights", width, sizes.heads),
    ):
        net.weights(f"layers.*.indexer.{name}", inward * outward)
        net.product(f"layers.*.indexer.{name}", "linear", matmul(tokens, inward, outward))
    net.norm("layers.*.indexer.k_norm", False, tokens, sizes.head_width, "scale and bias")
    scores = matmul(net.batch * pairs, sizes.head_width, sizes.heads)
    net.product("layers.*.indexer.core", "indexer", scores + matmul(net.batch * pairs, sizes.heads, 1))
