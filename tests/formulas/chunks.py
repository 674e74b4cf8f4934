"""What the classes execute in place of a recurrence, in chunks of Q tokens: closed forms, forward and backward.

Backward is twice forward but for what no gradient depends on: the state before the first chunk is a constant, the state
behind the last one is not used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Work = tuple[int, int]


def second_kind(rows: int, length: int, chunk: int, state: int, head_width: int) -> Work:
    """Mamba 2, for `rows` heads of sequences: within chunks, states of chunks, between chunks, read-out."""
    n, q = -(-length // chunk), chunk
    forward = n * q * q * (state + head_width) + 2 * n * q * state * head_width + (n + 1) ** 2 * head_width * state
    return 2 * rows * forward, 4 * rows * forward


def delta_rule(rows: int, length: int, key: int, value: int, *, chunk: int = 64, solved: bool = True) -> Work:
    """The delta rule: keys with keys, queries with keys, weights with new values, and three products with the state.

    A triangular system for each chunk is solved, whose gradient for the matrix is a product too; without a solver its
    inverse multiplies values and keys, while scores are summed element by element.
    """
    n, square, core = -(-length // chunk), 2 * chunk * chunk, 2 * chunk * key * value
    if solved:
        forward = n * (square * (2 * key + value) + 3 * core)
        return rows * forward, rows * (2 * forward + n * square * (key + value) - 4 * core)
    forward = n * (square * (key + 2 * value) + 3 * core)
    return rows * forward, rows * (2 * forward - 4 * core)


def lightning(rows: int, length: int, chunk: int, width: int) -> Work:
    """Linear attention: scores and sums within a chunk, read-out and update of the state."""
    sizes = [chunk] * (length // chunk) + [length % chunk] * (length % chunk > 0)
    core = 2 * width * width
    forward = sum(4 * size * size * width + 2 * size * core for size in sizes)
    return rows * forward, rows * (2 * forward - sizes[0] * core - 2 * sizes[-1] * core)


def executed(fields: Mapping[str, Any], batch: int, length: int) -> Work | None:
    """All layers of a model together; None where the class runs the recurrence itself."""
    kind = fields["model_type"]
    if kind in {"mamba2", "bamba", "granitemoehybrid", "falcon_h1", "nemotron_h", "zamba2"}:
        heads = fields.get("mamba_n_heads") or fields.get("mamba_num_heads") or fields.get("n_mamba_heads")
        each = second_kind(
            batch * (heads or fields["num_heads"]),
            length,
            fields.get("mamba_chunk_size") or fields["chunk_size"],
            fields.get("mamba_d_state") or fields.get("ssm_state_size") or fields["state_size"],
            8,
        )
    elif kind in {"qwen3_next", "qwen3_5_text", "qwen3_5_moe_text", "olmo_hybrid"}:
        rows = batch * fields["linear_num_value_heads"]
        each = delta_rule(rows, length, fields["linear_key_head_dim"], fields["linear_value_head_dim"])
    elif kind == "kimi_linear":
        width = fields["linear_head_dim"]
        each = delta_rule(batch * fields["linear_num_heads"], length, width, width, solved=False)
    elif kind == "minimax":
        each = lightning(batch * fields["num_attention_heads"], length, fields["block_size"], fields["head_dim"])
    else:
        return None
    number = recurrent_layers(fields)
    return each[0] * number, each[1] * number


def recurrent_layers(fields: Mapping[str, Any]) -> int:
    """Layers with a state; in Zamba and Falcon H1 those with attention have one as well."""
    kinds = fields.get("hybrid_override_pattern")
    if kinds:
        return str(kinds).count("M")
    if "attn_layer_indices" in fields:
        return int(fields["num_hidden_layers"]) - len(fields["attn_layer_indices"])
    names = fields.get("layer_types") or fields.get("layers_block_type") or ["mamba"] * fields["num_hidden_layers"]
    return sum(name not in {"full_attention", "attention"} for name in names)
