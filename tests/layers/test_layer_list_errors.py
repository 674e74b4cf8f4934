"""What is wrong with a layer list is said, all of it, each with its place; nothing else escapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comptometer import layers
from comptometer.errors import DataError, UsageError

CONVOLUTION = '{kind = "convolution", filters = 4, kernel = 3}'


def problems(text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(DataError) as caught:
        layers.read(text.encode() if isinstance(text, str) else text)
    return caught.value.problems


def listed(*tables: str, shape: str = "[3, 8, 8]") -> str:
    return f"input = {shape}\nlayers = [{', '.join(tables)}]"


def test_all_problems_are_reported_at_once() -> None:
    text = listed(
        '{kind = "convolution", filters = -4, kernel = "3", pading = 1}',
        '{kind = "lineer", outputs = 3}',
        "7",
        '{kind = "linear", outputs = 1.5, bias = 0}',
    )
    found = problems(text)
    assert len(found) == 7
    assert "layer 1 (convolution1): kernel: needs a whole number from 1 to 10^15, got '3'" in found
    assert "layer 1 (convolution1): unknown key 'pading'; did you mean padding?" in found
    assert any("filters" in problem and "-4" in problem for problem in found)
    assert any("lineer" in problem and "linear" in problem for problem in found)
    assert any(problem.startswith("layer 3: needs a table") for problem in found)
    assert any("bias: needs true or false" in problem for problem in found)


def test_shapes_that_do_not_fit_are_found_after_every_input() -> None:
    found = problems(
        listed(
            '{kind = "convolution", filters = 4, kernel = 9}',
            '{kind = "linear", outputs = 3, inputs = 77}',  # follows something unknown: not looked at
            '{kind = "input", shape = [5, 6]}',
            '{kind = "linear", outputs = 3, inputs = 7}',
        )
    )
    assert found == (
        "layer 1 (convolution1): a kernel of 9 does not fit on 8 with padding 0",
        "layer 4 (linear2): inputs: 7 stated, but 5 × 6 comes in, whose last axis has 6",
    )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            '{kind = "convolution", filters = 4, kernel = 3, groups = 2}',
            "groups: 2 does not divide the 3 input channels",
        ),
        ('{kind = "convolution", filters = 4, kernel = 3, groups = 3}', "groups: 3 does not divide the 4 filters"),
        ('{kind = "convolution", filters = 4, kernel = [3, 3, 3]}', "kernel: has 3 numbers, but the input has 2"),
        ('{kind = "transposed-convolution", filters = 4, kernel = 1, padding = 9}', "nothing is left"),
        ('{kind = "linear", outputs = 4}', "flatten it before, or state inputs = 8"),
        ('{kind = "lstm", units = 4}', "write a reshape before it"),
        ('{kind = "attention", heads = 4}', "write a reshape before it"),
        ('{kind = "reshape", shape = [3, 65]}', "is 195 numbers, but 3 × 8 × 8 comes in"),
        ('{kind = "residual", layers = [' + CONVOLUTION + "]}", "4 × 6 × 6 comes out of the layers, but 3 × 8 × 8"),
        ('{kind = "concatenate", branches = [[], [' + CONVOLUTION + "]]}", "differ in more than axis 0"),
        ('{kind = "concatenate", branches = [[], []], axis = 3}', "axis: 3, but a branch puts out 3 axes"),
        ('{kind = "concatenate", branches = [[]]}', "two or more lists of layers"),
        ('{kind = "repeat", times = 2, layers = []}', "layers: needs a list of layers, got an empty list"),
        ('{kind = "repeat", times = 1000000000000, layers = [{kind = "norm"}]}', "from 1 to 100,000"),
        ('{kind = "repeat", times = 2, layers = [{kind = "input", shape = [3]}]}', "not within a block"),
        ('{kind = "linear", outputs = 1000000000000001}', "got a number beyond 10^15"),
        ('{kind = "linear", outputs = 100000000000000, inputs = 8}', "more than 10^15 numbers"),
        ('{kind = "relu"}', "counts 0; leave it out"),
        ('{kind = "convolution", out_channels = 4, kernel = 3}', "did you mean filters?"),
        ('{name = "x"}', "kind: needs a text, got nothing"),
        ('{kind = "norm", name = "a\\u001bb"}', "name: needs a text"),
    ],
)
def test_a_layer_that_cannot_be_says_why(table: str, said: str) -> None:
    found = problems(listed(table))
    assert any(said in problem for problem in found), found
    assert all(problem.startswith("layer 1") for problem in found)


def test_what_follows_parameters_cannot_be_indices() -> None:
    embedding = '{kind = "embedding", entries = 5, width = 6}'
    assert "an embedding reads indices" in problems(listed(embedding, embedding, shape="[7]"))[0]


def test_attention_checks_its_widths_and_its_mask() -> None:
    for table, said in (
        ('{kind = "attention", heads = 5}', "5 does not divide the width 6"),
        ('{kind = "attention", heads = 3, key_value_heads = 2}', "2 does not divide the 3 heads"),
        ('{kind = "attention", heads = 3, window = 2}', "window: needs causal"),
        ('{kind = "attention", heads = 3, memory = [4]}', "memory: needs [length, width]"),
        ('{kind = "attention", heads = 3, memory = [4, 5], causal = true}', "never masked"),
    ):
        assert said in problems(listed(table, shape="[7, 6]"))[0]


def test_a_place_leads_through_blocks_and_branches() -> None:
    inner = '{kind = "concatenate", branches = [[{kind = "linear", outputs = 0}], []]}'
    outer = listed('{kind = "repeat", name = "stage", times = 2, layers = [' + inner + "]}", shape="[3]")
    (found,) = problems(outer)
    assert found.startswith("layer 1 (stage), layer 1 (concatenate1), branch 1, layer 1 (linear1): outputs:")


def test_layers_of_one_name_are_refused() -> None:
    table = '{kind = "norm", name = "a"}'
    assert problems(listed(table, table)) == ("layers: several layers are called 'a'",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "input: needs a list"),
        ("input = [3]", "layers: needs a list of layers, got nothing"),
        ("input = []\nlayers = []", "got an empty list"),
        ('input = ["3"]\nlayers = [{kind = "flatten"}]', "input: needs a list"),
        ("input = [100000000, 100000000]\nlayers = [{kind = 'flatten'}]", "together at most 10^15"),
        ("input = [3", "is not TOML"),
        ("input = " + "9" * 5000, "is not TOML"),
        ("input = 0x" + "f" * 5000, "got a number beyond 10^15"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"#" * (1 << 18) + b"##", "larger than 262,144 bytes"),
        ("layers = " + "[" * 10_000 + "]" * 10_000, "too deep"),
        ("layers = " + "[{a = " * 10_000, "too deep"),
    ],
)
def test_a_file_that_cannot_be_says_why(text: str | bytes, said: str) -> None:
    assert any(said in problem for problem in problems(text))


def test_ten_thousand_levels_of_blocks_are_refused() -> None:
    header = "layers" + ".layers" * 9_999
    assert "too deep" in problems(f"input = [3]\n[{header}]\nkind = 'repeat'")[0]
    chain = "".join(f"[[{'.'.join(['layers'] * depth)}]]\nkind = 'repeat'\ntimes = 1\n" for depth in range(1, 60))
    assert any("more than 20 deep" in problem for problem in problems("input = [3]\n" + chain))


def test_repetitions_within_repetitions_have_a_limit() -> None:
    table = '{kind = "norm"}'
    for _ in range(4):
        table = '{kind = "repeat", times = 1000, layers = [' + table + "]}"
    assert problems(listed(table)) == ("layers: more than 100,000 of them, with every repetition",)


def test_a_path_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        layers.read(tmp_path / "no.toml")
    with pytest.raises(DataError, match="cannot be read"):
        layers.read(tmp_path)


def test_a_stated_size_that_is_off_is_said_first() -> None:
    found = layers.count(layers.read(b'parameters = 99\ninput = [9]\nlayers = [{kind = "linear", outputs = 10}]'))
    assert not found.notes
    found = layers.count(layers.read(b'parameters = 90\ninput = [9]\nlayers = [{kind = "linear", outputs = 10}]'))
    assert found.notes[0] == "the layers have 100 parameters, 11% off the 90 that the file states"


@pytest.mark.parametrize(
    "arguments", [{"batch": 0}, {"batch": True}, {"batch": 10**16}, {"attention": "some"}, {"recompute": 1}]
)
def test_arguments_that_cannot_be_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(arguments))):
        layers.count(layers.shipped("dqn"), **arguments)


WORDS = [*layers.KINDS, "relu", "same", "global", "last", ""]
KEYS = ["kind", "filters", "kernel", "stride", "padding", "groups", "outputs", "inputs", "units", "heads", "times"]
KEYS += ["layers", "branches", "shortcut", "shape", "memory", "axis", "window", "causal", "name", "entries", "width"]
SCALARS = st.one_of(st.booleans(), st.integers(-2, 9), st.sampled_from([10**15, 10**40]), st.sampled_from(WORDS))


def toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(map(toml, value)) + "]" if isinstance(value, list) else repr(value)


def tables(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    table = st.builds(
        lambda kind, rest: {"kind": kind, **{key: item for key, item in rest.items() if key != "kind"}},
        st.sampled_from(WORDS),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    )
    return st.one_of(st.lists(inner, max_size=3), table, st.lists(table, max_size=3))


@given(st.lists(st.integers(0, 9), max_size=4), st.lists(st.recursive(SCALARS, tables, max_leaves=12), max_size=4))
def test_nothing_but_a_data_error_escapes_from_any_table(shape: list[int], found: list[Any]) -> None:
    try:
        read = layers.read(f"input = {toml(shape)}\nlayers = {toml(found)}".encode())
    except DataError as caught:
        said = caught.problems
    else:
        assert layers.count(read).forward >= 0
        return
    assert said
    assert all(0 < len(problem) < 2000 for problem in said)


@given(st.binary(max_size=60))
def test_nothing_but_a_data_error_escapes_from_any_bytes(content: bytes) -> None:
    with pytest.raises(DataError):
        layers.read(content)


def test_a_file_full_of_problems_is_refused_with_a_hundred_of_them() -> None:
    found = problems("input = [3]\nlayers = [" + '{kind = "lineer"},' * 9_000 + "]")
    assert len(found) == 101
    assert found[-1] == "and more"
    assert len(problems("input = [3]\n" + "\n".join(f"inpu{n} = 1" for n in range(9_000)))) == 101


def test_a_very_deep_table_is_refused() -> None:
    assert "too deep" in problems("a" + ".a" * 100_000 + " = 1\n")[0]
    assert problems("\n".join(f"a{n}" + ".a" * 99 + " = 1" for n in range(1_000)))
