"""Models whose products PyTorch's libraries write into their logs, and a program that runs them once.

Batched products log pointers instead of sizes, so attention is written out head by head.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from torch import nn


class Residual(nn.Module):
    """A bottleneck with grouped channels and a stride, and a projection beside it."""

    def __init__(self, inward: int, outward: int, stride: int, groups: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(inward, 16, 1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 16, 3, stride, padding=1, groups=groups, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, outward, 1, bias=False),
        )
        self.beside = nn.Conv2d(inward, outward, 1, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.path(x) + self.beside(x)
        return y.relu()


class Attending(nn.Module):
    """A block of a transformer, every product of two matrices written out."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.norm = heads, nn.LayerNorm(width)
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inside = self.norm(x)
        heads = [layer(inside).chunk(self.heads, -1) for layer in (self.q, self.k, self.v)]
        mixed = [(q @ k.T).softmax(-1) @ v for q, k, v in zip(*heads, strict=True)]
        x = x + self.o(torch.cat(mixed, -1))
        y: torch.Tensor = x + self.down(self.up(x).relu())
        return y


def pyramid(kernels: tuple[tuple[int, int, int], ...], side: int, classes: int = 10) -> nn.Sequential:
    """Convolutions (channels, kernel, stride), each with a pooling after it, and a classifier."""
    parts: list[nn.Module] = []
    channels = 3
    for outward, kernel, stride in kernels:
        parts += [nn.Conv2d(channels, outward, kernel, stride, padding=kernel // 2), nn.ReLU(), nn.MaxPool2d(2)]
        channels, side = outward, ((side + 2 * (kernel // 2) - kernel) // stride + 1) // 2
    parts += [nn.Flatten(), nn.Linear(channels * side * side, 32), nn.ReLU(), nn.Dropout(), nn.Linear(32, classes)]
    return nn.Sequential(*parts)


MODELS: Final[Mapping[str, tuple[Callable[[], nn.Module], tuple[int, ...]]]] = {
    "alexnet": (lambda: pyramid(((16, 11, 4), (32, 5, 1), (48, 3, 1)), 96), (16, 3, 96, 96)),
    "vgg": (lambda: pyramid(((8, 3, 1), (16, 3, 1), (32, 3, 1), (32, 3, 1)), 32), (16, 3, 32, 32)),
    "residual": (
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), Residual(8, 24, 2, 4), Residual(24, 24, 1, 16)),
        (16, 3, 28, 28),
    ),
    "generator": (
        lambda: nn.Sequential(
            nn.ConvTranspose2d(6, 8, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(8, 4, 4, 2, 1, groups=2)
        ),
        (16, 6, 7, 5),
    ),
    "perceptron": (
        lambda: nn.Sequential(nn.Linear(40, 60), nn.GELU(), nn.Linear(60, 50, bias=False), nn.Tanh(), nn.Linear(50, 7)),
        (9, 40),
    ),
    "transformer": (lambda: nn.Sequential(nn.Linear(24, 32), Attending(32, 2), Attending(32, 4)), (19, 24)),
}


def run(out: Any = sys.stdout) -> None:
    """Run every model forward and backward, and say so in between."""
    torch.set_num_threads(1)
    torch.backends.nnpack.set_flags(False)  # type: ignore[no-untyped-call]
    for name, (make, shape) in MODELS.items():
        model, x = make(), torch.randn(shape)
        print(f"phase {name} forward", file=out, flush=True)
        total = model(x).sum()
        print(f"phase {name} backward", file=out, flush=True)
        total.backward()
        print("phase", file=out, flush=True)


if __name__ == "__main__":
    run()
