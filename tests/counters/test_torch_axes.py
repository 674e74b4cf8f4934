"""Work that is no contraction, by hand."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from comptometer.counters._torch_axes import axis_of
from comptometer.counters.torch import count
from comptometer.errors import UsageError
from comptometer.ops import OpCount

ALL = ("elementwise", "normalization", "optimizer")


def axis(found: OpCount, name: str) -> tuple[int, int]:
    terms = found.included[name]
    return sum(term.forward for term in terms), sum(term.backward for term in terms)


def test_a_normalisation_that_is_one_operator_on_some_devices_only_is_known() -> None:
    x = torch.zeros(4, 8)
    for operator, each in (("_fused_rms_norm", 4), ("_fused_rms_norm_backward", 8), ("cudnn_batch_norm", 7)):
        found = axis_of(getattr(torch.ops.aten, operator).default)
        assert found is not None
        assert (found[0], found[1]([x], None)) == ("normalization", each * 32)


def test_a_normalisation_that_is_written_out_is_element_wise() -> None:
    found = count(nn.RMSNorm(8), (4, 8), include=ALL)
    assert axis(found, "normalization") == (0, 0)
    assert axis(found, "elementwise")[0] == 3 * 32 + 32 + 2 * 4  # square, mean, two products; epsilon and root of each


@pytest.mark.parametrize(
    ("layer", "shape", "each"),
    [
        (nn.LayerNorm(8), (4, 8), 7),
        (nn.BatchNorm1d(8), (4, 8), 7),
        (nn.BatchNorm2d(3), (2, 3, 5, 5), 7),
        (nn.GroupNorm(2, 4), (2, 4, 6), 7),
    ],
)
def test_a_normalisation_counts_so_much_for_each_element_and_twice_back(
    layer: nn.Module, shape: tuple[int, ...], each: int
) -> None:
    elements = torch.Size(shape).numel()
    found = count(layer, torch.zeros(shape, requires_grad=True), include=ALL)
    assert axis(found, "normalization") == (each * elements, 2 * each * elements)
    assert axis(found, "elementwise") == (int(hasattr(layer, "num_batches_tracked")), 0)
    assert found.training == 0


@pytest.mark.parametrize(
    ("function", "forward", "backward"),
    [
        (F.relu, 12, 12),
        (F.gelu, 12, 12),
        (lambda x: x + 1, 12, 0),
        (lambda x: x * 2, 12, 12),
        (lambda x: x.sum(-1), 12, 0),  # a sum reads; its gradient is a copy
        (lambda x: x.softmax(-1), 12, 12),
        (lambda x: x.reshape(4, 3).mT, 0, 0),
        (lambda x: F.dropout(x, 0.5), 24, 12),  # the mask is scaled, then multiplied
    ],
    ids=["relu", "gelu", "addition", "product", "sum", "softmax", "views", "dropout"],
)
def test_an_operator_counts_its_elements(function: Any, forward: int, backward: int) -> None:
    x = torch.zeros(3, 4, requires_grad=True)
    found = count(lambda: function(x), include=["elementwise"])
    assert axis(found, "elementwise") == (forward, backward)
    assert "normalization" not in found.included


def test_an_outer_product_is_no_element_wise_work() -> None:
    matrix, vector = torch.zeros(3, 4, requires_grad=True), torch.zeros(4)
    found = count(lambda: torch.mv(matrix, vector), include=["elementwise"])
    assert found.backward == 2 * 3 * 4
    assert axis(found, "elementwise") == (0, 0)


def test_a_table_sums_the_gradients_of_its_rows() -> None:
    found = count(nn.Embedding(100, 8), torch.zeros(2, 5, dtype=torch.long), include=["elementwise"])
    assert axis(found, "elementwise") == (0, 2 * 5 * 8)


def test_an_optimizer_counts_sixteen_for_each_trained_parameter() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 5))
    assert axis(count(model, (2, 3), include=ALL), "optimizer") == (0, 16 * (16 + 25))
    assert axis(count(model, (2, 3), include=ALL, frozen=["0"]), "optimizer") == (0, 16 * 25)
    assert not count(model, (2, 3), include=ALL, backward=False).included["optimizer"]


def test_two_uses_of_a_tensor_add_their_gradients() -> None:
    x = torch.zeros(3, 4, requires_grad=True)
    once = axis(count(lambda: x * 2, include=["elementwise"]), "elementwise")
    twice = axis(count(lambda: (x * 2, x * 2), include=["elementwise"]), "elementwise")
    assert twice == (24, 2 * once[1] + 12)


def blocks(layers: int) -> nn.Module:
    return nn.Sequential(*[nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.GELU()) for _ in range(layers)])


@pytest.mark.parametrize("include", [[], ["normalization"], ["elementwise"], list(ALL)])
def test_contractions_are_the_same_and_so_are_replaced_blocks(include: list[str]) -> None:
    plain, found = count(blocks(7), (4, 8)), count(blocks(7), (4, 8), include=include)
    assert found == count(blocks(7), (4, 8), include=include, collapse=False)
    assert (found.terms, found.training) == (plain.terms, plain.training)
    assert sorted(found.included) == sorted(include)
    if "normalization" in include:
        assert axis(found, "normalization") == (7 * 7 * 32, 7 * 14 * 32)
        assert [term.module for term in found.included["normalization"]] == ["*.*"]


def test_work_is_booked_where_it_is_done() -> None:
    found = count(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), (2, 3), include=["elementwise"])
    assert {term.module: (term.forward, term.backward) for term in found.included["elementwise"]}["*"] >= (8, 8)


@pytest.mark.parametrize("include", [["mtp"], "elementwise"])
def test_an_axis_that_there_is_not_is_refused(include: Any) -> None:
    with pytest.raises(UsageError, match="include: "):
        count(nn.Linear(2, 2), (1, 2), include=include)
