"""Counts with identical blocks replaced, against counts with every block traced."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, ClassVar, cast

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import block_adversaries
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.checkpoint import checkpoint

from comptometer.counters import _torch_blocks
from comptometer.counters.torch import count
from comptometer.ops import OpCount

WIDTH, LAYERS = 8, 7
X = (2, 6, WIDTH)
REST = [
    (3, LAYERS - 4)
]  # of the first block the input is unlike those of the others: it needs no gradient, or is a leaf


class Block(nn.Module):
    """Attention and a feed-forward layer, with a running number."""

    def __init__(self, index: int = 0, width: int = WIDTH) -> None:
        super().__init__()
        self.index = index
        self.inward, self.outward = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.norm, self.up, self.down = nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def attended(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (part.unflatten(-1, (2, -1)).transpose(1, 2) for part in self.inward(x).chunk(3, -1))
        out = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(-2)
        return x + _tensor(self.outward(out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.attended(x)
        return x + _tensor(self.down(F.gelu(self.up(self.norm(x)))))


def _tensor(value: Any) -> torch.Tensor:
    return cast(torch.Tensor, value)  # an assertion would be rewritten, and lead into the code of the test runner


class Stack(nn.Module):
    """Blocks one after another."""

    def __init__(self, block: Callable[[int], nn.Module] = Block, layers: int = LAYERS) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(block(index) for index in range(layers))
        self.head = nn.Linear(WIDTH, 3)

    def run(self, x: torch.Tensor) -> Any:
        for block in self.blocks:
            x = block(x)
        return x

    def forward(self, x: torch.Tensor) -> Any:
        return self.head(self.run(x))


Seen = list[tuple[int, int]]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """How many blocks of each signature were traced and replaced, where the replacement held."""
    found: Seen = []
    times = _torch_blocks.Blocks.times

    def watched(self: Any, trace: Any, work: Any) -> Any:
        result = times(self, trace, work)
        kinds = [kind for group in self.groups for kind in group.kinds.values()]
        found.extend((len(kind.traced), len(kind.replaced)) for kind in kinds if kind.replaced)
        return result

    monkeypatch.setattr(_torch_blocks.Blocks, "times", watched)
    return found


def both(model: nn.Module, inputs: Any = X, **options: Any) -> OpCount:
    """The count with blocks replaced, which is that without."""
    short, long = count(model, inputs, **options), count(model, inputs, collapse=False, **options)
    assert short == long
    assert short.forward > 0
    return short


# -- blocks that are replaced


def test_identical_blocks_are_traced_three_times(seen: Seen) -> None:
    found = both(Stack())
    assert seen == REST
    assert [term.calls for term in found.by_module.values()][:2] == [LAYERS, LAYERS]


@pytest.mark.parametrize(
    "options", [{"attention": "causal"}, {"recompute": "full"}, {"recompute": "flash"}, {"batch": 3}]
)
def test_every_convention_is_the_same(options: dict[str, Any], seen: Seen) -> None:
    both(Stack(), **options)
    assert seen == REST


def test_only_a_forward_pass_is_the_same(seen: Seen) -> None:
    assert both(Stack(), backward=False).backward == 0
    assert seen == [(3, LAYERS - 3)]


def test_a_sequence_is_a_list_of_blocks_too(seen: Seen) -> None:
    both(nn.Sequential(*[nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(6), nn.Dropout()) for _ in range(7)]))
    assert seen == REST


def test_the_first_block_may_be_called_otherwise(seen: Seen) -> None:
    """Its input needs no gradient, those of the others do."""
    both(Stack())
    both(Stack(), nn.Parameter(torch.zeros(X)))
    both(Stack(), torch.zeros(X, requires_grad=True))
    assert seen == REST * 3


class Frozen(Stack):
    def __init__(self, count_of: int) -> None:
        super().__init__(layers=12)
        self.blocks[:count_of].requires_grad_(False)


def test_a_frozen_half_is_a_group_of_its_own(seen: Seen) -> None:
    found = both(Frozen(6))
    assert len(seen) == 2
    assert found.backward < 2 * found.forward


def test_frozen_names_are_the_same(seen: Seen) -> None:
    both(Stack(layers=10), frozen=["blocks.0", "blocks.1", "blocks.2", "blocks.3", "blocks.4"])
    assert len(seen) == 2


class TwoKinds(Stack):
    def __init__(self) -> None:
        super().__init__(lambda index: Block(index) if index % 2 else Wide(index), layers=12)


class Wide(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(super().forward(x))


def test_kinds_that_alternate_are_replaced_apart(seen: Seen) -> None:
    both(TwoKinds())
    assert seen == [(3, 2), (3, 3)]


class Hidden(Stack):
    def forward(self, x: torch.Tensor) -> Any:
        found = [x]
        for block in self.blocks:
            found.append(block(found[-1]))
        return {"last": self.head(found[-1]), "hidden": found}


def test_outputs_of_every_block_may_be_differentiated(seen: Seen) -> None:
    both(Hidden())
    assert seen == REST


class Across(Stack):
    """The second half adds the outputs of the first."""

    def run(self, x: torch.Tensor) -> Any:
        kept: list[torch.Tensor] = []
        for at, block in enumerate(self.blocks):
            x = block(x + kept.pop() if at >= len(self.blocks) / 2 else x)
            if at < len(self.blocks) // 2:
                kept.append(x)
        return x


def test_connections_across_blocks_are_the_same(seen: Seen) -> None:
    both(Across(layers=10))
    assert len(seen) == 1


class Checkpointed(Stack):
    def __init__(self, reentrant: bool) -> None:
        super().__init__()
        self.reentrant = reentrant

    def run(self, x: torch.Tensor) -> Any:
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=self.reentrant)
        return x


@pytest.mark.parametrize("reentrant", [False, True])
def test_blocks_under_a_checkpoint_are_the_same(reentrant: bool) -> None:
    x = torch.zeros(X, requires_grad=True)
    assert both(Checkpointed(reentrant), x).recomputed > 0


class CheckpointInside(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _tensor(checkpoint(super().forward, x, use_reentrant=False))


def test_a_checkpoint_inside_of_a_block_is_the_same() -> None:
    assert both(Stack(CheckpointInside)).recomputed > 0


class Transforming(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _tensor(super().forward(x) + torch.fft.ifft(torch.fft.fft(x)).real)


def test_what_is_not_counted_is_listed_as_often(seen: Seen) -> None:
    found = both(Stack(Transforming))
    assert seen == REST
    assert {unknown.calls for unknown in found.uncounted} >= {LAYERS}


# -- blocks that are told apart


class ByIndex(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = super().forward(x)
        return super().forward(x) if self.index == 3 else x


class ByTable(Block):
    table = (1, 1, 1, 2, 1, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(self.table[self.index]):
            x = super().forward(x)
        return x


class ByText(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(super().forward(x)) if f"{self.index}" == "3" else super().forward(x)


class ByType(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) if isinstance(self.index, int) else x


class ByCounter(Block):
    calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ByCounter.calls = (ByCounter.calls + 1) % LAYERS
        return super().forward(super().forward(x)) if ByCounter.calls == 4 else super().forward(x)


class ByArgument(Stack):
    def run(self, x: torch.Tensor) -> Any:
        for at, block in enumerate(self.blocks):
            x = block(x, twice=at == 3)
        return x


class Twice(Block):
    def forward(self, x: torch.Tensor, twice: bool = False) -> torch.Tensor:
        return super().forward(super().forward(x)) if twice else super().forward(x)


class ByShape(Stack):
    def run(self, x: torch.Tensor) -> Any:
        for at, block in enumerate(self.blocks):
            x = block(x[:, : 6 - at // 2])
        return x


class ByClosure(Stack):
    """A variable around the class of its blocks says which of them is dearer."""

    def __init__(self) -> None:
        at = 0

        class Closed(Block):
            def forward(self, x: torch.Tensor) -> torch.Tensor:
                return super().forward(super().forward(x)) if at == 3 else super().forward(x)

        super().__init__(Closed)

        def say(now: int) -> None:
            nonlocal at
            at = now

        self.say: Any = say

    def run(self, x: torch.Tensor) -> Any:
        for at, block in enumerate(self.blocks):
            self.say(at)
            x = block(x)
        return x


class Settings:
    def __init__(self) -> None:
        self.depth = 0


class BySettings(Stack):
    """An object that all blocks share says which of them is dearer."""

    def __init__(self) -> None:
        self_settings = Settings()

        class Set(Block):
            def __init__(self, index: int) -> None:
                super().__init__(index)
                self.settings = self_settings

            def forward(self, x: torch.Tensor) -> torch.Tensor:
                return super().forward(super().forward(x)) if self.settings.depth == 3 else super().forward(x)

        super().__init__(Set)
        self.settings = self_settings

    def run(self, x: torch.Tensor) -> Any:
        for at, block in enumerate(self.blocks):
            self.settings.depth = at
            x = block(x)
        return x


class ByChance(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(super().forward(x)) if random.Random(random.random()).random() < 2 else x


class Remembering(Block):
    """Every block leaves what it made for the next one, through a list that they share."""

    shelf: ClassVar[list[torch.Tensor]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        before = sum(self.shelf[-2:]) if self.shelf else 0
        self.shelf.append(super().forward(x))
        return self.shelf[-1] + before


class Shelved(Stack):
    def __init__(self) -> None:
        super().__init__(Remembering)

    def run(self, x: torch.Tensor) -> Any:
        Remembering.shelf.clear()
        return super().run(x)


class InPlace(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _tensor(x.add_(super().forward(x.detach().clone())))


class InPlaceStack(Stack):
    def run(self, x: torch.Tensor) -> Any:
        return super().run(x.clone())


class Same(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        super().forward(x)
        return x


class View(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x).detach() * 0 + x.view_as(x)


class Differentiating(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.enable_grad():
            y = x.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(super().forward(y).sum(), y, create_graph=True)
        return x + _tensor(gradient)


class Second(Stack):
    """A gradient of its output with respect to its input is part of the output."""

    def forward(self, x: torch.Tensor) -> Any:
        x = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.run(x).sum(), x, create_graph=True)
        return gradient


class Looped(Stack):
    def run(self, x: torch.Tensor) -> Any:
        return super().run(super().run(x))


class Backwards(Stack):
    def run(self, x: torch.Tensor) -> Any:
        for block in reversed(self.blocks):
            x = block(x)
        return x


class Some(Stack):
    def run(self, x: torch.Tensor) -> Any:
        for block in self.blocks[1:5]:
            x = block(x)
        return x


class Tied(Stack):
    def __init__(self) -> None:
        super().__init__()
        for block in self.blocks:
            block.get_submodule("up").weight = self.blocks[0].get_submodule("up").weight


class OneBlock(Stack):
    def __init__(self) -> None:
        super().__init__()
        one = Block()
        self.blocks = nn.ModuleList(one for _ in range(LAYERS))


class Hooked(Stack):
    def __init__(self) -> None:
        super().__init__()
        self.blocks[3].register_forward_hook(lambda module, args, out: out + module.down(module.up(out)))
        cast(Any, self.blocks[4]).up.weight.register_hook(lambda gradient: gradient @ gradient.mT @ gradient)


class Probed(Stack):
    """Work on the weights of a block, outside of it."""

    def forward(self, x: torch.Tensor) -> Any:
        return super().forward(x), self.blocks[3].get_parameter("up.weight") @ self.blocks[3].get_parameter(
            "down.weight"
        )


class Unused(Stack):
    """The output of one block is dropped, so it has no backward pass."""

    def run(self, x: torch.Tensor) -> Any:
        for at, block in enumerate(self.blocks):
            y = block(x)
            x = x if at == 3 else y
        return x


class Pair(Block):
    def forward(self, x: torch.Tensor) -> Any:
        return super().forward(x), self.up(x)


class Pairs(Stack):
    """One of two outputs is used in some of the blocks only."""

    def __init__(self) -> None:
        super().__init__(Pair)

    def run(self, x: torch.Tensor) -> Any:
        rest: Any = 0
        for at, block in enumerate(self.blocks):
            x, more = block(x)
            rest = rest + more.sum() if at in (2, 3) else rest
        return x + rest


class Detached(Stack):
    """No gradient passes one of the blocks."""

    def run(self, x: torch.Tensor) -> Any:
        for at, block in enumerate(self.blocks):
            x = block(x.detach() if at == 3 else x)
        return x


class Unheld(Stack):
    """Half of the blocks run without gradients."""

    def run(self, x: torch.Tensor) -> Any:
        for at, block in enumerate(self.blocks):
            with torch.set_grad_enabled(at >= 3):
                x = block(x)
        return x


class Plain(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x * 1

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return None


class Stopping(Block):
    """Its own function passes no gradient on, though it could."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(_tensor(Plain.apply(x)))  # type: ignore[no-untyped-call]


