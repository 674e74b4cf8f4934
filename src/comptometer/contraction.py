"""Operations of single contractions, as pure integer functions of shapes. Everything that counts imports these.

A contraction is a product with a sum: matrix products, convolutions, attention. Bias, normalisation, activation,
softmax, look-ups and element-wise work are not contractions and count 0 (decision 0001).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from comptometer.ops import MULTIPLY_ADD, Attention


def matmul(m: int, k: int, n: int) -> int:
    """(m × k) times (k × n): every one of m·n outputs sums k products.

    >>> matmul(5, 7, 3)
    210
    """
    return MULTIPLY_ADD * m * k * n


def convolution(
    batch: int, channels_in: int, channels_out: int, kernel: Sequence[int], output: Sequence[int], groups: int = 1
) -> int:
    """Every output position sums over the kernel and the input channels of its group; padding taps are counted.

    Args:
        batch: examples.
        channels_in: of the input.
        channels_out: of the output.
        kernel: extent of the kernel in each dimension.
        output: extent of the output in each dimension.
        groups: of channels, each on its own.

    >>> convolution(1, 4, 8, (3, 3), (6, 6))
    20736
    """
    return MULTIPLY_ADD * batch * channels_out * (channels_in // groups) * prod(kernel) * prod(output)


def transposed_convolution(
    batch: int, channels_in: int, channels_out: int, kernel: Sequence[int], source: Sequence[int], groups: int = 1
) -> int:
    """Every input position is spread over the kernel and the output channels of its group; `source` is its extent.

    >>> transposed_convolution(1, 4, 8, (3, 3), (8, 8))
    36864
    """
    return MULTIPLY_ADD * batch * channels_in * (channels_out // groups) * prod(kernel) * prod(source)


def pairs(
    length: int,
    attention: Attention,
    *,
    window: int | None = None,
    chunk: int | None = None,
    masked: bool = True,
) -> int:
    """(query, key) pairs of self-attention over a sequence that are counted.

    Args:
        length: S, positions in the sequence.
        attention: `full` is the dense square, whatever the mask; `causal` exactly the pairs that the mask keeps;
            `half` S²/2, rounded down.
        window: positions that a token sees, itself included, where the layer slides.
        chunk: length of the blocks outside which nothing is seen.
        masked: is the layer causal at all? Encoders and images are not, and are never halved.

    >>> pairs(4, "full"), pairs(4, "causal"), pairs(4, "half")
    (16, 10, 8)
    >>> pairs(4, "causal", window=2), pairs(5, "causal", chunk=2)
    (7, 7)
    """
    square = length * length
    if not masked or attention == "full":
        return square
    if attention == "half":
        return square // 2
    if chunk is not None and chunk < length:
        whole, rest = divmod(length, chunk)
        return whole * _triangle(chunk) + _triangle(rest)
    if window is not None and window < length:
        return _triangle(window) + (length - window) * window
    return _triangle(length)


def _triangle(length: int) -> int:
    return length * (length + 1) // 2
