"""Networks as their papers draw them, in plain PyTorch."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812


def alexnet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.AdaptiveAvgPool2d(6), nn.Flatten(),
        nn.Linear(9216, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000),
    )  # fmt: skip


def vgg16() -> nn.Module:
    layers: list[nn.Module] = []
    channels = 3
    for width, depth in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(depth):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    head = [nn.Linear(25088, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000)]
    return nn.Sequential(*layers, nn.Flatten(), *head)


def normalized(into: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(into, out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(out))


class Bottleneck(nn.Module):
    def __init__(self, into: int, width: int, stride: int) -> None:
        super().__init__()
        self.down, self.across = normalized(into, width, 1), normalized(width, width, 3, stride)
        self.up = normalized(width, 4 * width, 1)
        same = stride == 1 and into == 4 * width
        self.beside = nn.Identity() if same else normalized(into, 4 * width, 1, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.beside(x) + self.up(F.relu(self.across(F.relu(self.down(x))))))


def resnet50() -> nn.Module:
    layers: list[nn.Module] = [normalized(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for at, (width, depth) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3))):
        for block in range(depth):
            layers.append(Bottleneck(channels, width, 2 if at and not block else 1))
            channels = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))


class VisionBlock(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inside = self.before(x)
        x = x + self.attention(inside, inside, inside, need_weights=False)[0]
        return x + self.mlp(self.between(x))


class VisionTransformer(nn.Module):
    """ViT-B/16: the blocks use `nn.MultiheadAttention`, as torchvision's do."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 768, 16, 16)
        self.token, self.positions = nn.Parameter(torch.zeros(1, 1, 768)), nn.Parameter(torch.zeros(1, 197, 768))
        self.blocks = nn.Sequential(*(VisionBlock(768, 12) for _ in range(12)))
        self.norm, self.head = nn.LayerNorm(768), nn.Linear(768, 1000)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.patches(image).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.positions
        return self.head(self.norm(self.blocks(x))[:, 0])


SEPARABLE = ((32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1))  # into, out, stride


def separable() -> nn.Module:
    """As MobileNet: every 3 × 3 convolution takes each channel for itself."""
    layers: list[nn.Module] = [normalized(3, 32, 3, 2), nn.ReLU()]
    for into, out, stride in SEPARABLE:
        layers += [normalized(into, into, 3, stride, groups=into), nn.ReLU(), normalized(into, out, 1), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 100))


class UNet(nn.Module):
    """Two resolutions, attention at the lower one, and back by a transposed convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.inward, self.down = nn.Conv2d(4, 32, 3, padding=1), nn.Conv2d(32, 64, 3, 2, 1)
        self.qkv, self.mixed = nn.Linear(64, 192), nn.Linear(64, 64)
        self.up, self.joined = nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.Conv2d(64, 32, 3, padding=1)
        self.outward = nn.Conv2d(32, 4, 3, padding=1)

    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        high = F.silu(self.inward(noise))
        low = F.silu(self.down(high))
        q, k, v = self.qkv(low.flatten(2).transpose(1, 2)).unflatten(-1, (3, 4, 16)).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        low = low + self.mixed(seen).transpose(1, 2).unflatten(-1, low.shape[-2:])
        return self.outward(F.silu(self.joined(torch.cat([high, self.up(low)], 1))))


class Recurrent(nn.Module):
    """A language model of two LSTM layers; their first state is trained, so every step forms the same gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.cells, self.head = nn.Embedding(1000, 128), nn.LSTM(128, 256, 2), nn.Linear(256, 1000)
        self.hidden, self.memory = (nn.Parameter(torch.zeros(2, 1, 256)) for _ in range(2))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.table(tokens).transpose(0, 1)
        return self.head(self.cells(x, (self.hidden, self.memory))[0])
