"""Reports are made, hold, and show what was done to them."""

from __future__ import annotations

import base64
import copy
import html
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from comptometer.cli.report import command
from comptometer.documents.report import ReportDocument, ReportVerifyDocument
from comptometer.errors import DataError, UsageError
from comptometer.report.formats import BEGIN, FORMATS, read_from
from comptometer.report.integrity import root, sealed
from comptometer.report.making import make
from comptometer.report.redaction import public
from comptometer.report.verifying import verify
from ledger_folder import Folder, export, job
from report_command import run

LAB = Path(__file__).parents[2] / "docs/howto/report-lab.toml"
DAY = date(2026, 11, 1)
Report = dict[str, Any]


@pytest.fixture(scope="module")
def lab() -> Report:
    return make(str(LAB), DAY)


def test_a_report_has_its_shape_and_holds(lab: Report) -> None:
    ReportDocument.model_validate(lab)
    found = verify(json.loads(json.dumps(lab)))
    assert found.problems == []
    assert len(found.checked) == 2


@pytest.mark.parametrize("source", ["AlexNet", "gpt-3", "llama-3.1-405b"])
def test_a_report_about_a_model_of_the_catalogue_holds(source: str) -> None:
    assert verify(make(source, DAY)).holds


def test_the_same_input_and_day_give_the_same_bytes(lab: Report) -> None:
    again = make(str(LAB), DAY)
    for form in FORMATS.values():
        assert form.write(again, "en") == form.write(lab, "en"), form.name


def test_another_day_is_another_report(lab: Report) -> None:
    assert make(str(LAB), date(2026, 11, 2))["integrity"]["sha256"] != lab["integrity"]["sha256"]


def set_at(report: Report, path: str, value: object) -> None:
    place: Any = report
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps:
        place = place[step]
    assert place[last] != value
    place[last] = value


def scaled(path: str, factor: float) -> Callable[[Report], None]:
    def change(report: Report) -> None:
        place: Any = report
        *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in steps:
            place = place[step]
        place[last] *= factor

    return change


def removed(key: str) -> Callable[[Report], None]:
    return lambda report: report[key].pop()


def dossier_changed(report: Report) -> None:
    text = base64.b64decode(report["input"]["toml"]).replace(b"15T token", b"14T token")
    report["input"]["toml"] = base64.b64encode(text).decode()


def claim_swapped(report: Report) -> None:
    row = next(row for row in report["evidence"] if row["about"] == "tokens")
    row["value"] = "1T token"


