"""The user's own data folder: what is broken there is named and passed over, and what is used shows in the version."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from claims import HEAD, claim
from comptometer import vintages
from comptometer.release import data_version

Table = Callable[..., str]
GOOD = HEAD + claim("compute", "1e20 FLOP", tag="model")
BROKEN = {
    "models/acme/broken.toml": 'name = "Bro',
    "models/acme/half.toml": HEAD + claim("tokens", "15 apples"),
    "models/openai/gpt-3.toml": "name = 3\n",
    "chips/acme/z1.toml": "nothing",
    "sources/acme.toml": "nothing",
    "snapshots/mine.toml": "nothing",
}


def run(own: Path, *arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "comptometer", *arguments],
        capture_output=True, input=stdin, check=False,
        env={**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "error", "COMPTOMETER_DATA": str(own)},
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def write(own: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text(text, encoding="utf-8")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder with a good dossier, and one broken file of each kind."""
    write(tmp_path, {**BROKEN, "models/acme/good.toml": GOOD.replace("Model", "Goodwill")})
    return tmp_path


# What is broken


def test_the_catalogue_goes_on_without_what_is_broken_and_names_it(broken: Path) -> None:
    status, out, said = run(broken, "models", "list", "--format", "csv")
    assert status == 0
    assert "Goodwill" in out
    assert "acme/broken" not in out
    assert len(out.splitlines()) > 2500
    for name in BROKEN:
        if not name.startswith("snapshots"):  # one that was not asked for is not looked at
            assert f"{broken / name}: is left out until it is mended" in said
    assert f"{broken}/models/acme/half.toml: claims[1].value: tokens: 'apples' is not a unit" in said
    assert "Traceback" not in said


def test_each_broken_file_is_named_once(broken: Path) -> None:
    said = run(broken, "check", "--severity", "error")[2]
    assert said.count("acme/broken.toml: is left out until it is mended") == 1


def test_the_shipped_record_stands_in_for_a_broken_one_of_its_name(broken: Path) -> None:
    status, out, said = run(broken, "models", "show", "gpt-3", "--json")
    assert (status, json.loads(out)["name"]) == (0, "GPT-3 175B")
    assert "openai/gpt-3.toml: name: needs a valid string" in said
    assert run(broken, "estimate", "openai/gpt-3")[0] == 0


@pytest.mark.parametrize("source", ["broken", "acme/broken", "models/acme/broken.toml"])
def test_who_asks_for_the_broken_one_is_told_what_is_wrong_with_it(broken: Path, source: str) -> None:
    asked = str(broken / source) if source.endswith(".toml") else source
    for command in ("check", "estimate"):
        status, out, said = run(broken, command, asked)
        assert (status, out) == (1, "")
        assert "broken.toml: is not TOML" in said.splitlines()[-1]


def test_a_dossier_whose_architecture_cannot_be_counted_is_broken_too(tmp_path: Path) -> None:
    dossier = HEAD + claim("architecture", "x.json") + claim("tokens", "1T")
    long = dossier.replace("x.json", "gpt-3").replace("Model", "Long") + claim("sequence_length", "5..10 token")
    write(tmp_path, {"models/acme/x.toml": dossier, "models/acme/x.json": "{", "models/acme/long.toml": long})
    status, out, said = run(tmp_path, "models", "list", "--organization", "openai", "--format", "csv")
    assert (status, "GPT-3" in out) == (0, True)
    assert "x.json: is not JSON" in said
    assert "must be one whole number, to count the architecture" in said


def test_a_broken_vintage_does_not_hide_the_others(broken: Path) -> None:
    status, out, said = run(broken, "data", "list")
    assert (status, out.count("epoch-20")) == (0, 3)
    assert "snapshots/mine.toml: is left out until it is mended" in said
    assert run(broken, "data", "verify", "mine")[0] == 1
    assert run(broken, "trend", "--data", "mine")[0] == 1


def test_the_other_chips_are_listed_without_a_broken_one(broken: Path) -> None:
    status, out, said = run(broken, "chips", "list", "--format", "csv")
    assert status == 0
    assert len(out.splitlines()) > 200
    assert "chips/acme/z1.toml: is left out until it is mended" in said


def test_an_own_chip_may_have_the_name_of_a_shipped_one(tmp_path: Path) -> None:
    chip = (
        'name = "H100 SXM"\nvendor = "Acme"\nfamily = "X1"\nkind = "accelerator"\naliases = ["H100 SXM5"]\n'
        'default_precision = ["bf16"]\n[[peaks]]\nprecision = "bf16"\nvalue = "500 TFLOP/s"\nsource = "acme"\n'
    )
    sources = {"sources/acme.toml": 'title = "Data sheet"\n'}
    write(tmp_path, {"chips/acme/x1.toml": chip, **sources})
    status, out, _ = run(tmp_path, "chips", "show", "h100 sxm5", "--json")
    assert (status, "acme/x1" in out) == (0, True)
    write(tmp_path, {"chips/acme/x2.toml": chip})
    assert run(tmp_path, "models", "list", "--find", "alexnet")[0] == 0