ADVERSARIES: dict[str, Callable[[], nn.Module]] = {
    "a comparison with its index": lambda: Stack(ByIndex),
    "a table by its index": lambda: Stack(ByTable),
    "its index as text": lambda: Stack(ByText),
    "the type of its index": lambda: Stack(ByType),
    "a counter of its class": lambda: Stack(ByCounter),
    "an argument": lambda: ByArgument(Twice),
    "a shape": ByShape,
    "a variable around it": ByClosure,
    "an object that is shared": BySettings,
    "chance": lambda: Stack(ByChance),
    "a list that is shared": Shelved,
    "a change in place": lambda: InPlaceStack(InPlace),
    "its input as its output": lambda: Stack(Same),
    "a view of its input": lambda: Stack(View),
    "a gradient inside": lambda: Stack(Differentiating),
    "a gradient around": Second,
    "two calls of each": Looped,
    "calls in another order": Backwards,
    "calls of some": Some,
    "a weight that is shared": Tied,
    "one block many times": OneBlock,
    "hooks": Hooked,
    "a use of its weights elsewhere": Probed,
    "an output that is dropped": Unused,
    "one of two outputs": Pairs,
    "a gradient that is cut": Detached,
    "gradients that are off": Unheld,
    "a function of its own": lambda: Stack(Stopping),
}


