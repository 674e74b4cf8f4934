"""A row, and a dossier, in plain numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from comptometer import account
from comptometer.catalogue import Entry, attempt
from comptometer.derivation import job
from comptometer.model_row import ModelRow, typed
from comptometer.records import Dossier
from comptometer.sources import COLUMNS

EMPTY = typed([["1", *[""] * (len(COLUMNS) - 1)]])[0]


def told(**columns: Any) -> account.Account:
    row: ModelRow = EMPTY._replace(**{"model": "Abacus", "published": date(2023, 1, 1), **columns})
    return account.of_row(row, "mine-1")


def test_an_empty_row_tells_nothing() -> None:
    one = told(published=None)
    assert (one.count, one.time, one.rates, one.machine_flop, one.implied) == (None, None, None, None, None)


def test_text_is_counted_with_active_parameters_and_epochs() -> None:
    text = {"domain": ("Language",), "parameters": 100e9, "active_parameters": 10e9, "dataset_size": 1e12}
    assert told(**text, epochs=2.0).count == 6 * 10e9 * 2e12
    assert told(**text, epochs=2.0, dataset_unit="words").count == pytest.approx(6 * 10e9 * 2e12 / 0.75)


def test_a_mixture_of_experts_without_active_parameters_is_not_counted() -> None:
    mixed = {"domain": ("Language",), "parameters": 100e9, "dataset_size": 1e12, "mixture_of_experts": True}
    assert told(**mixed).count is None


def test_images_are_counted_of_large_image_networks_only() -> None:
    images = {"domain": ("Vision",), "dataset_size": 1e9, "dataset_unit": "images"}
    assert told(**images, parameters=2e9).count == 6 * 2e9 * 1e9 * 256
    assert told(**images, parameters=5e8).count is None


def test_a_name_of_several_rates_keeps_both_ends() -> None:
    one = told(hardware=("NVIDIA V100",), hardware_quantity=8.0, training_hours=10.0)
    assert one.rates is not None
    assert one.machine_flop is not None
    assert one.rates[1] > 5 * one.rates[0]
    assert one.machine_flop == pytest.approx((80 * 3600 * one.rates[0], 80 * 3600 * one.rates[1]))


def test_the_format_that_is_told_decides_the_rate_but_an_8_bit_one_does_not() -> None:
    assert told(hardware=("NVIDIA V100",), numerical_format=("FP32",)).rates != told(hardware=("NVIDIA V100",)).rates
    assert told(hardware=("NVIDIA H100 SXM5 80GB",), numerical_format=("FP8",)).rates == (989.4e12, 989.4e12)


def test_several_kinds_of_chips_have_no_rate() -> None:
    assert told(hardware=("Google TPU v3", "Google TPU v4"), chip_hours=1e3).machine_flop is None


def test_a_place_names_only_what_is_told() -> None:
    assert told(mfu=0.4).where("mfu", "hfu") == "mine-1, line 1: hardware utilization (MFU)"
    assert told().where("mfu") == "mine-1, line 1"


def test_a_dossier_tells_what_its_claims_say(written: Callable[..., Dossier]) -> None:
    chips = {"about": "chips", "value": "8 chip", "chip": "nvidia/a100-sxm-80gb"}
    dossier = written(("parameters", "1B parameter"), ("tokens", "20B token"), ("duration", "10 h"), chips)
    entry = attempt(dossier)
    assert isinstance(entry, Entry)
    one = account.of_dossier(dossier, job(dossier), entry)
    assert one.count == pytest.approx(1.2e20, rel=0.01)
    assert (one.product, one.chip_hours) == (80.0, None)
    assert one.machine_flop == pytest.approx((80 * 3600 * 312e12, 80 * 3600 * 312e12))
    assert one.implied == pytest.approx((1.336, 1.336), rel=0.01)


def test_a_stated_scale_up_multiplies_what_the_machines_did(written: Callable[..., Dossier]) -> None:
    chips = {"about": "chips", "value": "8 chip", "chip": "nvidia/a100-sxm-80gb"}
    base = [("parameters", "1B parameter"), ("tokens", "20B token"), ("duration", "10 h"), chips]
    flop = [
        account.of_dossier(d, job(d), None).machine_flop for d in (written(*base), written(*base, ("scale_up", "10")))
    ]
    assert flop[0] is not None
    assert flop[1] == pytest.approx([10 * one for one in flop[0]])