@pytest.mark.parametrize("place", ["lost.toml", "models/lost.toml", "models/acme/more/lost.toml"])
def test_a_dossier_in_the_wrong_place_is_said_to_be_there(tmp_path: Path, place: str) -> None:
    write(tmp_path, {place: GOOD.replace("Model", "Lostling")})
    status, out, said = run(tmp_path, "models", "list", "--find", "lostling", "--format", "csv")
    assert status == 0
    assert "Lostling" not in out
    assert f"{tmp_path / place}: is not read there; move it to models/<developer>/lost.toml" in said


def test_a_library_is_warned_in_the_way_of_python(tmp_path: Path) -> None:
    write(tmp_path, {"models/acme/broken.toml": "x"})
    code = "from comptometer import models; print(len(models) > 2000)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "COMPTOMETER_DATA": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout == "True\n"
    assert "DataWarning" in done.stderr


# What is imported


def test_an_imported_vintage_enters_only_what_it_is_named_for(models_table: Table, tmp_path: Path) -> None:
    raw = models_table(
        {"Model": "Zuse 99", "Publication date": "2026-03-01"},
        {"Model": "GPT-4o", "Publication date": "2024-05-13", "Training compute (FLOP)": "9e25"},
    )
    plain = [run(tmp_path, *each)[1] for each in (WHOLE, TREND, EXPORT)]
    assert run(tmp_path, "data", "import", "-", "--id", "mine", stdin=raw.encode())[0] == 0
    assert [run(tmp_path, *each)[1] for each in (WHOLE, TREND, EXPORT)] == plain
    assert "Zuse 99" not in plain[0]
    assert "Zuse 99" in run(tmp_path, *WHOLE, "--data", "mine")[1]
    assert run(tmp_path, "models", "show", "Zuse 99")[0] == 3
    assert run(tmp_path, "models", "show", "Zuse 99", "--data", "mine")[0] == 0


WHOLE = ("models", "list", "--format", "csv")
TREND = ("trend", "--sensitivity", "--draws", "100", "--json")
EXPORT = ("models", "show", "gpt-4o", "--json")


def test_a_named_vintage_of_ones_own_stands_on_the_shipped_ones(models_table: Table, tmp_path: Path) -> None:
    for name, model in (("mine", "Zuse 99"), ("other", "Zuse 98")):
        raw = models_table({"Model": model, "Publication date": "2026-03-01"})
        assert run(tmp_path, "data", "import", "-", "--id", name, stdin=raw.encode())[0] == 0
    out = run(tmp_path, *WHOLE, "--data", "mine")[1]
    assert "Zuse 99" in out
    assert "Zuse 98" not in out
    assert "epoch-2025-06" in out
    assert "epoch-2026-07" not in out  # newer than what was named


# The version


def version(own: Path, *arguments: str) -> str:
    return str(json.loads(run(own, *arguments, "--json")[1])["data_version"])


def test_the_version_of_the_data_says_that_own_records_were_used(tmp_path: Path) -> None:
    plain = version(tmp_path, "data", "list")
    assert plain == version(tmp_path, "estimate", "alexnet")
    assert "+" not in plain
    write(tmp_path, {"models/acme/good.toml": GOOD})
    first = version(tmp_path, "estimate", "alexnet")
    assert first.startswith(f"{plain}+own.")
    write(tmp_path, {"models/acme/good.toml": GOOD.replace("1e20", "2e20")})
    assert version(tmp_path, "estimate", "alexnet") not in {plain, first}


def test_the_version_names_a_vintage_of_ones_own_where_it_was_used(models_table: Table, tmp_path: Path) -> None:
    rows = (
        {
            "Model": f"Abacus {at}",
            "Organization": f"Acme {at % 4}",
            "Publication date": f"20{at}-03-01",
            "Training compute (FLOP)": f"{at % 3 + 1}e{at}",
        }
        for at in range(12, 26)
    )
    raw = models_table(*rows)
    assert run(tmp_path, "data", "import", "-", "--id", "mine", stdin=raw.encode())[0] == 0
    plain = version(tmp_path, "estimate", "alexnet")
    assert "+" not in plain
    for asked in (
        ("models", "show", "abacus 12", "--data", "mine"),
        ("check", "--data", "mine"),
        ("trend", "--data", "mine", "--select", "all", "--draws", "100"),
        ("data", "diff", "epoch-2024-05", "mine"),
        ("data", "verify", "mine"),
    ):
        assert version(tmp_path, *asked).startswith(f"{plain}+mine."), asked
    exported = tmp_path / "out.json"
    assert run(tmp_path, "data", "export", str(exported), "--data", "mine")[0] == 0
    assert json.loads(exported.read_text(encoding="utf-8"))["data_version"].startswith(f"{plain}+mine.")


def test_a_name_that_is_no_vintage_of_ones_own_adds_nothing() -> None:
    assert data_version(vintages.DEFAULT, "nonesuch", "../up") == data_version()


def test_nothing_shipped_is_passed_over(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert vintages.entering() == ("epoch-2024-05", "epoch-2025-06", "epoch-2026-07")
    assert "warning" not in run(tmp_path, "models", "list", "--find", "alexnet")[2]
