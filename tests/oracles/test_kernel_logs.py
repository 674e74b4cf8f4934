"""Counts against the logs of the libraries that multiply: oneDNN and MKL, on a real forward and backward pass.

Nothing of ours is in the oracle: the logs say which sizes each product had when it was computed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from logged_models import MODELS

from comptometer.counters.torch import count

PROGRAM = Path(__file__).with_name("logged_models.py")
LINE = re.compile(
    r"onednn_verbose,v1,primitive,exec,cpu,(?P<kind>convolution|deconvolution),[^,]*,(?P<pass>\w+),.*,(?P<sizes>[^,]*),[^,]*$"
)
SIZES = re.compile(r"([a-z]+)(\d+)")
PRODUCT = re.compile(r"MKL_VERBOSE (?P<name>[SD]GEMM)\(\w,\w,(?P<m>\d+),(?P<n>\d+),(?P<k>\d+),")
UNREAD = re.compile(
    r"MKL_VERBOSE \w*(GEMM|GEMV|DOT|GER)\w*\(|onednn_verbose,v1,primitive,exec,cpu,(matmul|inner_product|rnn)"
)


def operations(line: str) -> int:
    """FLOP of one line of a log.

    Raises:
        AssertionError: a product whose sizes the line does not say.
    """
    if found := LINE.match(line):
        size = {name: int(number) for name, number in SIZES.findall(found["sizes"])}
        groups, taps = size.get("g", 1), size["kh"] * size["kw"]
        places = size["ih"] * size["iw"] if found["kind"] == "deconvolution" else size["oh"] * size["ow"]
        return 2 * size["mb"] * places * taps * size["ic"] * size["oc"] // groups
    if found := PRODUCT.match(line):
        return 2 * int(found["m"]) * int(found["n"]) * int(found["k"])
    assert not UNREAD.match(line), f"a product without sizes: {line}"
    return 0


@pytest.fixture(scope="module")
def logged() -> Counter[tuple[str, str]]:
    """FLOP by model and pass."""
    if not (torch.backends.mkl.is_available() and torch.backends.mkldnn.is_available()):  # type: ignore[no-untyped-call]
        pytest.skip("this build of PyTorch multiplies without MKL or oneDNN, whose logs are read")
    settings = {"ONEDNN_VERBOSE": "1", "MKL_VERBOSE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(PROGRAM)], capture_output=True, text=True, check=True, env={**os.environ, **settings}
    )
    found: Counter[tuple[str, str]] = Counter()
    phase: tuple[str, str] | None = None
    for line in done.stdout.splitlines():
        if line.startswith("phase"):
            words = line.split()
            phase = (words[1], words[2]) if len(words) == 3 else None
        elif phase is not None:
            found[phase] += operations(line)
    if not any(found.values()):
        pytest.skip("the libraries wrote no logs on this machine")
    return found


@pytest.mark.parametrize("name", MODELS)
def test_a_count_is_what_the_libraries_multiplied(name: str, logged: Counter[tuple[str, str]]) -> None:
    make, shape = MODELS[name]
    found = count(make(), shape)
    assert (found.forward, found.backward) == (logged[name, "forward"], logged[name, "backward"])


def test_a_product_without_sizes_is_not_passed_over() -> None:
    with pytest.raises(AssertionError, match="without sizes"):
        operations("MKL_VERBOSE SGEMM_BATCH(N,N,0x7ffd,0x7ffe) 1us")
