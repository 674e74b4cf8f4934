"""Models in plain JAX that know nothing of the counter: GPT-2, written out and with the attention of the library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

pytest.importorskip("jax", reason="JAX is not installed")

import jax
import jax.numpy as jnp

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    vocabulary: int = 50257
    positions: int = 1024
    width: int = 768
    heads: int = 12
    layers: int = 12


SMALL = Size(vocabulary=11, positions=16, width=8, heads=2, layers=3)


def array(*shape: int, dtype: Any = jnp.float32) -> Any:
    make: Any = jax.ShapeDtypeStruct
    return make(shape, dtype)


def tokens(examples: int, length: int) -> Any:
    return array(examples, length, dtype=jnp.int32)


def _block(size: Size, *stacked: int) -> Tree:
    d = size.width

    def affine(into: int, out: int) -> Tree:
        return {"w": array(*stacked, into, out), "b": array(*stacked, out)}

    def norm() -> Tree:
        return {"g": array(*stacked, d), "b": array(*stacked, d)}

    return {
        "ln_1": norm(),
        "attn": {"qkv": affine(d, 3 * d), "out": affine(d, d)},
        "ln_2": norm(),
        "mlp": {"up": affine(d, 4 * d), "down": affine(4 * d, d)},
    }


def gpt2_parameters(size: Size, *, scanned: bool = False) -> Tree:
    blocks = _block(size, size.layers) if scanned else [_block(size) for _ in range(size.layers)]
    final = {"g": array(size.width), "b": array(size.width)}
    return {
        "wte": array(size.vocabulary, size.width),
        "wpe": array(size.positions, size.width),
        "h": blocks,
        "ln_f": final,
    }


def _norm(x: Any, p: Tree) -> Any:
    mean = x.mean(-1, keepdims=True)
    spread = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(spread + 1e-5) * p["g"] + p["b"]


def _written_out(q: Any, k: Any, v: Any) -> Any:
    scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) / jnp.sqrt(q.shape[-1])
    seen = jnp.tril(jnp.ones((q.shape[1], k.shape[1]), bool))
    return jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(jnp.where(seen, scores, -1e9)), v)


def _of_the_library(q: Any, k: Any, v: Any) -> Any:
    return jax.nn.dot_product_attention(q, k, v, is_causal=True)


def gpt2(size: Size, *, scanned: bool = False, library: bool = True, remat: bool = False) -> Callable[[Tree, Any], Any]:
    attend = _of_the_library if library else _written_out

    def block(x: Any, p: Tree) -> Any:
        with jax.named_scope("attn"):
            inner = _norm(x, p["ln_1"]) @ p["attn"]["qkv"]["w"] + p["attn"]["qkv"]["b"]
            q, k, v = (part.reshape(*x.shape[:2], size.heads, -1) for part in jnp.split(inner, 3, -1))
            x = x + attend(q, k, v).reshape(x.shape) @ p["attn"]["out"]["w"] + p["attn"]["out"]["b"]
        with jax.named_scope("mlp"):
            up = jax.nn.gelu(_norm(x, p["ln_2"]) @ p["mlp"]["up"]["w"] + p["mlp"]["up"]["b"])
            return x + up @ p["mlp"]["down"]["w"] + p["mlp"]["down"]["b"]

    run = jax.checkpoint(block) if remat else block

    def model(parameters: Tree, numbers: Any) -> Any:
        x = parameters["wte"][numbers] + parameters["wpe"][: numbers.shape[1]]
        if scanned:
            with jax.named_scope("h_0"):
                x, _ = jax.lax.scan(lambda c, p: (run(c, p), None), x, parameters["h"])
        else:
            for at, p in enumerate(parameters["h"]):
                with jax.named_scope(f"h_{at}"):
                    x = run(x, p)
        with jax.named_scope("head"):
            return _norm(x, parameters["ln_f"]) @ parameters["wte"].T

    return model
