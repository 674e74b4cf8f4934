from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from probes import PROBES
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.checkpoint import checkpoint

from comptometer.counters import COUNTERS, kind_of
from comptometer.counters._torch_rules import classify
from comptometer.counters.torch import count
from comptometer.errors import UsageError
from comptometer.ops import Attention, OpCount, Recompute


@pytest.fixture(autouse=True)
def _old_interfaces_of_torch_may_warn() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="torch.ao.quantization is deprecated", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message=".*torch.jit.*deprecated", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta", category=UserWarning)
        yield


def _tensor(value: Any) -> torch.Tensor:
    assert isinstance(value, torch.Tensor)
    return value


class Attending(nn.Module):
    def __init__(self, *, causal: bool = True, heads: int = 2, width: int = 8, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads, self.causal, self.dropout = heads, causal, dropout
        self.inward, self.outward = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.inward(x).chunk(3, -1))
        out = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal, dropout_p=self.dropout)
        return _tensor(self.outward(out.transpose(1, 2).flatten(-2)))


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(11, 8)
        self.layers = nn.ModuleList(Attending() for _ in range(2))
        self.head = nn.Linear(8, 11, bias=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.table(tokens)
        for layer in self.layers:
            x = x + layer(x)
        return _tensor(self.head(x))


class AskingForValues(nn.Module):
    """Its forward pass looks at a value, which the meta device does not have."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.sum().item() == x.sum().item()
        return _tensor(self.inner(x))


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Conv2d(4, 4, 3, groups=4),
        nn.ConvTranspose2d(4, 2, 2, stride=2),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(8, 5),
    )


def perceptron() -> nn.Sequential:
    return nn.Sequential(nn.Linear(6, 7), nn.GELU(), nn.Linear(7, 5), nn.LayerNorm(5), nn.Linear(5, 3))


TOKENS = torch.zeros(2, 16, dtype=torch.long)


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_has_its_exact_value(name: str) -> None:
    probe = PROBES[name]
    found = count(probe.run(), attention=probe.attention)  # type: ignore[arg-type]
    got = {"forward": found.forward, "training": found.training, "executed": found.training + found.recomputed}
    assert got[probe.counted] == probe.exact
    assert found.complete


def test_every_operator_of_the_probes_is_classified() -> None:
    assert classify(torch.ops.aten.mm.default) == "contraction"
    assert classify(torch.ops.aten._scaled_dot_product_flash_attention.default) == "contraction"
    assert classify(torch.ops.aten.native_layer_norm_backward.default) == "elementwise"
    assert classify(torch.ops.aten.silu.default) == "elementwise"
    assert classify(torch.ops.aten.transpose.int) == "free"
    assert classify(torch.ops.aten._fft_r2c.default) == "unknown"
    assert classify(torch.ops.aten.quantized_lstm.input) == "unknown"
    assert classify(torch.ops.aten._sparse_sparse_matmul.default) == "unknown"


# -- the law: one contraction per gradient that is formed


@pytest.mark.parametrize(
    ("model", "inputs", "first"),
    [
        (network(), (2, 3, 8, 8), 2 * 2 * 4 * 3 * 9 * 64),
        (perceptron(), (4, 6), 2 * 4 * 6 * 7),
        (Attending(), (2, 16, 8), 2 * 2 * 16 * 8 * 24),
        (Decoder(), TOKENS, 0),
    ],
    ids=["convolutions", "perceptron", "attention", "decoder"],
)
def test_backward_is_twice_forward_without_the_gradient_of_the_input(model: nn.Module, inputs: Any, first: int) -> None:
    found = count(model, inputs)
    assert found.backward == 2 * found.forward - first
    assert found.forward > 0


def test_an_input_that_requires_a_gradient_gets_it() -> None:
    x = torch.zeros(4, 6, requires_grad=True)
    found = count(perceptron(), x)
    assert found.backward == 2 * found.forward
    assert x.grad is None


@pytest.mark.parametrize("product", ["mv", "dot"])
def test_outer_products_are_the_gradients_of_products_with_a_vector(product: str) -> None:
    left = torch.ones((5, 7) if product == "mv" else (7,), requires_grad=True)
    right = torch.ones(7, requires_grad=True)
    found = count(lambda: getattr(torch, product)(left, right))
    assert found.backward == 2 * found.forward
    assert left.grad is None


def test_a_frozen_layer_only_passes_the_gradient_on() -> None:
    whole, part = count(perceptron(), (4, 6)), count(perceptron(), (4, 6), frozen=["2"])
    assert whole.backward - part.backward == 2 * 4 * 7 * 5


def test_nothing_is_formed_below_the_lowest_trained_layer() -> None:
    found = count(perceptron(), (4, 6), frozen=["0", "2"])
    assert found.backward == 2 * 4 * 5 * 3 * 2


def test_patterns_freeze_as_names_do() -> None:
    by_pattern = count(Decoder(), TOKENS, frozen=["layers.*.inward"])
    by_name = count(Decoder(), TOKENS, frozen=["layers.0.inward", "layers.1.inward"])
    assert by_pattern.backward == by_name.backward < count(Decoder(), TOKENS).backward


def test_freezing_leaves_the_model_as_it_was() -> None:
    model = perceptron()
    count(model, (4, 6), frozen=["0"])
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())


@settings(max_examples=15, deadline=None)
@given(batch=st.integers(1, 5), examples=st.integers(1, 3), length=st.integers(1, 9))
def test_work_is_linear_in_the_batch(batch: int, examples: int, length: int) -> None:
    tokens = torch.zeros(examples, length, dtype=torch.long)
    one, many = count(Decoder(), tokens), count(Decoder(), tokens, batch=batch)
    assert (many.forward, many.backward) == (batch * one.forward, batch * one.backward)
    assert (many.batch, many.tokens) == (examples * batch, examples * batch * length)


def test_only_the_forward_pass_is_counted_if_asked() -> None:
    found = count(Decoder(), TOKENS, backward=False)
    assert found.backward == 0
    assert found.forward == count(Decoder(), TOKENS).forward


# -- attention means the same everywhere


@pytest.mark.parametrize("attention", ["full", "causal", "half"])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_attention_is_the_same_with_and_without_values(attention: Attention, training: bool, dropout: float) -> None:
    model = Attending(dropout=dropout).train(training)
    without = count(model, torch.zeros(2, 16, 8), attention=attention)
    with_values = count(AskingForValues(model), torch.zeros(2, 16, 8), attention=attention)
    pairs = {"full": 256, "causal": 136, "half": 128}[attention]
    assert without.by_operation["attention"].forward == 2 * 2 * 2 * pairs * (4 + 4)
    assert without.by_operation["attention"].backward == 2 * without.by_operation["attention"].forward
    assert [without.forward, without.backward] == [with_values.forward, with_values.backward]


def test_attention_without_a_mask_is_never_halved() -> None:
    full = count(Attending(causal=False), (2, 16, 8))
    assert full.forward == count(Attending(causal=False), (2, 16, 8), attention="half").forward


def test_a_mask_with_values_counts_what_it_keeps() -> None:
    mask = torch.ones(6, 6, dtype=torch.bool).tril().triu(-2)
    query = torch.ones(1, 2, 6, 4)
    found = count(lambda: F.scaled_dot_product_attention(query, query, query, mask), attention="causal")
    assert found.forward == 2 * 2 * (6 + 5 + 4) * (4 + 4)


def test_a_mask_without_values_is_counted_whole_and_said_so() -> None:
    query, mask = torch.ones(1, 2, 6, 4, device="meta"), torch.ones(6, 6, dtype=torch.bool, device="meta")
    found = count(lambda: F.scaled_dot_product_attention(query, query, query, mask), attention="causal")
    assert found.forward == 2 * 2 * 36 * (4 + 4)
    assert "mask has no values" in found.notes[0]


@pytest.mark.parametrize(("recompute", "again"), [("none", 0), ("flash", 1), ("selective", 2), ("full", None)])
def test_work_done_again_is_apart(recompute: Recompute, again: int | None) -> None:
    plain, found = count(Decoder(), TOKENS), count(Decoder(), TOKENS, recompute=recompute)
    core = plain.by_operation["attention"].forward
    assert found.training == plain.training
    assert found.recomputed == (plain.forward if again is None else again * core // 2)


def test_a_compiled_attention_is_known_by_its_fused_operator() -> None:
    query = torch.ones(1, 2, 6, 4, requires_grad=True)
    compiled = torch.compile(
        lambda value: F.scaled_dot_product_attention(value, value, value, is_causal=True), backend="aot_eager"
    )
    compiled(query)
    found = count(lambda: compiled(query), attention="causal")
    assert (found.forward, found.backward) == (2 * 2 * 21 * 8, 2 * 2 * 2 * 21 * 8)


def test_attention_that_is_written_out_is_noted() -> None:
    x = torch.ones(2, 6, 4)
    written = count(lambda: (x @ x.mT).softmax(-1) @ x, attention="causal")
    assert "written out" in written.notes[0]
    assert not count(lambda: (x @ x.mT).softmax(-1) @ x).notes


# -- shapes without values are those with


SHAPED = {
    "gelu": (lambda: F.gelu(torch.ones(3, 4))),
    "silu": (lambda: F.silu(torch.ones(3, 4))),
    "a sum": (lambda: torch.ones(3, 4) + torch.ones(3, 4)),
    "a sum with fewer dimensions": (lambda: torch.ones(3, 4) + torch.ones(4)),
    "a sum with a number": (lambda: torch.ones(3, 4) + 1),
    "a sum of two types": (lambda: torch.ones(3, 4) + torch.ones(3, 4, dtype=torch.float64)),
    "a norm": (lambda: F.layer_norm(torch.ones(3, 4), (4,), torch.ones(4), torch.ones(4))),
    "a linear layer": (lambda: F.linear(torch.ones(3, 4), torch.ones(5, 4), torch.ones(5))),
    "a bias with rows": (lambda: torch.addmm(torch.ones(3, 5), torch.ones(3, 4), torch.ones(4, 5))),
}


@pytest.mark.parametrize("name", SHAPED)
def test_a_result_without_values_has_the_shape_of_that_with(name: str) -> None:
    seen: list[torch.Tensor] = []
    with torch.device("meta"):
        count(lambda: seen.append(SHAPED[name]()))
    expected = SHAPED[name]()
    assert (seen[0].shape, seen[0].dtype, seen[0].stride()) == (expected.shape, expected.dtype, expected.stride())


def test_shapes_that_do_not_fit_are_refused_without_values_too() -> None:
    with pytest.raises(
        UsageError, match=r"raises on the meta device.*RuntimeError: a and b must have same reduction dim"
    ):
        count(nn.Linear(6, 7, device="meta"), (4, 5))


# -- what is done again, and loops


class Checkpointed(nn.Module):
    def __init__(self, reentrant: bool) -> None:
        super().__init__()
        self.first, self.rest, self.reentrant = nn.Linear(8, 8), perceptron_of(8), reentrant

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _tensor(checkpoint(self.rest, self.first(x), use_reentrant=self.reentrant))


def perceptron_of(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())


@pytest.mark.parametrize("reentrant", [True, False])
def test_a_checkpoint_is_work_done_again_and_no_gradient(reentrant: bool) -> None:
    found = count(Checkpointed(reentrant), (4, 8))
    assert (found.forward, found.backward, found.recomputed) == (3 * 512, 5 * 512, 2 * 512)
    assert found.by_module["rest.*"].recomputed == 2 * 512


def test_gradients_of_gradients_are_backward() -> None:
    layer, x = nn.Linear(8, 8, bias=False), torch.ones(4, 8, requires_grad=True)

    def penalty() -> torch.Tensor:
        (gradient,) = torch.autograd.grad((layer(x) ** 2).sum(), x, create_graph=True)
        return gradient.pow(2).sum()

    found = count(penalty)
    assert found.recomputed == 0
    assert found.forward == 512
    assert found.backward == 512 * 5  # the gradient; then its two factors, and two through the first product


def test_a_scan_counts_every_step() -> None:
    from torch._higher_order_ops.scan import scan

    weight = torch.ones(8, 8)
    found = count(lambda: scan(lambda c, x: (c @ weight, x @ weight), torch.ones(4, 8), torch.ones(5, 4, 8)))
    assert found.forward == 5 * 2 * 512


def test_what_a_branch_closes_over_gets_its_gradient() -> None:
    weight, x = torch.ones(8, 8, requires_grad=True), torch.ones(4, 8)
    found = count(lambda: torch.cond(torch.tensor(True), lambda v: v @ weight, lambda v: v + 1, (x,)))
    assert found.forward == 512
    assert found.backward >= 512


def test_a_loop_counts_every_round_where_values_are_known() -> None:
    while_loop: Any = importlib.import_module("torch._higher_order_ops.while_loop").while_loop

    def rounds(device: str) -> OpCount:
        weight, at, x = torch.ones(8, 8, device=device), torch.zeros((), device=device), torch.ones(4, 8, device=device)
        return count(lambda: while_loop(lambda n, v: n < 3, lambda n, v: (n + 1, v @ weight), (at, x)), backward=False)

    assert rounds("cpu").forward == 3 * 512


# -- operators that no formula knows


def test_an_unknown_operator_is_listed() -> None:
    found = count(lambda: torch.fft.rfft(torch.ones(64)))
    assert not found.complete
    assert [unknown.operation for unknown in found.uncounted] == ["aten::_fft_r2c"]


def test_strict_refuses_an_unknown_operator() -> None:
    with pytest.raises(UsageError, match="no formula for aten::_linalg_solve_ex"):
        count(lambda: torch.linalg.solve(torch.eye(3), torch.ones(3, 1)), strict=True)


def test_a_sparse_product_counts_its_entries() -> None:
    sparse = torch.sparse_coo_tensor(
        torch.tensor([[0, 1, 2, 3, 3], [0, 1, 2, 3, 0]]), torch.ones(5), (4, 4), check_invariants=True
    )
    assert count(lambda: torch.sparse.mm(sparse, torch.ones(4, 6))).forward == 2 * 5 * 6


# -- the table, the parameters, the inputs


def test_work_is_booked_where_the_forward_product_was() -> None:
    found = count(Decoder(), TOKENS)
    assert list(found.by_module) == ["layers.*.inward", "layers.*", "layers.*.outward", "head"]
    assert all(term.backward == 2 * term.forward for term in found.by_module.values())
    assert [term.calls for term in found.by_module.values()] == [2, 2, 2, 1]
    assert set(found.by_operation) == {"linear", "attention"}


def test_a_shared_parameter_counts_once() -> None:
    model = Decoder()
    model.head.weight = model.table.weight
    size = count(model, TOKENS).parameters
    assert size is not None
    assert size.total == sum(parameter.numel() for parameter in model.parameters())
    assert size.embedding == 88


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("inputs", [(4, 6), torch.zeros(4, 6), (torch.zeros(4, 6),), {"input": torch.zeros(4, 6)}])
def test_inputs_are_a_shape_a_tensor_a_tuple_or_a_mapping(inputs: Any, device: str) -> None:
    layer = nn.Linear(6, 7).to(device)
    assert count(layer, inputs).forward == 2 * 4 * 6 * 7


def test_counting_changes_neither_model_nor_random_numbers() -> None:
    model = AskingForValues(nn.Sequential(nn.BatchNorm1d(6), nn.Dropout(), nn.Linear(6, 7)))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    count(model, torch.ones(4, 6))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(state, torch.get_rng_state())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_plugin_is_found_by_the_class_of_the_model() -> None:
    assert kind_of(nn.Linear(2, 2)) == "torch"
    assert kind_of(lambda x: x, {"x": torch.ones(1)}) == "torch"
    assert COUNTERS["torch"](nn.Linear(2, 2), (1, 2)).forward == 8


# -- errors


class Failing(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(5, 7)


def test_a_model_whose_forward_pass_raises_is_named_with_the_reason() -> None:
    with pytest.raises(UsageError, match=r"^Failing raises: RuntimeError: shape '\[5, 7\]' is invalid"):
        count(Failing(), torch.zeros(4, 6))


def test_a_model_without_values_that_asks_for_them_says_so() -> None:
    with pytest.raises(UsageError, match="AskingForValues raises on the meta device, where tensors have no values"):
        count(AskingForValues(nn.Linear(6, 7)).to("meta"), (4, 6))


def test_attention_is_as_it_was_after_an_error() -> None:
    with pytest.raises(UsageError):
        count(Failing(), torch.zeros(4, 6))
    query = torch.ones(1, 2, 6, 4)
    assert torch.allclose(F.scaled_dot_product_attention(query, query, query), query)
    assert torch.backends.mha.get_fastpath_enabled()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attention": "dense"}, "attention: 'dense' is not one of full, causal, half"),
        ({"recompute": "some"}, "recompute: 'some' is not one of none, flash, selective, full"),
        ({"batch": 0}, "batch: needs a whole number from 1, got 0"),
        ({"frozen": ["tower"]}, "frozen: 'tower' fits no module and no parameter of Linear"),
        ({"frozen": "tower"}, "frozen: needs a list of names"),
    ],
)
def test_a_switch_that_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        count(nn.Linear(6, 7), (4, 6), **options)


def test_what_cannot_be_run_is_refused() -> None:
    with pytest.raises(UsageError, match="needs a module or a function, got int"):
        count(3)  # type: ignore[arg-type]


@pytest.mark.skipif(not hasattr(torch.ops.aten, "_foreach_mm"), reason="this PyTorch has no lists of matrix products")
class TestListsOfMatrixProducts:
    """`_foreach_mm` is a contraction, not element-wise work like its siblings."""

    def test_it_is_told_from_the_elementwise_operators_on_lists(self) -> None:
        assert classify(torch.ops.aten._foreach_mm.default) == "contraction"
        assert classify(torch.ops.aten._foreach_mul.List) == "elementwise"

    @pytest.mark.parametrize("device", ["cpu", "meta"])
    def test_it_is_the_sum_of_its_products_and_so_are_its_gradients(self, device: str) -> None:
        left = [torch.zeros(size, device=device, requires_grad=True) for size in ((2, 3), (5, 7))]
        right = [torch.zeros(size, device=device, requires_grad=True) for size in ((3, 4), (7, 6))]
        found = count(lambda: torch.ops.aten._foreach_mm(left, right), strict=True)
        assert (found.forward, found.backward) == (2 * (24 + 210), 2 * 2 * (24 + 210))
        apart = count(lambda: [one @ other for one, other in zip(left, right, strict=True)])
        assert (found.forward, found.backward) == (apart.forward, apart.backward)
        assert set(found.by_operation) == {"matmul"}

    def test_autograd_forms_the_gradients_of_a_whole_list_or_of_none_of_it(self) -> None:
        left = [torch.zeros(2, 3), torch.zeros(5, 7)]
        right = [torch.zeros(3, 4, requires_grad=True), torch.zeros(7, 6)]
        assert count(lambda: torch.ops.aten._foreach_mm(left, right)).backward == 2 * (24 + 210)

    def test_a_list_with_parameters_is_a_linear_layer(self) -> None:
        found = count(Listed(), (4, 6), strict=True)
        assert set(found.by_operation) == {"linear"}
        assert (found.forward, found.backward) == (2 * 2 * 4 * 6 * 7, 2 * 2 * 4 * 6 * 7)


class Listed(nn.Module):
    """Two layers without bias as one operator."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.ParameterList(nn.Parameter(torch.zeros(6, 7)) for _ in range(2))

    def forward(self, x: torch.Tensor) -> Any:
        return torch.ops.aten._foreach_mm([x, x], list(self.weights))
