"""The shipped chips: the traps of hardware tables, and what holds of every record."""

from __future__ import annotations

from datetime import date

import pytest

from comptometer import store
from comptometer.errors import NotFound, UsageError
from comptometer.records import Chip, Facts, Peak, Price

UNREAD = {"techpowerup-gpu-database", "vendors-unread-sheets"}  # sources that nobody opened


def chip(name: str) -> Chip:
    return store.chip_record(name)


def rate(name: str, precision: str, **options: bool | str) -> float:
    """The peak in 1e12 operations per second."""
    return chip(name).peak(precision, **options).value / 1e12  # type: ignore[arg-type]


def every_chip() -> list[Chip]:
    return [store.chip_record(name) for name in store.chip_ids()]


def test_there_are_at_least_150_chips_from_2006_to_blackwell() -> None:
    found = every_chip()
    assert len(found) >= 150
    dates = sorted(day for record in found if (day := record.available or record.announced))
    assert dates[0].year <= 2008
    assert dates[-1].year >= 2025


# One test for each trap of hardware tables


@pytest.mark.parametrize(
    ("name", "dense", "sparse"),
    [("nvidia/h100-sxm", 989.4, 1979), ("nvidia/a100-sxm-80gb", 312, 624), ("amd/mi300x", 1307.4, 2615)],
)
def test_trap_1_the_sparse_rate_is_never_the_dense_one(name: str, dense: float, sparse: float) -> None:
    assert rate(name, "bf16") == dense
    assert rate(name, "bf16", sparse=True) == pytest.approx(sparse, rel=1e-3)


def test_trap_2_tf32_and_fp32_of_vector_and_matrix_units_are_apart() -> None:
    assert rate("nvidia/a100-sxm-80gb", "tf32") == 156
    assert rate("nvidia/a100-sxm-80gb", "fp32") == 19.5
    both = {peak.path: peak.value / 1e12 for peak in chip("amd/mi250x").peaks if peak.precision == "fp32"}
    assert both == {"vector": 47.9, "matrix": 95.7}
    assert chip("amd/mi250x").peak("fp32").path == "vector"


@pytest.mark.parametrize(
    ("name", "bf16"),
    [
        ("nvidia/h100-pcie", 756), ("nvidia/h100-nvl", 835.5), ("nvidia/h100-sxm", 989.4), ("nvidia/h800-sxm", 989.4),
        ("nvidia/a800-sxm", 312), ("nvidia/a100-sxm-80gb", 312), ("nvidia/h20", 148),
    ],
)  # fmt: skip
def test_trap_3_variants_of_a_chip_keep_their_own_rates(name: str, bf16: float) -> None:
    assert rate(name, "bf16") == bf16


def test_trap_3_chips_for_export_have_their_links_cut() -> None:
    links = {name: chip(f"nvidia/{name}").scale_up_bytes_per_second for name in ("h100-sxm", "h800-sxm", "a800-sxm")}
    assert links == {"h100-sxm": 900e9, "h800-sxm": 400e9, "a800-sxm": 400e9}


@pytest.mark.parametrize(
    ("name", "dies", "devices"),
    [
        ("nvidia/k80", 2, 2), ("nvidia/titan-z", 2, 2), ("nvidia/gtx-590", 2, 2), ("nvidia/s1070", 4, 4),
        ("amd/mi250x", 2, 2), ("nvidia/b200", 2, 1), ("nvidia/b300", 2, 1), ("nvidia/gb200", 2, 1),
        ("nvidia/gb300", 2, 1), ("intel/gaudi3", 2, 1), ("huawei/ascend-910c", 2, 2),
    ],
)  # fmt: skip
def test_trap_4_a_unit_says_how_many_dies_and_devices_it_has(name: str, dies: int, devices: int) -> None:
    assert (chip(name).dies_per_unit, chip(name).devices_per_unit) == (dies, devices)


def test_trap_4_rates_of_boards_with_two_dies_are_those_of_the_board() -> None:
    assert rate("nvidia/k80", "fp32") == 8.74
    assert chip("nvidia/k80").memory_bytes_per_second == 480e9
    assert rate("nvidia/titan-z", "fp32") == pytest.approx(8.12, rel=1e-3)
    assert rate("nvidia/gb200", "bf16") == 2500
    assert chip("nvidia/gb200").memory_bytes == 192e9


@pytest.mark.parametrize(("name", "cores"), [("v2", 2), ("v3", 2), ("v7", 2), ("v5e", 1), ("v6e", 1)])
def test_trap_5_tpus_count_chips_and_say_how_many_cores_people_count(name: str, cores: int) -> None:
    record = chip(f"google/tpu-{name}")
    assert record.unit == "chip"
    assert record.devices_per_unit == cores
    assert "core" in record.note.casefold()


