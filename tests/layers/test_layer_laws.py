"""Laws that every layer list obeys."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comptometer import layers
from comptometer.errors import UsageError
from comptometer.ops import OpCount
from comptometer.trainable import Trainable

Table = dict[str, Any]
SMALL = st.integers(1, 4)


def toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(map(toml, value)) + "]" if isinstance(value, list) else repr(value)


def counted(shape: list[int], chain: list[Table], **arguments: Any) -> OpCount:
    return layers.count(layers.read(f"input = {shape}\nlayers = {toml(chain)}".encode()), **arguments)


def size(count: OpCount) -> int:
    assert count.parameters is not None
    return count.parameters.total


def convolutions(filters: st.SearchStrategy[int]) -> st.SearchStrategy[Table]:
    return st.fixed_dictionaries(
        {"kind": st.just("convolution"), "filters": filters, "kernel": SMALL, "padding": st.just("same")},
        optional={"stride": st.just(1), "bias": st.booleans()},
    )


SPREAD = st.fixed_dictionaries({"kind": st.just("transposed-convolution"), "filters": SMALL, "kernel": SMALL})
POOL = st.just({"kind": "pooling", "kernel": 1})


def blocks(inner: st.SearchStrategy[Table]) -> st.SearchStrategy[Table]:
    chain = st.lists(inner, min_size=1, max_size=3)
    repeat = st.fixed_dictionaries({"kind": st.just("repeat"), "times": st.integers(1, 5), "layers": chain})
    return st.one_of(repeat, st.builds(residual, chain, SMALL), st.builds(concatenated, chain, chain))


def residual(chain: list[Table], filters: int) -> Table:
    last: Table = {"kind": "convolution", "filters": filters, "kernel": 1}
    inside = [table for table in chain if table["kind"] == "convolution"]  # they keep the extents
    return {"kind": "residual", "layers": [*inside, last], "shortcut": [last]}


def concatenated(one: list[Table], other: list[Table]) -> Table:
    keep = [[table for table in chain if table["kind"] == "convolution"] for chain in (one, other)]
    return {"kind": "concatenate", "branches": keep}


IMAGES = st.lists(
    st.recursive(st.one_of(convolutions(SMALL), SPREAD, POOL), blocks, max_leaves=6), min_size=1, max_size=4
)
SEQUENCES = st.lists(
    st.one_of(
        st.fixed_dictionaries({"kind": st.just("linear"), "outputs": SMALL}),
        st.fixed_dictionaries(
            {"kind": st.sampled_from(["lstm", "gru", "rnn"]), "units": SMALL, "bidirectional": st.booleans()}
        ),
        st.fixed_dictionaries(
            {"kind": st.just("attention"), "heads": SMALL, "head_width": SMALL, "causal": st.booleans()}
        ),
    ),
    min_size=1,
    max_size=4,
)
LISTS = st.one_of(st.tuples(st.just([2, 4, 3]), IMAGES), st.tuples(st.just([5, 3]), SEQUENCES))


@given(
    LISTS, st.integers(2, 7), st.sampled_from(["full", "causal", "half"]), st.sampled_from(["none", "flash", "full"])
)
def test_a_count_is_linear_in_the_batch(
    given_list: tuple[list[int], list[Table]], batch: int, attention: Any, recompute: Any
) -> None:
    shape, chain = given_list
    one = counted(shape, chain, attention=attention, recompute=recompute)
    many = counted(shape, chain, batch=batch, attention=attention, recompute=recompute)
    found = (many.forward, many.backward, many.recomputed)
    assert found == (batch * one.forward, batch * one.backward, batch * one.recomputed)
    assert size(one) == size(many)


@given(LISTS, st.integers(1, 5))
def test_a_repeated_block_is_the_block_written_so_often(given_list: tuple[list[int], list[Table]], times: int) -> None:
    shape, chain = given_list
    repeated = counted(shape, [{"kind": "repeat", "times": times, "layers": chain}])
    written = counted(shape, chain * times)
    assert (repeated.forward, repeated.backward) == (written.forward, written.backward)
    assert size(repeated) == size(written)
    assert sum(term.calls for term in repeated.terms) == sum(term.calls for term in written.terms)


@given(LISTS)
def test_behind_something_trained_the_backward_pass_is_twice_the_forward_one(
    given_list: tuple[list[int], list[Table]],
) -> None:
    shape, chain = given_list
    found = counted(shape, [{"kind": "norm"}, *chain])
    assert found.backward == 2 * found.forward


@given(IMAGES, SMALL)
def test_the_first_layer_forms_no_gradient_of_its_input(rest: list[Table], filters: int) -> None:
    first: Table = {"kind": "convolution", "filters": filters, "kernel": 3, "padding": 1}
    found = counted([2, 4, 3], [{"kind": "pooling", "kernel": 1}, first, *rest])
    assert found.backward == 2 * found.forward - found.terms[0].forward


@given(SEQUENCES, SMALL)
def test_a_first_recurrent_layer_lacks_only_the_gradient_of_its_input(rest: list[Table], units: int) -> None:
    found = counted([5, 3], [{"kind": "lstm", "units": units}, *rest])
    assert found.backward == 2 * found.forward - found.by_module["lstm1.input"].forward


@given(LISTS)
def test_full_recomputation_is_the_forward_pass_again(given_list: tuple[list[int], list[Table]]) -> None:
    found = counted(*given_list, recompute="full")
    assert found.recomputed == found.forward
    assert found.training == counted(*given_list).training


@given(st.integers(1, 40), st.integers(1, 40))
def test_a_mask_keeps_the_lower_triangle_cut_to_its_window(length: int, window: int) -> None:
    layer: Table = {"kind": "attention", "heads": 2, "causal": True, "window": window}
    kept = sum(1 for query in range(length) for key in range(query + 1) if query - key < window)
    found = counted([length, 6], [layer], attention="causal")
    assert found.by_module["attention1.core"].forward == 4 * 6 * kept
    assert counted([length, 6], [layer]).by_module["attention1.core"].forward == 4 * 6 * length**2


def test_cross_attention_is_never_halved_and_reads_its_memory() -> None:
    layer: Table = {"kind": "attention", "heads": 2, "memory": [7, 10]}
    for attention in ("full", "causal", "half"):
        found = counted([5, 6], [layer], attention=attention).by_module
        assert found["attention1.core"].forward == 4 * 6 * 5 * 7
        assert found["attention1.k"].forward == 2 * 7 * 10 * 6
        assert found["attention1.k"].backward == 2 * found["attention1.k"].forward
        assert found["attention1.q"].backward == found["attention1.q"].forward


def test_one_trained_branch_is_enough_for_the_layer_behind_to_form_its_input_gradient() -> None:
    same: Table = {"kind": "linear", "outputs": 3}
    blocks: list[Table] = [
        {"kind": "residual", "layers": [same]},
        {"kind": "residual", "layers": [{"kind": "flatten"}], "shortcut": [same]},
        {"kind": "concatenate", "branches": [[], [same]]},
    ]
    for block in blocks:
        first, last = counted([3], [block, same]).terms
        assert first.backward == first.forward
        assert last.backward == 2 * last.forward
    untrained = counted([3], [{"kind": "residual", "layers": [{"kind": "flatten"}]}, same])
    assert untrained.backward == untrained.forward


class TestFrozenLayers:
    """A frozen layer costs 1 × forward at the front, and 2 × where it passes a gradient on."""

    LIST = b"""
    input = [3, 8, 8]
    layers = [
        {kind = "convolution", name = "first", filters = 4, kernel = 3},
        {kind = "flatten"},
        {kind = "linear", name = "second", outputs = 10},
        {kind = "linear", name = "third", outputs = 5},
    ]
    """

    def backward(self, *frozen: str) -> dict[str, int]:
        found = layers.count(layers.read(self.LIST), trainable=Trainable(frozen=frozen))
        return {name: term.backward // term.forward for name, term in found.by_module.items()}

    def test_all_trained(self) -> None:
        assert self.backward() == {"first": 1, "second": 2, "third": 2}

    def test_the_first_ones_frozen_form_no_gradient_and_the_next_one_only_its_own(self) -> None:
        assert self.backward("first") == {"first": 0, "second": 1, "third": 2}
        assert self.backward("first", "second") == {"first": 0, "second": 0, "third": 1}

    def test_one_in_the_middle_passes_a_gradient_on(self) -> None:
        assert self.backward("second") == {"first": 1, "second": 1, "third": 2}

    def test_a_name_that_fits_nothing_is_said(self) -> None:
        with pytest.raises(UsageError, match="fits no module"):
            self.backward("fourth")

    def test_blocks_are_frozen_whole(self) -> None:
        found = layers.count(layers.shipped("resnet-50"), trainable=Trainable(frozen=("stage2",)))
        whole = layers.count(layers.shipped("resnet-50"))
        inside = [n for n in found.by_module if n.startswith("stage2")]
        assert inside
        assert all(found.by_module[n].backward == found.by_module[n].forward for n in inside)
        outside = [n for n in found.by_module if not n.startswith("stage2")]
        assert all(found.by_module[n] == whole.by_module[n] for n in outside)
