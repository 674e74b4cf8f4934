"""Cost, energy and CO2: known answers, boundaries, and that every assumption shows."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from comptometer import price_index, store
from comptometer.catalogue import Entry, entry
from comptometer.documents.cost import CostDocument
from comptometer.energy import grid_of, grids
from comptometer.errors import NotEnoughEvidence, NotFound, UsageError
from comptometer.library import library
from comptometer.machines import ASSUMPTIONS, Machines
from comptometer.published_costs import published_figures
from comptometer.request import dossier, estimate
from comptometer.training_cost import Cost, cost_of


def of(name: str, **how: Any) -> Cost:
    return cost_of(estimate(name), **how)


def asked(**figures: Any) -> Entry:
    published = figures.pop("published", date(2023, 6, 1))
    chip = figures.pop("chip")
    return entry(replace(dossier(chip=chip, figures=figures), published=published))


def holds(found: Cost, boundary: str, mwh: float) -> bool:
    low, high = found.energy[boundary].estimate.interval()
    return low <= mwh <= high


# Energy, against published figures of the same boundary


@pytest.mark.parametrize(
    ("model", "boundary", "mwh"),
    [
        ("gpt-3", "facility", 1287),  # arXiv 2104.10350, Table 4: PUE 1.10
        ("bloom", "chip", 433),  # arXiv 2211.02001, Table 1: the 400 W of the data sheet
        ("bloom", "facility", 690),  # with idle nodes and infrastructure
        ("meena", "facility", 232),  # arXiv 2104.10350, Table 4
        ("t5-11b", "facility", 85.7),
        ("PaLM 540B", "facility", 378.5 * 1.08 * 8.404992),  # unverified
        ("Llama 3.1-405B", "chip", 30.84e6 * 700 / 1e6),  # model card: chip-hours at the rated 700 W
    ],
)
def test_the_interval_holds_the_published_energy_of_its_boundary(model: str, boundary: str, mwh: float) -> None:
    assert holds(of(model), boundary, mwh)


def test_the_method_of_cottier_is_inside_where_it_is_not_of_tpus() -> None:
    for model, mwh in (("gpt-3", 1387), ("bloom", 821), ("Llama 3.1-405B", 36_900)):
        assert holds(of(model), "facility", mwh), model


def test_a_measured_mean_power_is_not_multiplied_by_a_load() -> None:
    """The fourth pitfall of the study: v4 at 170 W with server and building, never below the bare chip."""
    found = cost_of(asked(chip="tpu-v4", chip_hours="1M", utilization="0.4"))
    assert found.energy["chip"].estimate.median == pytest.approx(170, rel=1e-3)
    assert found.energy["facility"].estimate.median == pytest.approx(170 * 1.56 * 1.25, rel=0.01)
    assert "load" not in {claim.id.removeprefix("assumption:energy/") for claim in found.claims}


def test_boundaries_lie_inside_one_another() -> None:
    found = of("bloom")
    chip, server, facility = (found.energy[name].estimate.draws for name in ("chip", "server", "facility"))
    assert np.median(server / chip) == pytest.approx(2.03, rel=0.01)
    assert np.all(server > chip)
    assert np.mean(facility > server) > 0.99


def test_power_times_duration_is_energy() -> None:
    found = of("gpt-3")
    assert found.power is not None
    hours = 14.8 * 24
    assert np.allclose(found.power.estimate.draws * hours, found.energy["facility"].estimate.draws)


# Cost


def test_amortised_cost_by_hand() -> None:
    """One million chip-hours of H100 in a DGX, first used 2022-12-19, trained for 1000 hours before 2023-06-01."""
    found = cost_of(asked(chip="h100-sxm", chips=1000, time="1000 hours", utilization="0.4"), dollars=2023)
    started = date(2023, 6, 1).toordinal() - 60 - 1000 / 24
    age = math.floor(started - date(2022, 12, 19).toordinal() + 1) / 365.25
    hardware = 1e6 * 44489.88 * 10 ** (-0.14 * age) * 0.14 * math.log(10) / 8766
    deflator = price_index.deflator(date(2023, 6, 1), 2023)
    assert found.parts["hardware"].estimate.median == pytest.approx(hardware * deflator, rel=0.02)
    assert found.parts["interconnect"].estimate.median == pytest.approx(hardware * deflator * 0.19 / 0.81, rel=0.02)
    energy = 1e6 * 0.7 * 0.75 * 1.82 * 1.25 * 0.0806
    assert found.parts["energy"].estimate.median == pytest.approx(energy * deflator, rel=0.02)
    assert found.kinds["acquisition"].estimate.median == pytest.approx(1000 * 44489.88 / 0.81 * deflator, rel=0.02)
    assert found.kinds["cloud"].estimate.median == pytest.approx(1e6 * 4.86 * deflator, rel=0.02)


def test_the_parts_add_up_draw_by_draw() -> None:
    found = of("bloom")
    total = sum(known.estimate.draws for known in found.parts.values())
    assert np.allclose(total, found.kinds["amortised"].estimate.draws)


@pytest.mark.parametrize(
    ("model", "kind", "usd"),
    [
        ("bloom", "amortised", 995_819),  # Cottier et al. 2024, model_costs.csv, dollars of December 2024
        ("bloom", "cloud", 1_983_620),
        ("bloom", "acquisition", 12_052_219),
        ("PaLM 540B", "amortised", 2_864_192),
        ("Llama 3.1-405B", "amortised", 51_040_524),
        ("Llama 3.1-405B", "cloud", 169_828_008),
        ("Llama 3.1-405B", "acquisition", 896_044_948),
        ("OPT-175B", "amortised", 733_634),
        ("gpt-3", "acquisition", 242_000_906),
    ],
)
def test_the_interval_holds_the_published_cost(model: str, kind: str, usd: float) -> None:
    low, high = of(model).kinds[kind].estimate.interval()
    assert low <= usd <= high


def test_dollars_of_another_year_differ_by_the_index_alone() -> None:
    one, other = of("bloom", dollars=2023), of("bloom", dollars=2016)
    factor = price_index.years()[2023] / price_index.years()[2016]
    for kind, known in one.kinds.items():
        assert np.allclose(known.estimate.draws, factor * other.kinds[kind].estimate.draws)
    assert one.dollars == 2023


def test_amortised_and_acquisition_share_the_error_of_the_price() -> None:
    found = of("bloom")
    ratio = found.kinds["amortised"].estimate / found.kinds["acquisition"].estimate
    assert ratio.log_sd < 0.6 * found.kinds["amortised"].estimate.log_sd


def test_a_chip_that_came_later_has_its_full_price() -> None:
    early = cost_of(asked(chip="h100-sxm", chip_hours="1M", utilization="0.4", published=date(2022, 10, 1)))
    assert "10^(-(0.14 x/÷ 1.25) × 0)" in early.parts["hardware"].text


# Chip-hours that nobody states


def test_chip_hours_follow_from_compute_with_its_uncertainty() -> None:
    base = asked(
        chip="a100-sxm-40gb", chip_hours="1M", precision="bf16", tokens="1T", params="7B", published=date(2023, 3, 1)
    )
    bare = entry(
        replace(
            base.dossier,
            claims=[replace(c, chip="nvidia/a100-sxm-40gb") for c in base.dossier.claims if c.about != "chip_hours"],
        )
    )
    part = Machines(bare, bare.evidence)
    assert part.chip_hours is not None
    peak, utilization = bare.evidence.known("peak"), bare.evidence.known("utilization")
    assert peak is not None
    assert utilization is not None
    product = part.chip_hours.estimate * peak.estimate * utilization.estimate
    assert np.allclose(product.to("FLOP").draws, bare.value.draws)  # the same possible worlds
    found = cost_of(bare)
    assert any("chip-hours are not stated" in warning for warning in found.warnings)
    assert {claim.about for claim in found.claims} >= {"tokens", "parameters", "peak", "utilization"}


# What is assumed, and what is missing


def test_everything_assumed_is_cited_and_shows() -> None:
    found = of("gpt-3")
    shown = {claim.id for claim in found.claims}
    for known in (*found.kinds.values(), *found.energy.values(), found.co2, found.power):
        assert known is not None
        rests_on = {name.partition("|")[0] for name in known.estimate.rests_on if name.startswith("assumption:")}
        assert rests_on <= shown
    for claim in found.claims:
        assert found.entry.source(claim).title


def test_every_assumption_of_cost_has_a_source_and_a_place() -> None:
    for row in store.assumptions(ASSUMPTIONS).values():
        assert row.source in store.source_ids(), row.id
        assert row.where, row.id


def test_an_unknown_chip_is_named_as_what_is_missing() -> None:
    with pytest.raises(NotEnoughEvidence, match=r"the chip \(--chip"):
        cost_of(estimate("gpt-5"))


def test_a_chip_without_price_says_so_and_still_has_energy() -> None:
    found = cost_of(asked(chip="google/tpu-v7", chip_hours="1M", utilization="0.4", published=date(2026, 1, 1)))
    name = store.chip_record("google/tpu-v7").name
    assert found.missing["cloud"] == [f"a rental price of {name}"]
    assert f"a purchase price of {name}" in found.missing["amortised"]
    assert found.energy


def test_acquisition_needs_the_number_of_chips() -> None:
    found = cost_of(asked(chip="h100-sxm", chip_hours="1M", utilization="0.4"))
    assert found.missing == {"acquisition": ["chips"]}


def test_without_a_day_of_publication_there_is_energy_but_no_cost() -> None:
    found = cost_of(asked(chip="h100-sxm", chip_hours="1M", utilization="0.4", published=None))
    assert not found.kinds
    assert found.energy
    assert "the day of publication (--published)" in found.missing["amortised"]


# Places


def test_bloom_in_france_is_the_published_carbon() -> None:
    """24.7 t of CO2 for the dynamic energy of 433 MWh at 57 g/kWh (arXiv 2211.02001, Table 1)."""
    found = of("bloom", place="France")
    assert found.co2 is not None
    ratio = found.co2.estimate / found.energy["facility"].estimate
    assert ratio.median == pytest.approx(0.057, rel=0.01)
    assert 433.196 * ratio.median == pytest.approx(24.7, rel=0.01)


def test_gpt_3_in_the_united_states_holds_the_published_carbon() -> None:
    found = of("gpt-3", place="USA")
    assert found.co2 is not None
    low, high = found.co2.estimate.interval()
    assert low <= 552 <= high
    assert found.place == "United States"


def test_a_place_that_nobody_names_is_as_wide_as_the_world() -> None:
    anywhere, france = of("bloom").co2, of("bloom", place="fr").co2
    assert anywhere is not None
    assert france is not None
    assert anywhere.estimate.log_sd > 2 * france.estimate.log_sd


def test_an_unknown_place_is_answered_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="France"):
        grid_of("Frankreich")
    with pytest.raises(NotFound) as error:
        grid_of("Xyzzy")
    assert set(error.value.suggestions) == set(grids())


def test_a_year_outside_the_index_is_refused() -> None:
    with pytest.raises(UsageError, match="2001 to 2024"):
        of("bloom", dollars=1999)


# Beside


def test_published_figures_stand_beside_everything_that_they_could_be() -> None:
    item = library().item("gpt-3")
    found = cost_of(entry(item.dossier()))
    beside = published_figures(found, item.row, item.vintage)
    energy = next(figure for figure in beside if figure.claim.about == "energy")
    assert energy.median == pytest.approx(1287)
    assert "facility" in energy.within
    assert energy.ratios["facility"] == pytest.approx(1287 / found.energy["facility"].estimate.median)
    columns = {figure.claim.where.partition(", ")[2]: figure for figure in beside if figure.claim.about == "cost"}
    assert columns["training compute cost (cloud)"].within == ["cloud"]
    assert columns["hardware cost (upfront)"].within == ["acquisition"]


@pytest.mark.parametrize("name", ["gpt-3", "alexnet", "Llama 3.1-405B", "PaLM 540B"])
def test_the_document_has_its_shape(name: str) -> None:
    item = library().item(name)
    found = cost_of(entry(item.dossier()))
    figures = published_figures(found, item.row, item.vintage)
    CostDocument.model_validate(found.to_dict() | {"published": [figure.to_dict() for figure in figures]})