@pytest.mark.parametrize("name", ["v4", "v5p"])
def test_trap_5_tpus_of_two_cores_that_are_shown_as_one_say_so(name: str) -> None:
    assert chip(f"google/tpu-{name}").devices_per_unit == 1
    assert f"'{name}-8' is 8 cores, 4 chips" in chip(f"google/tpu-{name}").note


@pytest.mark.parametrize(("name", "base", "boost"), [("nvidia/k40", 4.29, 5.04), ("nvidia/titan-black", 5.12, 5.645)])
def test_trap_6_base_and_boost_clock_are_apart(name: str, base: float, boost: float) -> None:
    rates = {peak.clock: peak.value / 1e12 for peak in chip(name).peaks if peak.precision == "fp32"}
    assert rates == {"base": base, "boost": boost}
    assert rate(name, "fp32") == base  # the vendor's headline


@pytest.mark.parametrize(
    ("name", "fp32_accumulation", "fp16_accumulation"),
    [
        ("nvidia/rtx-4090", 165.2, 330.3), ("nvidia/rtx-3090", 71, 142), ("nvidia/rtx-3090-ti", 80, 160),
        ("nvidia/rtx-2080-ti", 53.8, 107.6), ("nvidia/rtx-5090", 209.5, 419),
    ],
)  # fmt: skip
def test_trap_7_geforce_cards_are_half_as_fast_with_fp32_accumulation(
    name: str, fp32_accumulation: float, fp16_accumulation: float
) -> None:
    assert rate(name, "fp16") == pytest.approx(fp32_accumulation, rel=1e-3)
    assert rate(name, "fp16", accumulate="fp16") == pytest.approx(fp16_accumulation, rel=1e-3)


def test_trap_8_bits_and_binary_units_are_converted() -> None:
    assert chip("google/tpu-v6e").scale_up_bytes_per_second == 800e9  # 3584 Gbit/s in older pages
    assert chip("google/tpu-v6e").scale_up_directions == "both"
    assert chip("google/tpu-v5e").memory_bytes_per_second == 819e9  # 800 GiB/s in one edition
    assert chip("google/tpu-v3").memory_bytes == 32 * 2**30
    assert chip("nvidia/b300").scale_up_bytes_per_second == 1800e9  # not the 14,400 of a node
    assert chip("aws/trainium1").memory_bytes_per_second == 820 * 2**30  # not the 9.8 TB/s of 16 chips


@pytest.mark.parametrize(
    ("name", "precision", "now", "before"), [("aws/trainium1", "int8", 380, 420), ("intel/gaudi3", "bf16", 1678, 1835)]
)
def test_trap_9_a_revised_rate_stands_beside_the_one_before(
    name: str, precision: str, now: float, before: float
) -> None:
    assert rate(name, precision) == now
    assert before in [peak.value / 1e12 for peak in chip(name).peaks if peak.precision == precision]


def test_trap_9_a_revision_has_its_date() -> None:
    assert [peak.as_of for peak in chip("aws/trainium1").peaks if peak.precision == "int8"] == ["2026", "2023"]


@pytest.mark.parametrize(
    ("name", "announced", "available"),
    [
        ("nvidia/h100-sxm", date(2022, 3, 22), date(2022, 9, 20)),
        ("google/tpu-v6e", date(2024, 5, 14), date(2024, 12, 11)),
        ("amd/mi300a", date(2023, 1, 4), date(2023, 12, 6)),
    ],
)
def test_trap_10_announced_is_not_available(name: str, announced: date, available: date) -> None:
    assert (chip(name).announced, chip(name).available) == (announced, available)


@pytest.mark.parametrize(("name", "usd"), [("nvidia/h100-sxm", 44_489.88), ("nvidia/a100-sxm-40gb", 24_875)])
def test_trap_11_a_share_of_a_system_is_no_price_of_a_chip(name: str, usd: float) -> None:
    assert {price.kind for price in chip(name).prices if price.usd == usd} == {"system-share"}


def test_trap_11_the_street_price_of_an_h100_stands_beside_it() -> None:
    assert any(27e3 <= price.usd <= 33e3 for price in chip("nvidia/h100-sxm").prices if price.kind == "street")


def test_trap_12_the_hot_clock_decides_the_rate() -> None:
    card = chip("nvidia/gtx-580")
    assert (card.base_mhz, card.shader_mhz) == (772, 1544)
    assert rate("nvidia/gtx-580", "fp32") == 1.581


# What holds of every record


def dense(record: Chip, precision: str, path: str = "matrix") -> Peak | None:
    """The dense peak that counts, if it is of these units."""
    try:
        peak = record.peak(precision)
    except UsageError:
        return None
    return peak if peak.path == path else None