@pytest.mark.parametrize("name", block_adversaries.ADVERSARIES)
@pytest.mark.parametrize("gradient", [False, True], ids=["", "with the gradient of the input"])
def test_blocks_that_are_told_apart_where_it_is_easily_overlooked_by(name: str, gradient: bool) -> None:
    both(block_adversaries.ADVERSARIES[name](), torch.zeros(X, requires_grad=gradient))


@pytest.mark.parametrize("name", ADVERSARIES)
@pytest.mark.parametrize("gradient", [False, True], ids=["", "with the gradient of the input"])
def test_blocks_that_are_told_apart_by(name: str, gradient: bool) -> None:
    both(ADVERSARIES[name](), torch.zeros(X, requires_grad=gradient))


def test_a_model_is_as_it_was() -> None:
    with torch.device("meta"):
        model = Stack()
    before = {path: set(vars(part)) for path, part in model.named_modules()}
    count(model, X)
    assert {path: set(vars(part)) for path, part in model.named_modules()} == before
    assert [block.index for block in model.blocks] == list(range(LAYERS))


class Failing(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x if self.index < 5 else x.reshape(5, 7))


def test_a_model_is_as_it_was_after_an_error() -> None:
    with torch.device("meta"):
        model = Stack(Failing)
    with pytest.raises(Exception, match="Stack raises"):
        count(model, X)
    assert all("forward" not in vars(part) for part in model.modules())
    assert [block.index for block in model.blocks] == list(range(LAYERS))


