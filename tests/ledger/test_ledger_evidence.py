"""A dossier that names a ledger: its totals are claims, reconciled with all others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import comptometer
from comptometer.catalogue import Entry
from comptometer.cli.dossier import command as dossier_command
from comptometer.errors import ComptometerError, DataError, NotFound, UsageError
from ledger_folder import Folder, export, job

SXM, A100, FAMILY = "gres/gpu:h100-sxm=2", "gres/gpu:a100-sxm-80gb=8", "gres/gpu:h100=2"
HEAD = 'name = "Demo 7B"\npublished = 2026-06-01\ndomain = ["language"]\n'
CARD = '[sources.card]\ntitle = "card"\n'


def claim(about: str, value: str) -> str:
    return f'[[claims]]\nabout = "{about}"\nvalue = "{value}"\nsource = "card"\n'


def estimated(folder: Folder, ledger: str = 'ledger = "ledger"\n', *claims: str, **given: Any) -> Entry:
    """The estimate of a dossier beside the ledger."""
    file = folder.path.parent / "dossier.toml"
    top, _, table = ledger.partition("[ledger]")
    body = "[ledger]" + table if table else ""
    file.write_text(HEAD + top + body + CARD + "".join(claims), encoding="utf-8")
    return comptometer.estimate(file, **given)


def ends(quantity: Mapping[str, Any] | None) -> list[float]:
    assert quantity
    return [quantity[end] for end in ("p5", "p50", "p95")]


def test_hardware_time_is_that_of_the_ledger(folder: Folder) -> None:
    folder.lines(export(job(1, AllocTRES=SXM, ElapsedRaw=36000), job(2, AllocTRES=A100, ElapsedRaw=7200)))
    found = estimated(folder).methods["hardware-time"].estimate
    direct = comptometer.estimate(chip=["h100-sxm", "a100-sxm-80gb"], chip_hours=[20, 16])
    assert found.median == pytest.approx(direct.methods["hardware-time"].estimate.median, rel=0.05)
    hours = {c.chip: c.value for c in estimated(folder).claims if c.about == "chip_hours"}
    assert hours == {"nvidia/h100-sxm": "20 chip-hour", "nvidia/a100-sxm-80gb": "16 chip-hour"}


def test_the_source_is_the_head_of_the_chain(folder: Folder) -> None:
    folder.lines(export(job(1, AllocTRES=SXM, ElapsedRaw=36000)))
    head = json.loads(folder.run("verify", "--json").stdout)["head"]
    found = estimated(folder)
    told = next(found.source(c) for c in found.claims if c.about == "chip_hours")
    assert head in told.title
    assert told.grade == "primary"


def test_counted_and_measured_are_reconciled(folder: Folder) -> None:
    folder.lines(export(job(1, AllocTRES=SXM, ElapsedRaw=36_000_000)))
    near = estimated(folder, 'ledger = "ledger"\n', claim("parameters", "1B parameter"), claim("tokens", "3.6T token"))
    assert (near.compute.verdict, set(near.methods)) == ("consistent", {"hardware-time", "parameters-tokens"})
    assert near.independent
    far = estimated(folder, 'ledger = "ledger"\n', claim("parameters", "1B parameter"), claim("tokens", "0.02T token"))
    assert far.compute.verdict != "consistent"
    assert far.ratio is not None
    assert far.ratio > 50


def test_conditions_choose_attempts(folder: Folder) -> None:
    rows = [
        job(1, AllocTRES=SXM, ElapsedRaw=3600, Comment="model=a;stage=sft"),
        job(2, AllocTRES=SXM, ElapsedRaw=7200, Comment="model=b"),
        job(3, AllocTRES=SXM, ElapsedRaw=14400, Comment="model=b", State="FAILED"),
    ]
    folder.lines(export(*rows))

    def hours(where: str) -> list[str]:
        ledger = f'[ledger]\npath = "ledger"\n{where}\n'
        return [c.value for c in estimated(folder, ledger).claims if c.about == "chip_hours"]

    assert hours('model = "a"') == ["2 chip-hour"]
    assert hours('model = "b"') == ["12 chip-hour"]
    assert hours('model = "b"\noutcome = "COMPLETED"') == ["4 chip-hour"]


def test_rules_give_the_models(folder: Folder) -> None:
    folder.lines(export(job(1, AllocTRES=SXM, ElapsedRaw=3600), job(2, AllocTRES=SXM, JobName="other")))
    rules = folder.path.parent / "mine.toml"
    rules.write_text('[[rules]]\nname = "train"\nmodel = "demo"\n', encoding="utf-8")
    found = estimated(folder, '[ledger]\npath = "ledger"\nmodel = "demo"\nrules = "mine.toml"\n')
    assert [c.value for c in found.claims if c.about == "chip_hours"] == ["2 chip-hour"]
    assert "rules sha256" in next(found.source(c) for c in found.claims if c.about == "chip_hours").title


@pytest.mark.parametrize(
    ("ledger", "words"),
    [
        ('ledger = "ledger"\n', "holds attempts of a, b: say which are meant"),
        ('[ledger]\npath = "ledger"\nmodel = "c"\n', "holds nothing with model 'c'; it has a, b"),
        ('[ledger]\npath = "ledger"\nmodel = "a"\nstage = "sft"\n', "holds nothing with stage 'sft'"),
        ('[ledger]\npath = "ledger"\nmodle = "a"\n', "ledger.modle: unknown key; did you mean 'model'?"),
        ('[ledger]\npath = "ledger"\nmodel = "a"\nrules = "x"\n', "ledger.rules: no file"),
        ('ledger = "nowhere"\n', "ledger: no folder"),
        ("ledger = 5\n", "ledger: needs"),
        ('ledger = ""\n', "ledger.path: needs"),
    ],
)
def test_what_is_wrong_is_said(folder: Folder, ledger: str, words: str) -> None:
    folder.lines(export(job(1, AllocTRES=SXM, Comment="model=a"), job(2, AllocTRES=SXM, Comment="model=b")))
    with pytest.raises(DataError) as caught:
        estimated(folder, ledger)
    assert words in str(caught.value)


def test_a_folder_that_is_no_ledger_is_not_found(folder: Folder) -> None:
    folder.path.mkdir()
    with pytest.raises(NotFound, match="comptometer ledger import"):
        estimated(folder)


def test_a_ledger_that_was_changed_is_no_evidence(folder: Folder) -> None:
    folder.lines(export(job(1, AllocTRES=SXM)))
    file = next(folder.path.rglob("*.parquet"))
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(DataError, match="was changed after it was written"):
        estimated(folder)


def test_standard_input_has_no_folder_to_start_from() -> None:
    done = CliRunner().invoke(dossier_command, ["check", "-"], input=HEAD + 'ledger = "ledger"\n')
    assert "only a dossier in a file" in str(done.exception) + done.output


def test_chips_on_no_record_are_told_of(folder: Folder) -> None:
    odd = "gres/gpu:h1000=2"
    folder.lines(export(job(1, AllocTRES=SXM, ElapsedRaw=3600), job(2, AllocTRES=odd, ElapsedRaw=36000)))
    found = estimated(folder)
    assert any("20 chip-hours of h1000 are in no FLOP" in warning for warning in found.warnings)
    assert [c.value for c in found.claims if c.about == "chip_hours"] == ["2 chip-hour"]


def test_a_family_keeps_its_peaks_open(folder: Folder) -> None:
    folder.lines(export(job(1, AllocTRES=FAMILY, ElapsedRaw=3600)))
    assert any("is a family whose peaks differ" in warning for warning in estimated(folder).warnings)


def table(folder: Folder, rows: Sequence[str], columns: str) -> None:
    file, mapping = folder.path.parent / "runs.csv", folder.path.parent / "map.toml"
    file.write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")
    named = "\n".join(f'{name} = "{name}"' for name in columns.split(",") if name != "hours")
    mapping.write_text(
        f'[columns]\n{named}\nduration = {{ column = "hours", unit = "h" }}\n[constants]\nchip = "h100-sxm"\n'
        'model = "m"\noutcome = "COMPLETED"\n',
        encoding="utf-8",
    )
    folder.add("table", file, "--map", mapping)


def test_counted_flop_of_all_hours_is_a_method_of_its_own(folder: Folder) -> None:
    table(folder, ["a,10,8,2e20", "b,5,8,1e20"], "job,hours,chips,flop")
    found = estimated(folder)
    assert set(found.methods) == {"hardware-time", "recorded"}
    assert found.methods["recorded"].estimate.median == pytest.approx(3e20)
    assert found.counted == "recorded"
    assert found.independent


def test_flop_counted_in_some_hours_are_not_those_of_the_whole(folder: Folder) -> None:
    table(folder, ["a,10,8,2e20", "b,5,8,"], "job,hours,chips,flop")
    found = estimated(folder)
    assert set(found.methods) == {"hardware-time"}
    assert any("2e20 FLOP were counted in 67% of the chip-hours" in warning for warning in found.warnings)


def test_mfu_of_what_was_counted_confirms_nothing(folder: Folder) -> None:
    table(folder, ["a,10,8,1e20,0.35"], "job,hours,chips,flop,mfu")
    found = estimated(folder)
    assert set(found.methods) == {"hardware-time", "recorded"}
    assert not found.independent


def test_stated_utilization_is_averaged_over_hours(folder: Folder) -> None:
    table(folder, ["a,10,8,0.2", "b,30,8,0.4"], "job,hours,chips,mfu")
    assert [c.value for c in estimated(folder).claims if c.about == "mfu"] == ["0.35"]


def test_the_caller_overrules_the_ledger(folder: Folder) -> None:
    folder.lines(export(job(1, AllocTRES=SXM, ElapsedRaw=3600)))
    found = estimated(folder, chip="h100-sxm", chip_hours=100)
    assert found.methods["hardware-time"].formula.startswith("100 chip-h ")
    found = estimated(folder, utilization=0.4)
    assert "0.4" in found.methods["hardware-time"].formula


def test_a_recorded_run_counts(tmp_path: Path, folder: Folder) -> None:
    with comptometer.Recorder(tmp_path / "run", device="h100-sxm", summary=False) as recorder:
        for _ in range(3):
            with recorder.step(flop=4_000_000_007, tokens=7):
                pass
    folder.add("recorder", tmp_path / "run")
    found = estimated(folder)
    assert found.methods["recorded"].formula == "12000000021 FLOP"


def test_a_stage_list_of_data_stands_beside_segments_of_machines(folder: Folder) -> None:
    folder.lines(export(job(1, AllocTRES=SXM, ElapsedRaw=36_000_000)))
    stage = '[[stages]]\nname = "{0}"\n[[stages.claims]]\nabout = "tokens"\nvalue = "1.8T token"\nsource = "card"\n'
    found = estimated(
        folder, 'ledger = "ledger"\n', claim("parameters", "1B parameter"), stage.format("one"), stage.format("two")
    )
    assert set(found.methods) == {"hardware-time", "parameters-tokens"}
    assert found.methods["parameters-tokens"].estimate.median == pytest.approx(6 * 1e9 * 3.6e12, rel=1e-3)


def test_costs_are_those_of_the_machines(folder: Folder) -> None:
    folder.lines(export(job(1, AllocTRES=SXM, ElapsedRaw=36000), job(2, AllocTRES=A100, ElapsedRaw=7200)))
    estimated(folder)
    cost = comptometer.cost(folder.path.parent / "dossier.toml").to_dict()
    assert "nvidia/h100-sxm" in json.dumps(cost)
    assert "nvidia/a100-sxm-80gb" in json.dumps(cost)


def test_without_the_extra_it_is_named(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    folder.lines(export(job(1, AllocTRES=SXM)))
    monkeypatch.setitem(sys.modules, "ibis", None)
    with pytest.raises(ComptometerError, match=r"pip install 'comptometer\[ledger\]'") as caught:
        estimated(folder)
    assert not isinstance(caught.value, UsageError)