ANOTHER_RATIO_OF_16_BITS_TO_TF32 = {
    "aws/trainium1": "one rate for fp16, bf16, tf32 and fp8",
    "aws/trainium2": "one rate for fp16, bf16 and tf32",
    "aws/trainium3": "one rate for fp16, bf16 and tf32",
    "aws/inferentia2": "one rate for fp16, bf16, tf32 and fp8",
}


def test_16_bits_run_at_twice_the_rate_of_tf32() -> None:
    off = set()
    for record in every_chip():
        for precision in ("bf16", "fp16"):
            wide, narrow = dense(record, "tf32"), dense(record, precision)
            if wide and narrow and not 1.9 < narrow.value / wide.value < 2.1:
                off.add(record.id)
    assert off == set(ANOTHER_RATIO_OF_16_BITS_TO_TF32)


ANOTHER_RATIO_OF_8_TO_16_BITS = {
    "amd/mi210": "int8 at the rate of 16 bits",
    "amd/mi250": "int8 at the rate of 16 bits",
    "amd/mi250x": "int8 at the rate of 16 bits",
    "aws/inferentia2": "fp8 at the rate of 16 bits",
    "aws/trainium1": "fp8 at the rate of 16 bits",
    "aws/trainium3": "MX formats at 3.75 times",
    "cambricon/mlu370-s4": "int8 at 2.67 times",
    "cambricon/mlu370-x4": "int8 at 2.67 times",
    "cambricon/mlu370-x8": "int8 at 2.67 times",
    "cambricon/siyuan-590": "figures of the press, from different articles",
    "google/tpu-v4": "int8 at the rate of 16 bits",
    "google/tpu-v5p": "fp8 at the rate of bf16",
    "google/tpu-v6e": "fp8 at the rate of bf16",
    "huawei/ascend-910c": "estimates, from different clocks",
    "intel/gaudi3": "fp8 at the rate of 16 bits",
    "kunlunxin/k200": "int8 at four times",
    "microsoft/maia-200": "fp8 at four times",
    "nvidia/gb300": "int8 hardly supported",
    "tesla/d1": "fp8 at the rate of 16 bits",
}


def test_8_bits_run_at_twice_the_rate_of_16_bits() -> None:
    """On cards that halve fp16 with fp32 accumulation int8 is four times that, and twice the other."""
    off = set()
    for record in every_chip():
        for precision in ("fp8", "int8"):
            half = dense(record, "bf16") or dense(record, "fp16")
            narrow = dense(record, precision)
            if not half or not narrow:
                continue
            whole = max(p.value for p in record.peaks if p.precision in {"bf16", "fp16"} and not p.sparse)
            if not any(1.9 < narrow.value / base < 2.1 for base in (half.value, whole)):
                off.add(record.id)
    assert off == set(ANOTHER_RATIO_OF_8_TO_16_BITS)


ANOTHER_RATIO_OF_SPARSE_TO_DENSE = {
    "aws/trainium2": "4:1 sparsity; one sparse rate for 8 and 16 bits",
    "aws/trainium3": "one sparse rate for all formats",
    "nvidia/b300": "fp4 is faster than sparsity makes it",
    "nvidia/l40s": "the data sheet prints 362.05 and 733",
}


def test_sparse_rates_are_twice_the_dense_ones() -> None:
    off = set()
    for record in every_chip():
        dense_rates = {(p.precision, p.accumulate): p.value for p in reversed(record.peaks) if not p.sparse}
        for peak in record.peaks:
            base = dense_rates.get((peak.precision, peak.accumulate))
            if peak.sparse and base and not 1.98 < peak.value / base < 2.02:
                off.add(record.id)
    assert off == set(ANOTHER_RATIO_OF_SPARSE_TO_DENSE)


def test_every_sparse_rate_has_its_dense_one() -> None:
    for record in every_chip():
        plain = {peak.precision for peak in record.peaks if not peak.sparse}
        assert {peak.precision for peak in record.peaks if peak.sparse} <= plain, record.id


def test_no_rate_of_matrix_units_stands_in_a_row_of_vector_units() -> None:
    """Vector units do 16 bits at most four times as fast as fp32; matrix units eight times and more."""
    for record in every_chip():
        vector = {p.precision: p.value for p in record.peaks if p.path == "vector"}
        for precision in {"fp16", "bf16"} & vector.keys():
            assert vector[precision] <= 4.1 * vector["fp32"], record.id
        assert not vector.keys() & {"tf32", "fp8", "fp4"}, record.id


