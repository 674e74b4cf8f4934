"""The blocks that models are made of: operations on a batch, and parameters.

The backward pass of a product with a weight forms two gradients, that of the weight and that of the input, each as
large as the forward product; attention's two products form four. Behind an embedding every input needs its gradient,
because the embedding is trained.
"""

from __future__ import annotations

from comptometer.contraction import matmul
from comptometer.formulas import Part
from comptometer.ops import MULTIPLY_ADD, Recompute, Term


def linear(module: str, tokens: int, width_in: int, width_out: int, *, bias: bool = False, copies: int = 1) -> Part:
    """A product with a weight for each token; `copies` weights of which each token uses one (parameters only)."""
    forward = matmul(tokens, width_in, width_out)
    size = width_in * width_out + (width_out if bias else 0)
    return Part(
        terms=[Term(module=module, operation="linear", calls=1, forward=forward, backward=2 * forward)],
        parameters=size * copies,
        active=size,
    )


def look_up(entries: int, width: int) -> Part:
    """An input embedding: parameters, and no operation."""
    return Part(parameters=entries * width, embedding=entries * width)


def weights(size: int) -> Part:
    """Parameters that take part in no contraction: norms, biases, positions."""
    return Part(parameters=size)


def attention_core(
    module: str, sequences: int, heads: int, key_width: int, value_width: int, pairs: int, recompute: Recompute
) -> Part:
    """Scores and weighted sum: for each head and (query, key) pair a product over the key width and the value width.

    Args:
        module: name.
        sequences: in the batch.
        heads: query heads.
        key_width: width of query and key in one head.
        value_width: width of the value in one head.
        pairs: (query, key) pairs of one sequence.
        recompute: `flash` forms the scores again in the backward pass, `selective` both products.
    """
    scores = MULTIPLY_ADD * sequences * heads * pairs * key_width
    forward = scores + MULTIPLY_ADD * sequences * heads * pairs * value_width
    again = {"flash": scores, "selective": forward}.get(recompute, 0)
    return Part(
        terms=[
            Term(module=module, operation="attention", calls=1, forward=forward, backward=2 * forward, recomputed=again)
        ]
    )


def recomputed(part: Part, recompute: Recompute) -> Part:
    """A layer whose forward pass is done again in the backward pass, where recomputation is full."""
    if recompute != "full":
        return part
    terms = [
        Term(
            module=term.module,
            operation=term.operation,
            calls=term.calls,
            forward=term.forward,
            backward=term.backward,
            recomputed=term.forward,
        )
        for term in part.terms
    ]
    return Part(terms=terms, parameters=part.parameters, active=part.active, embedding=part.embedding)