TAMPERINGS: dict[str, Callable[[Report], None]] = {
    "another total": scaled("compute.p50", 0.5),
    "a narrower interval": scaled("compute.p95", 0.9),
    "another rounded figure": lambda report: set_at(report, "compute.rounded", "1.0x10^23"),
    "another name": lambda report: set_at(report, "model.name", "Demo 7B"),
    "another developer": lambda report: set_at(report, "model.developer", "Somebody"),
    "an activity that does not count": lambda report: set_at(report, "parts.0.activity", "evaluation"),
    "a part that is smaller": scaled("parts.0.flop.p50", 0.1),
    "a part left out": removed("parts"),
    "another verdict": lambda report: set_at(report, "readings.0.verdict", "above"),
    "another probability": lambda report: set_at(report, "readings.0.probability_above.high", 0.0),
    "another reading of a part": lambda report: set_at(report, "readings.0.lines.0.reading", "exclude"),
    "another line": scaled("readings.0.value", 10.0),
    "a gap that is gone": lambda report: report["readings"][0]["gaps"].pop(),
    "a regulation left out": removed("readings"),
    "another formula": lambda report: set_at(report, "methods.parameters-tokens.formula", "1 × 1"),
    "another weight": lambda report: set_at(report, "agreement.weights.parameters-tokens", 0.5),
    "a claim with another value": claim_swapped,
    "a claim left out": removed("evidence"),
    "a claim called unverified": lambda report: set_at(report, "evidence.0.verified", False),
    "another notice": lambda report: set_at(report, "disclosures.eu_notification.flop_2sf", "1.0x10^22"),
    "another row of the form": lambda report: set_at(report, "disclosures.mdf.NCA.training_compute", "10^20 FLOP"),
    "another energy": scaled("energy.facility.p50", 0.1),
    "another dossier": dossier_changed,
    "another version of a regulation": lambda report: set_at(report, "tool.packs.eu-ai-act-51-2", "0" * 64),
    "another day": lambda report: set_at(report, "as_of", "2024-01-01"),
    "a draft called whole": lambda report: set_at(report, "problems", ["none"]),
    "another head of a ledger": lambda report: set_at(report, "integrity.ledger_head", "0" * 64),
    "another preparer": lambda report: set_at(report, "people.preparer", "Somebody"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
@pytest.mark.parametrize("resealed", [False, True])
def test_a_report_that_was_tampered_with_fails(lab: Report, name: str, resealed: bool) -> None:
    """Also where whoever did it knows how hashes are made: then the numbers give it away."""
    changed = copy.deepcopy(lab)
    TAMPERINGS[name](changed)
    if resealed:
        changed["integrity"]["evidence_root"] = root(changed["evidence"])
        changed = sealed(changed)
    assert not verify(changed).holds


def test_the_public_version_tells_no_secret_and_is_proved_by_the_whole_one(lab: Report) -> None:
    shown = public(lab)
    ReportDocument.model_validate(shown)
    said = json.dumps(shown)
    assert "4.9M" not in said
    assert "8f14e45f" not in said
    assert shown["methods"]["hardware-time"].keys() == {"withheld", "claims"}  # hours could be worked back from it
    assert shown["methods"]["parameters-tokens"] == lab["methods"]["parameters-tokens"]
    assert shown["agreement"]["ratio"] is None
    assert all(FORMATS[name].write(shown, "zh") for name in ("html", "md", "hf-card", "cyclonedx", "spdx"))
    assert [row["value"] for row in shown["evidence"] if row["about"] == "chip_hours"] == [None, None]
    assert [row["sha256"] for row in shown["evidence"]] == [row["sha256"] for row in lab["evidence"]]
    alone = verify(shown)
    assert alone.holds
    assert "--against" in alone.open[0]
    assert verify(shown, against=lab).checked[-1].startswith("numbers: the whole version holds")


@pytest.mark.parametrize(
    ("about", "secrets"),
    [
        ("parameters", ["70B", "7.0x10^10", "7e+10", "70000000000"]),
        ("tokens", ["15T", "0.3T", "4T", "0.8T", "6T", "5T token"]),
        ("chip_hours", ["4.9M", "0.1M", "2.1x10^5", "208"]),
        ("mfu", ["0.42", "42%", "0.40"]),
        ("precision", ["bf16"]),
    ],
)
def test_nothing_confidential_stands_anywhere_in_a_public_version(
    tmp_path: Path, about: str, secrets: list[str]
) -> None:
    source = tmp_path / "x.toml"
    text = LAB.read_text("utf-8").replace("Demo 70B", "Demo").replace('["chip_hours"]', f'["{about}"]')
    source.write_text(text, "utf-8")
    shown = public(make(str(source), DAY))
    written = [FORMATS[name].write(shown, "en").decode() for name in FORMATS if name != "pdf"]
    for secret in secrets:
        for form in written:
            at = re.search(rf"(?<![0-9a-f.]){re.escape(secret)}", form)
            assert not at, form[at.start() - 80 : at.end() + 80]


@pytest.mark.parametrize(
    "change", [scaled("compute.p50", 0.9), lambda report: set_at(report, "evidence.0.sha256", "0" * 64)]
)
def test_a_public_version_that_was_tampered_with_fails(lab: Report, change: Callable[[Report], None]) -> None:
    shown = copy.deepcopy(public(lab))
    change(shown)
    assert not verify(shown).holds
    shown["integrity"]["evidence_root"] = root(shown["evidence"])
    assert not verify(sealed(shown), against=lab).holds


def test_nothing_confidential_is_hashed_without_a_salt(lab: Report) -> None:
    bare = copy.deepcopy(lab)
    bare["integrity"]["salt"] = ""
    with pytest.raises(UsageError, match="salt"):
        public(bare)


@pytest.mark.parametrize("ending", ["html", "md", "json"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_file_holds_and_a_changed_word_on_it_does_not(tmp_path: Path, ending: str, language: str) -> None:
    out = tmp_path / f"r.{ending}"
    assert run("make", LAB, out, "--as-of", "2026-11-01", "--language", language)[0] == 0
    assert run("verify", out)[0] == 0
    text = out.read_text("utf-8")
    out.write_text(text.replace("Example Lab", "Another Lab", 1), "utf-8")
    status, said = run("verify", out)
    assert status == 1
    assert "fails" in said


def test_what_verify_prints_has_its_shape(tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    run("make", "AlexNet", out)
    ReportVerifyDocument.model_validate(json.loads(run("verify", out, "--json")[1]))


def test_a_national_authority_sees_the_order_of_magnitude_alone(lab: Report) -> None:
    assert lab["disclosures"]["mdf"]["NCA"]["training_compute"] == "10^24 FLOP"
    assert lab["disclosures"]["mdf"]["AIO"]["training_compute"].endswith("x10^24 FLOP")
    assert "training_compute" not in lab["disclosures"]["mdf"]["DP"]


CONTRADICTION = """
name = "X"
published = 2026-01-01
domain = ["language"]
[sources.a]
title = "a"
[[claims]]
about = "parameters"
value = "70e9 parameter"
source = "a"
[[claims]]
about = "tokens"
value = "15e12 token"
source = "a"
[[claims]]
about = "chip_hours"
value = "1000 chip-hour"
chip = "h100-sxm"
source = "a"
[[claims]]
about = "mfu"
value = "0.4"
source = "a"
"""


def test_contradictory_evidence_gives_no_report_but_a_draft(tmp_path: Path) -> None:
    source, out = tmp_path / "x.toml", tmp_path / "x.html"
    source.write_text(CONTRADICTION)
    with pytest.raises(DataError, match="contradict"):
        run("make", source, out)
    assert not out.exists()
    run("make", source, out, "--draft")
    page = out.read_text("utf-8")
    assert "DRAFT" in page
    assert run("verify", out)[0] == 0
    undone = read_from(out.read_bytes(), "x")
    undone["draft"] = False
    assert not verify(sealed(undone)).holds


def test_a_part_of_which_nothing_is_said_gives_no_report(tmp_path: Path) -> None:
    source = tmp_path / "x.toml"
    source.write_text(LAB.read_text("utf-8") + '\n[[activities]]\nname = "More"\nkind = "exploration"\n', "utf-8")
    with pytest.raises(DataError, match="nothing says how much it took"):
        make(str(source), DAY)


def test_a_base_of_which_nobody_knows_the_compute_is_named_on_the_page(tmp_path: Path) -> None:
    source, out = tmp_path / "x.toml", tmp_path / "x.html"
    source.write_text(LAB.read_text("utf-8") + '\n[[bases]]\nname = "Parent"\nrelation = "merged"\n', "utf-8")
    run("make", source, out)
    page = out.read_text("utf-8")
    assert "Nobody says how much it took, so it is in no sum: Parent." in page
    assert run("verify", out)[0] == 0


def test_a_model_of_later_than_the_day_is_refused() -> None:
    with pytest.raises(UsageError):
        make("llama-3.1-405b", date(2020, 1, 1))


@pytest.mark.parametrize("name", ["r.docx", "r"])
def test_an_ending_of_no_format_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="ends in"):
        run("make", "AlexNet", tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"[1]", b"not json", b"\xff\xfe", b"{" * 5000])
def test_a_file_that_is_no_report_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match="no compute report"):
        run("verify", path)


@pytest.mark.parametrize(
    ("path", "value"), [("as_of", "2024-99-99"), ("compute.p50", 2**70), ("evidence", []), ("input", {"kind": "other"})]
)
def test_nonsense_in_a_report_is_a_problem_and_no_accident(lab: Report, path: str, value: object) -> None:
    changed = copy.deepcopy(lab)
    set_at(changed, path, value)
    assert not verify(changed).holds


def test_what_is_no_number_is_no_report(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text('{"schema": "comptometer/report/1", "compute": NaN}')
    with pytest.raises(DataError, match="no compute report"):
        run("verify", path)


def test_an_object_of_another_schema_is_none(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text('{"schema": "comptometer/estimate/1"}')
    status, said = run("verify", path)
    assert status == 1
    assert "a report has 'comptometer/report/1'" in said


def test_a_report_of_a_ledger_rests_on_its_chain(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "ledger")
    folder.lines(export(*(job(number, AllocTRES="gres/gpu:h100-sxm=64", ElapsedRaw=360000) for number in range(1, 40))))
    source = tmp_path / "x.toml"
    source.write_text('ledger = "ledger"\nname = "X"\npublished = 2026-01-01\ndomain = ["language"]\n')
    report = json.loads(json.dumps(make(str(source), DAY)))
    assert verify(report).holds
    assert "--ledger" in verify(report).open[0]
    assert verify(report, ledger=folder.path).checked[-1].startswith("ledger: its chain holds")
    other = Folder(tmp_path / "other")
    other.lines(export(job(5)))
    assert not verify(report, ledger=other.path).holds


def test_an_activity_may_rest_on_attempts_of_its_own(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "ledger")
    attempts = ((10, "pretrain", "COMPLETED"), (4, "sft", "COMPLETED"), (1, "sft", "FAILED"))
    rows = (
        job(hours, Account=name, AllocTRES="gres/gpu:h100-sxm=64", ElapsedRaw=3600 * hours, State=state)
        for hours, name, state in attempts
    )
    folder.lines(export(*rows))
    source = tmp_path / "x.toml"
    source.write_text(
        'name = "X"\npublished = 2026-01-01\ndomain = ["language"]\n'
        '[ledger]\npath = "ledger"\nproject = "pretrain"\n'
        '[[activities]]\nname = "tuning"\nkind = "sft"\nledger = { path = "ledger", project = "sft" }\n'
    )
    report = json.loads(json.dumps(make(str(source), DAY)))
    training, tuning = (part["flop"]["p50"] for part in report["parts"])
    assert tuning / training == pytest.approx(5 / 10, rel=1e-6)  # the same unknown utilization, and failed runs too
    found = verify(report, ledger=folder.path)
    assert found.problems == []
    assert len(found.checked) == 3


def test_stages_may_rest_on_attempts_of_their_own(tmp_path: Path) -> None:
    """Two stages by the ledger, one by what is stated: their machines add up, and each has its share."""
    folder = Folder(tmp_path / "ledger")
    attempts = (
        (10, "pretrain", "h100-sxm"),
        (4, "sft", "h100-sxm"),
        (1, "sft", "a100-sxm-80gb"),
        (9, "other", "h100-sxm"),
    )
    rows = (job(n, Account=name, AllocTRES=f"gres/gpu:{chip}=64", ElapsedRaw=3600 * n) for n, name, chip in attempts)
    folder.lines(export(*rows))
    source = tmp_path / "x.toml"
    source.write_text(
        'name = "X"\npublished = 2026-01-01\ndomain = ["language"]\n[sources.log]\ntitle = "Log"\n'
        '[[claims]]\nabout = "precision"\nvalue = "bf16"\nsource = "log"\n'
        '[[stages]]\nname = "Main"\nkind = "pretrain"\nledger = { path = "ledger", project = "pretrain" }\n'
        '[[stages]]\nname = "Tuning"\nkind = "sft"\nledger = { path = "ledger", project = "sft" }\n'
        '[[stages]]\nname = "Preferences"\nkind = "preference"\n'
        '[[stages.claims]]\nabout = "chip_hours"\nvalue = "128 chip-hour"\nchip = "h100-sxm"\nsource = "log"\n'
    )
    report = json.loads(json.dumps(make(str(source), DAY)))
    assert [part["activity"] for part in report["parts"]] == ["pretrain", "sft", "preference"]
    main, _, preferences = (part["flop"]["p50"] for part in report["parts"])
    assert preferences / main == pytest.approx(2 / 10, rel=1e-6)  # the same unknown utilization
    hours = [row["value"] for row in report["evidence"] if row["about"] == "chip_hours"]
    assert sorted(hours) == ["128 chip-hour", "256 chip-hour", "64 chip-hour", "640 chip-hour"]
    method = report["methods"]["hardware-time"]
    assert method["formula"].count("chip-hour") == 4
    assert sum(part["flop"]["p50"] for part in report["parts"]) == pytest.approx(report["compute"]["p50"], rel=0.05)
    assert (
        "x10^1 NVIDIA H100 SXM5 80 GB days, 2.7x10^0 NVIDIA A100"
        in report["disclosures"]["mdf"]["AIO"]["training_time"]["hardware"]
    )
    found = verify(report, ledger=folder.path)
    assert found.problems == []
    assert len(found.checked) == 3


def test_a_ledger_of_the_whole_beside_one_of_a_stage_is_refused(tmp_path: Path) -> None:
    Folder(tmp_path / "ledger").lines(export(job(1)))
    source = tmp_path / "x.toml"
    source.write_text('ledger = "ledger"\nname = "X"\npublished = 2026-01-01\n'
                      '[[stages]]\nname = "t"\nledger = "ledger"\n')  # fmt: skip
    with pytest.raises(DataError, match="count twice"):
        make(str(source), DAY)


def test_what_of_a_part_is_in_no_sum_is_told(tmp_path: Path) -> None:
    rows = (job(1, AllocTRES="gres/gpu:h100-sxm=8"), job(2, AllocTRES="gres/gpu:nothing-known=8"))
    Folder(tmp_path / "ledger").lines(export(*rows))
    source = tmp_path / "x.toml"
    source.write_text('name = "X"\npublished = 2026-01-01\n[[stages]]\nname = "t"\nledger = "ledger"\n')
    assert any(
        "ledger: t: " in warning and "nothing-known" in warning for warning in make(str(source), DAY)["warnings"]
    )


def test_two_ledgers_in_one_dossier_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        Folder(tmp_path / name).lines(export(job(1)))
    source = tmp_path / "x.toml"
    source.write_text('ledger = "a"\nname = "X"\npublished = 2026-01-01\n'
                      '[[activities]]\nname = "t"\nkind = "sft"\nledger = "b"\n')  # fmt: skip
    with pytest.raises(DataError, match="rests on one"):
        make(str(source), DAY)


def test_names_that_would_break_a_page_do_not(tmp_path: Path) -> None:
    source, out = tmp_path / "x.toml", tmp_path / "x.html"
    name = "--> <script>alert(1)</script> | & comptometer-report-->"
    source.write_text(f'name = "{name}"\npublished = 2026-01-01\n[sources.a]\ntitle = "{name}"\n'
                      '[[claims]]\nabout = "compute"\nvalue = "1e24 FLOP"\nsource = "a"\n')  # fmt: skip
    run("make", source, out)
    page = out.read_text("utf-8")
    assert "<script>alert" not in page
    assert run("verify", out)[0] == 0


def test_formats_for_other_tools_say_the_same_figure(lab: Report) -> None:
    flop = lab["compute"]["p50"]
    bom = json.loads(FORMATS["cyclonedx"].write(lab, "en"))
    properties = {row["name"]: row["value"] for row in bom["components"][0]["properties"]}
    assert float(properties["comptometer:training_compute_flop"]) == flop
    graph = json.loads(FORMATS["spdx"].write(lab, "en"))["@graph"]
    package = next(row for row in graph if row["type"] == "ai_AIPackage")
    assert float(package["ai_hyperparameter"][0]["value"]) == flop
    document = next(row for row in graph if row["type"] == "SpdxDocument")
    assert "ai" not in document["profileConformance"]  # which asks for a version and licences that nobody states
    energy = package["ai_energyConsumption"]["ai_trainingEnergyConsumption"][0]["ai_energyQuantity"]
    assert float(energy) == pytest.approx(lab["energy"]["facility"]["p50"] * 1000)


def test_the_head_of_a_model_card_is_what_the_hub_reads(tmp_path: Path) -> None:
    source = tmp_path / "x.toml"
    source.write_text(
        LAB.read_text("utf-8") + '\n[[bases]]\nname = "Parent"\nmodel = "llama-2-70b"\nrelation = "initialised"\n',
        "utf-8",
    )
    report = make(str(source), DAY)
    card = yaml.safe_load(FORMATS["hf-card"].write(report, "en").decode().strip("-\n"))
    assert card["model_name"] == "Demo 70B"
    assert card["base_model"] == [report["model"]["bases"][0]["name"]]
    emissions = card["co2_eq_emissions"]
    assert emissions["emissions"] == pytest.approx(report["energy"]["co2"]["p50"] * 1e6, rel=1e-5)
    assert (emissions["training_type"], emissions["hardware_used"]) == ("pre-training", "nvidia/h100-sxm")
    assert card["training_compute"]["flop"] == pytest.approx(report["compute"]["p50"], rel=1e-5)
    assert card["training_compute"]["energy_mwh_facility"] == pytest.approx(
        report["energy"]["facility"]["p50"], rel=1e-5
    )
    assert "base_model" not in yaml.safe_load(
        FORMATS["hf-card"].write(make("AlexNet", DAY), "en").decode().strip("-\n")
    )


def test_a_report_goes_to_standard_output(lab: Report, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    command.main(["make", str(LAB), "-", "--format", "json", "--as-of", "2026-11-01"], standalone_mode=False)
    assert json.loads(capfdbinary.readouterr().out) == json.loads(json.dumps(lab))


VISIBLE = re.compile(r"<style.*?</style>|<!--.*?-->|<svg.*?</svg>", re.DOTALL)


@pytest.mark.parametrize("source", [str(LAB), "AlexNet", "llama-3.1-405b", "gpt-4", "grok-4"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_text_has_the_six_parts_and_says_what_the_page_says(source: str, language: str) -> None:
    report = make(source, DAY, draft=True)
    text = FORMATS["md"].write(report, language).decode().partition(BEGIN)[0]
    page = VISIBLE.sub("", FORMATS["html"].write(report, language).decode())
    assert re.findall(r"^## (\d)\. ", text, re.MULTILINE) == list("123456")
    width = 0
    cells: list[str] = []
    for line in text.splitlines():
        row = re.split(r"(?<!\\)\|", line)[1:-1] if line.startswith("|") else []
        assert not (width and row) or len(row) == width, line
        width = len(row)
        cells += row
    said = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
    for cell in cells:
        for piece in re.sub(r"\\(.)", r"\1", cell).split("; ")[0].split(" ("):
            assert piece.strip(" )-") in said, cell


def test_a_chinese_report_has_no_names_of_the_program(lab: Report) -> None:
    text = FORMATS["md"].write(lab, "zh").decode().partition(BEGIN)[0]
    for name in (
        "hardware-time",
        "parameters-tokens",
        "consistent",
        "chip_hours",
        "backward_factor",
        "assumed",
        "primary",
    ):
        assert name not in text, name


def test_signs_of_a_text_are_no_markup(tmp_path: Path) -> None:
    source = tmp_path / "x.toml"
    source.write_text(LAB.read_text("utf-8").replace('"Example Lab"', '"A | B *C* `D` [E](f)"'), "utf-8")
    text = FORMATS["md"].write(make(str(source), DAY), "en").decode()
    assert r"- Developer: A \| B \*C\* \`D\` \[E\](f)" in text


def test_the_form_has_two_figures_and_the_hours_of_all_stages(lab: Report) -> None:
    form = lab["disclosures"]["mdf"]["AIO"]
    assert form["training_time"]["hardware"] == "2.1x10^5 NVIDIA H100 SXM5 80 GB days"  # 5.0M chip-hours / 24
    assert form["parameters"] == "7.0x10^10"
    assert form["training_energy"] == "6.0x10^3 MWh"
    assert form["inference_compute"] == "1.4x10^16 FLOP"  # 2 × 70e9 × 1e5
    gpt = make("gpt-4", DAY)["disclosures"]["mdf"]["AIO"]
    assert gpt["inference_compute"] == gpt["parameters"] == "not available"


def test_terms_are_named_where_a_line_is_met_and_not_where_it_is_not(lab: Report) -> None:
    term = "notification, once the line is met or known to be going to be met: 14 days (Article 52(1))"
    assert term in FORMATS["html"].write(make("llama-3.1-405b", DAY), "en").decode()
    assert "14 天" in FORMATS["html"].write(make("llama-3.1-405b", DAY), "zh").decode()
    assert term not in FORMATS["html"].write(lab, "en").decode().partition(BEGIN)[0]


def test_a_pdf_carries_the_report(lab: Report, tmp_path: Path) -> None:
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError) as error:  # OSError: the system has no Pango
        pytest.skip(f"weasyprint cannot be used: {error}")
    made = FORMATS["pdf"].write(lab, "zh")
    assert made == FORMATS["pdf"].write(lab, "zh")
    assert len(made) > 20_000
    assert read_from(made, "x") == json.loads(json.dumps(lab))
    path = tmp_path / "r.pdf"
    path.write_bytes(made)
    assert run("verify", path)[0] == 0
    with pytest.raises(DataError, match="no compute report"):
        read_from(b"%PDF-1.7 and nothing more", "x")