def test_the_rate_of_vector_units_is_cores_times_two_times_clock() -> None:
    """Where cores and clocks are on record, some fp32 rate of the vector units follows from them."""
    checked = 0
    for record in every_chip():
        clocks = [record.shader_mhz] if record.shader_mhz else [record.base_mhz, record.boost_mhz]
        made = [2e6 * record.cores * clock for clock in clocks if record.cores and clock]
        rates = [peak.value for peak in record.peaks if peak.precision == "fp32" and peak.path == "vector"]
        if made and rates:
            checked += 1
            assert any(value == pytest.approx(product, rel=0.015) for value in rates for product in made), record.id
    assert checked > 100


def test_nothing_was_sold_before_it_was_announced() -> None:
    for record in every_chip():
        known = [day for day in (record.announced, record.available) if day]
        for price in record.prices:
            assert not known or price.date >= str(min(known))[: len(price.date)], (record.id, price)


def test_chips_become_available_after_they_are_announced() -> None:
    for record in every_chip():
        assert not (record.announced and record.available) or record.announced <= record.available, record.id


def test_rates_prices_and_power_are_of_a_possible_size() -> None:
    for record in every_chip():
        assert all(5e10 < peak.value < 3e16 for peak in record.peaks), record.id
        assert all(0.01 < price.usd < (100 if price.kind == "cloud" else 3e6) for price in record.prices), record.id
        assert record.tdp_watt is None or 20 < record.tdp_watt < 30e3, record.id


def test_everything_but_rates_has_a_source_too() -> None:
    for record in every_chip():
        assert record.sources, record.id
        assert all(facts.where for facts in record.sources), record.id


def test_what_nobody_opened_is_marked_as_unverified() -> None:
    for record in every_chip():
        rows: list[Peak | Facts | Price] = [*record.peaks, *record.sources, *record.prices]
        for row in rows:
            assert not (row.source in UNREAD and row.verified), (record.id, row)


def test_links_say_how_they_are_counted() -> None:
    for record in every_chip():
        assert record.scale_up_directions == "unstated" or record.scale_up_bytes_per_second, record.id


def test_chips_that_only_multiply_integers_have_trained_nothing() -> None:
    for record in every_chip():
        floating = {peak.precision for peak in record.peaks} - {"int8"}
        assert bool(record.default_precision) == bool(floating), record.id


def test_a_job_on_a_chip_that_cannot_train_has_no_peak() -> None:
    import comptometer
    from comptometer.errors import NotEnoughEvidence

    with pytest.raises(NotEnoughEvidence, match="hardware-time needs peak"):
        comptometer.estimate(chip="tpu-v1", chips=4, time="3 days")


# Names


def test_a_name_counts_with_the_vendors_before_it() -> None:
    assert [found.id for found in store.chips_named("NVIDIA Tesla K40s")] == ["nvidia/k40"]
    assert {found.family for found in store.chips_named("NVIDIA V100")} == {"V100"}


def test_a_name_may_be_shared_by_some_of_a_family() -> None:
    assert {found.form_factor for found in store.chips_named("A100 PCIe")} == {"PCIe"}
    assert {found.form_factor for found in store.chips_named("H100 80GB")} == {"SXM", "PCIe"}


def test_the_names_are_those_of_the_whole_records() -> None:
    for record in every_chip():
        for name in [record.name, *record.aliases, *record.shared_names, record.family]:
            assert record.id in {found.id for found in store.chips_named(name)}, (record.id, name)


def test_a_file_that_writes_its_names_in_another_way_is_read_whole(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "chips" / "acme"
    folder.mkdir(parents=True)
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "acme.toml").write_text('title = "Data sheet"\n')
    (folder / "x1.toml").write_text(
        'name = \'Acme "X1"\'\nvendor = "Acme"  # the maker\nfamily = "X1"\nkind = "accelerator"\n'
        'aliases = [\n  "X-one",\n]\ndefault_precision = ["bf16"]\n'
        '[[peaks]]\nprecision = "bf16"\nvalue = "500 TFLOP/s"\nsource = "acme"\n'
    )
    monkeypatch.setenv("COMPTOMETER_DATA", str(tmp_path))
    caches = (store.chip_ids, store.chip_record, store.chip_spellings, store.source_ids, store.source)
    for cached in caches:
        cached.cache_clear()
    try:
        assert store.chips_named("Acme X-one")[0].name == 'Acme "X1"'
    finally:
        monkeypatch.undo()
        for cached in caches:
            cached.cache_clear()


@pytest.mark.parametrize("name", ["Intel A100", "NVIDIA RTX A1000"])
def test_wrong_joins_of_the_tables_lead_to_no_chip(name: str) -> None:
    """A processor of 2007 and a small laptop card, which tables name in place of the A100."""
    with pytest.raises(NotFound):
        store.chips_named(name)