# -- models of transformers

TOKENS = torch.zeros(2, 16, dtype=torch.long, device="meta")
PIXELS = torch.zeros(2, 3, 32, 32, device="meta")
SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 8,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "vocab_size": 96,
    "sliding_window": 6,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2, "dtype": torch.bfloat16}
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {},
    "mistral": {},
    "qwen2": {"use_sliding_window": True, "max_window_layers": 4},
    "qwen3": {},
    "gemma2": {"query_pre_attn_scalar": 8},
    "gemma3_text": {"query_pre_attn_scalar": 8},
    "phi3": {},
    "olmo2": {},
    "cohere": {},
    "gpt2": {"n_embd": 32, "n_layer": 8, "n_head": 4},
    "gpt_neox": {},
    "gpt_neo": {"num_layers": 8, "num_heads": 4, "attention_types": [[["global", "local"], 4]], "window_size": 6},
    "opt": {"ffn_dim": 48, "word_embed_proj_dim": 32},
    "bloom": {"n_layer": 8, "n_head": 4},
    "mixtral": EXPERTS,
    "gpt_oss": EXPERTS,
    "qwen3_moe": {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "dtype": torch.bfloat16},
    "llama4_text": {**EXPERTS, "intermediate_size_mlp": 64, "attention_chunk_size": 6},
    "deepseek_v3": {
        "n_routed_experts": 4,
        "n_group": 1,
        "topk_group": 1,
        "num_experts_per_tok": 2,
        "first_k_dense_replace": 2,
        "moe_intermediate_size": 16,
        "q_lora_rank": 8,
        "kv_lora_rank": 8,
        "qk_rope_head_dim": 4,
        "qk_nope_head_dim": 8,
        "v_head_dim": 8,
        "num_key_value_heads": 4,
        "head_dim": 4,
        "dtype": torch.bfloat16,
    },
    "mamba": {"state_size": 4, "use_mambapy": False},
    "bert": {},
    "roberta": {},
    "albert": {"embedding_size": 16},
    "electra": {"embedding_size": 16},
    "distilbert": {"dim": 32, "n_layers": 8, "n_heads": 4, "hidden_dim": 48},
    "modernbert": {"local_attention": 6},
    "t5": {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 6, "num_heads": 4},
    "bart": {
        "d_model": 32,
        "encoder_layers": 6,
        "decoder_layers": 6,
        "encoder_attention_heads": 4,
        "decoder_attention_heads": 4,
        "encoder_ffn_dim": 48,
        "decoder_ffn_dim": 48,
        "decoder_start_token_id": 1,
    },
    "vit": {"image_size": 32, "patch_size": 8},
    "dinov2": {"image_size": 32, "patch_size": 8},
    "swin": {
        "image_size": 32,
        "patch_size": 2,
        "embed_dim": 8,
        "depths": [2, 6],
        "num_heads": [2, 4],
        "window_size": 4,
    },
    "convnext": {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 6, 1]},
    "resnet": {"hidden_sizes": [8, 16], "depths": [2, 6], "embedding_size": 8},
}
OWN_NAMES = ("swin", "convnext", "resnet")
IMAGES = ("vit", "dinov2", "swin", "convnext", "resnet")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_of_transformers_counts_the_same(family: str) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    given = {**({} if family in OWN_NAMES else SMALL), **FAMILIES[family]}
    config = transformers.AutoConfig.for_model(family, **given)
    with torch.device("meta"):
        model = transformers.AutoModel.from_config(config, dtype=given.get("dtype", torch.float32))
    inputs: Any = {"pixel_values": PIXELS} if family in IMAGES else {"input_ids": TOKENS}
    if family in ("t5", "bart"):
        inputs["decoder_input_ids"] = TOKENS[:, :9]
    for attention in ("full", "causal"):
        both(model, inputs, attention=attention)
