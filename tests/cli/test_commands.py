"""The command line as a user meets it: what is printed where, exit statuses, careless input."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from comptometer.cli import comptometer

ENVIRONMENT = {**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "error"}


def run(*arguments: object, stdin: str | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "comptometer", *map(str, arguments)],
        capture_output=True,
        text=True,
        input=stdin,
        env=ENVIRONMENT,
        cwd=cwd,
        check=False,
    )


def commands(group: click.Group = comptometer, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            found.append((*path, name))
            if isinstance(command, click.Group):
                found += commands(command, (*path, name))
    return found


def command(path: tuple[str, ...]) -> click.Command:
    found: click.Command = comptometer
    for name in path:
        assert isinstance(found, click.Group)
        got = found.get_command(click.Context(found), name)
        assert got is not None
        found = got
    return found


def test_the_commands_are_pinned() -> None:
    assert [" ".join(path) for path in commands()] == [
        "calibrate", "chart", "check", "chips", "chips list", "chips show", "convert", "cost", "count",
        "data", "data diff", "data export", "data import", "data list", "data verify",
        "decompose", "dossier", "dossier check", "dossier new", "effective", "estimate",
        "explain", "forecasts", "ledger", "ledger import", "ledger runs", "ledger tag", "ledger total",
        "ledger verify", "models", "models compare", "models list", "models show", "project", "relation", "replicate",
        "report", "report make", "report sign", "report verify", "schema", "serve", "site",
        "thresholds", "thresholds check", "thresholds list", "thresholds plan", "thresholds show", "trend",
    ]  # fmt: skip


def test_the_flags_of_estimate_are_pinned() -> None:
    flags = {flag for parameter in command(("estimate",)).params for flag in parameter.opts if flag.startswith("--")}
    assert flags == {
        "--params", "--active-params", "--experts", "--tokens", "--examples", "--epochs", "--updates", "--batch-size",
        "--macs-per-example", "--flop-per-example", "--backward-factor", "--sequence-length", "--recompute",
        "--scale-up",
        "--reported", "--chip", "--chips", "--time", "--chip-hours", "--precision", "--peak", "--utilization", "--mfu",
        "--hfu", "--config", "--reported-as", "--name", "--domain", "--as-of", "--json",
    }  # fmt: skip


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_command_and_flag_is_documented(path: tuple[str, ...]) -> None:
    page = (Path(__file__).parents[2] / "docs/reference/commands.md").read_text(encoding="utf-8")
    assert f"comptometer {' '.join(path)}" in page
    for parameter in command(path).params:
        for flag in parameter.opts:
            if flag.startswith("--"):
                assert f"`{flag}" in page, flag
                assert getattr(parameter, "help", None), flag


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_command_has_an_example(path: tuple[str, ...]) -> None:
    found = command(path)
    assert found.help
    if not isinstance(found, click.Group):
        assert f"comptometer {' '.join(path)}" in found.help


# examples with files that the reader has, and those that write much or answer until interrupted
SOMEBODY_ELSES = re.compile(
    r" > |comptometer (chart|serve|site)|my-model|my_model|chart\.|config\.json|model\.onnx|stages\.toml|schema"
)


def examples() -> list[str]:
    lines = [line.strip() for path in commands() for line in (command(path).help or "").splitlines()]
    return [line for line in lines if line.startswith("comptometer ") and not SOMEBODY_ELSES.search(line)]


@pytest.mark.parametrize("line", examples())
def test_the_examples_of_the_help_run(line: str) -> None:
    import shlex

    done = run(*shlex.split(line)[1:])
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_version_names_code_and_data() -> None:
    assert re.fullmatch(r"comptometer \d+\.\d+\.\d+ \(data [\d.]+\)\n", run("--version").stdout)


def test_json_is_one_object_and_repeats_byte_for_byte() -> None:
    first, second = run("estimate", "alexnet", "--json"), run("estimate", "alexnet", "--json")
    assert first.stdout == second.stdout
    document = json.loads(first.stdout)
    assert document["schema"] == "comptometer/estimate/1"
    assert first.stderr == ""
    assert document["pfs_days"]["p50"] == pytest.approx(document["compute"]["p50"] / 8.64e19, rel=1e-9)


def test_a_dossier_can_come_from_standard_input() -> None:
    template = run("dossier", "new", "-").stdout
    done = run("estimate", "-", stdin=template)
    assert done.returncode == 0, done.stderr
    assert "6.3e24 FLOP" in done.stdout


def test_the_template_works_and_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    assert run("dossier", "new", path).returncode == 0
    before = path.read_bytes()
    again = run("dossier", "new", path)
    assert again.returncode == 2
    assert "is left as it is" in again.stderr
    assert path.read_bytes() == before
    assert run("dossier", "check", path).returncode == 0
    assert run("estimate", path, "--json").returncode == 0


def test_everything_that_the_template_comments_out_is_valid_too(tmp_path: Path) -> None:
    template = run("dossier", "new", "-").stdout
    lines = [
        re.sub(r"^# (?=\[|about|value|source|tag|from|name|kind|note|notable|chip|$)", "", line)
        for line in template.splitlines()
    ]
    text = "\n".join(line for line in lines if line != "#")
    path = tmp_path / "all.toml"
    path.write_text(text, encoding="utf-8")
    done = run("dossier", "check", path)
    assert done.returncode == 0, done.stderr
    assert "1 stages" in done.stdout


def test_flags_outrank_the_dossier() -> None:
    done = json.loads(run("estimate", "alexnet", "--utilization", "20%", "--json").stdout)
    claims = {row["id"]: row for row in done["claims"]}
    assert claims["university-of-toronto/alexnet:utilization@caller"]["value"] == "20%"
    assert done["methods"]["hardware-time"]["p50"] == pytest.approx(2 * 5.5 * 86400 * 1.58e12 * 0.2, rel=0.01)


CARELESS = [
    (("estimate",), 2, "nothing to estimate"),
    (("estimate", ""), 2, "empty"),
    (("estimate", "no-such-model-xyz"), 3, "no model"),
    (("estimate", "llama3 405"), 3, "Llama 3.1-405B"),
    (("estimate", "/no/such/file.toml"), 3, "no file"),
    (("estimate", "/"), 3, "no file"),
    (("count", "/no/such/config.json"), 3, "no file"),
    (("count", "/dev/null"), 1, "not JSON"),
    (("count", "x", "--attention", "some"), 2, "full, causal, half"),
    (("count", "x", "--batch", "0"), 2, "from 1"),
    (("count", "x", "--batch", "many"), 2, "valid integer"),
    (("estimate", "--config", "/no/such.json", "--tokens", "1T"), 3, "no file"),
    (("estimate", "x" * 5000), 3, "no model"),
    (("estimate", "a\nb"), 3, "no model"),
    (("estimate", "alexnet", "--tokns", "5"), 2, "--tokens"),
    (("estimate", "--params", "-5B", "--tokens", "nan"), 2, "--tokens: 'nan' is not a number"),
    (("estimate", "--params", "1e400", "--tokens", "1T"), 2, "too large"),
    (("estimate", "--params", "7B"), 4, "tokens"),
    (("estimate", "--params", "7B", "--tokens", "1T", "--domain", "lang"), 2, "language"),
    (("estimate", "--chip", "h9000", "--chips", "8", "--time", "5 days"), 3, "did you mean"),
    (("estimate", "--chip", "h100-sxm"), 2, "--chip-hours"),
    (("estimate", "--chip", "h100-sxm", "--chips", "8", "--time", "75 to 54 days"), 2, "upside down"),
    (("estimate", "--chip", "h100-sxm", "--chips", "8", "--time", "5"), 2, "needs a unit"),
    (("estimate", "--chip", "h100-sxm", "--chips", "8", "--time", "5 FLOP"), 2, "does not fit"),
    (("estimate", "--chip", "h100-sxm", "--chips", "8", "--time", "5 days", "--utilization", "72"), 2, "72%"),
    (("estimate", "--chip", "h100-sxm", "--chips", "0", "--time", "5 days"), 2, "above 0"),
    (("estimate", "--chip", "h100-sxm", "--chips", "0.5", "--time", "5 days"), 2, "at least 1"),
    (("estimate", "--chip", "h100-sxm", "--chip-hours", "1M", "--precision", "int3"), 2, "not one of"),
    (("estimate", "--chip", "v100-sxm", "--chip-hours", "1M", "--precision", "bf16"), 2, "no dense bf16 peak"),
    (("estimate", "--reported", "3e23 FLOPs"), 2, "ambiguous"),
    (("estimate", "--reported", "3兆"), 2, "万亿"),
    (("estimate", "alexnet", "--as-of", "yesterday"), 2, "is not a date; write 2024-06-30, 2024-06 or 2024"),
    (("estimate", "alexnet", "extra"), 2, "extra"),
    (("estimte", "alexnet"), 2, "Did you mean 'estimate'"),
    (("replicate", "nothing-2018"), 3, "openai-2018"),
    (("replicate",), 2, "STUDY"),
    (("replicate", "openai-2018", "--format", "csv", "--rows", "foo"), 2, "calculations"),
    (("explain", "alexnett"), 3, "AlexNet"),
    (("convert", "5", "FLOP", "day"), 2, "cannot be expressed"),
    (("convert", "5 day", "FLOP", "day"), 2, "unit of its own"),
    (("convert", "five", "FLOP", "MAC"), 2, "not a number"),
    (("chart", "no-such-chart", "x.svg"), 3, "no chart"),
    (("chart", "estimate:alexnett", "x.svg"), 3, "AlexNet"),
    (("chart", "openai-2018", "x.gif"), 2, ".svg"),
    (("chart", "openai-2018", "/no/such/folder/x.svg"), 2, "no folder"),
    (("dossier", "check", "/no/such.toml"), 3, "no file"),
    (("dossier", "new", "/no/such/folder/x.toml"), 2, "cannot be written"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    CARELESS,
    ids=lambda value: " ".join(value)[:60] if isinstance(value, tuple) else None,
)
def test_careless_input_gets_a_message_and_not_a_traceback(arguments: tuple[str, ...], status: int, said: str) -> None:
    done = run(*arguments)
    assert "Traceback" not in done.stderr + done.stdout
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"[" * 100_000, b"a = 1" * 1_000_000, b"", b"\x00" * 10])
def test_unreadable_files_get_a_message(tmp_path: Path, raw: bytes) -> None:
    for name in ("junk.toml", "config.json"):
        path = tmp_path / name
        path.write_bytes(raw)
        done = run("estimate", path)
        assert "Traceback" not in done.stderr
        assert done.returncode == 1
        assert str(path) in done.stderr


def test_a_file_that_may_not_be_read_gets_a_message(tmp_path: Path) -> None:
    path = tmp_path / "loop.toml"
    path.symlink_to(path)
    done = run("estimate", path)
    assert done.returncode == 1
    assert "cannot be read" in done.stderr


def test_all_problems_of_the_flags_are_said_at_once() -> None:
    done = run("estimate", "--params", "x", "--tokens", "-1", "--epochs", "1..0")
    assert len(done.stderr.splitlines()) == 3


def test_a_closed_pipe_is_quiet() -> None:
    done = subprocess.run(
        f"{sys.executable} -m comptometer replicate openai-2018 --json | head -c 10",
        shell=True, capture_output=True, text=True, check=False, env=ENVIRONMENT,
    )  # fmt: skip
    assert done.stderr == ""


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "jsonl", "md"])
def test_rows_come_in_every_format(form: str) -> None:
    done = run("replicate", "openai-2018", "--format", form)
    assert done.returncode == 0
    if form == "csv":
        assert len(done.stdout.splitlines()) == 16
    if form == "jsonl":
        assert len([json.loads(line) for line in done.stdout.splitlines()]) == 15


def test_the_estimates_of_a_model_can_be_drawn(tmp_path: Path) -> None:
    done = run("chart", "estimate:palm-540b", tmp_path / "palm.svg")
    assert done.returncode == 0, done.stderr
    assert "PaLM" in (tmp_path / "palm.svg").read_text(encoding="utf-8")


def test_what_is_piped_has_no_colour_and_is_not_cut() -> None:
    done = run("estimate", "palm-540b")
    assert "\x1b" not in done.stdout
    assert "(6144*1200 + 3072*336 chip-hour)" in done.stdout


def test_the_start_loads_nothing_heavy() -> None:
    code = (
        "import sys; from comptometer.cli import run; run(['--version']); "
        "print([m for m in ('numpy', 'pint', 'pydantic', 'rich', 'altair') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_completion_of_names_loads_nothing_heavy() -> None:
    code = "import sys; import comptometer.cli.estimate; print('numpy' in sys.modules or 'pint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 140])
def test_no_number_is_cut_on_a_narrow_terminal(columns: int) -> None:
    import fcntl
    import pty
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {key: value for key, value in ENVIRONMENT.items() if key != "COLUMNS"}
    command = [sys.executable, "-m", "comptometer", "replicate", "openai-2018"]
    with subprocess.Popen(command, stdout=follower, stderr=subprocess.PIPE, env=environment) as process:
        os.close(follower)
        seen = b""
        while chunk := _read(leader):
            seen += chunk
        process.wait()
    os.close(leader)
    text = seen.decode()
    for whole in ("0.00578754", "2.83333e-5", "1.049", "0.989", "matches"):
        assert whole in text.replace("\r\n", "\n")


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:  # the other end is closed
        return b""


def test_a_stage_of_one_half_of_a_model_is_counted_and_estimated(tmp_path: Path) -> None:
    blocks = {"down_block_types": ["DownEncoderBlock2D"] * 2, "up_block_types": ["UpDecoderBlock2D"] * 2}
    model = {"_class_name": "AutoencoderKL", "block_out_channels": [32, 64], "sample_size": 16, **blocks}
    (tmp_path / "model.json").write_text(json.dumps(model))
    stages = (
        '[[stages]]\nname = "half"\nkind = "pretrain"\nmodel = "model.json"\nexamples = "2M"\nmodules = ["encoder"]\n'
    )
    (tmp_path / "stages.toml").write_text(stages)
    whole = json.loads(run("count", tmp_path / "model.json", "--json").stdout)
    part = sum(row["forward"] + row["backward"] for row in whole["by_module"] if row["module"].startswith("encoder."))
    assert json.loads(run("count", tmp_path / "stages.toml", "--json").stdout)["model_flop"] == 2_000_000 * part
    estimated = json.loads(run("estimate", tmp_path / "stages.toml", "--json").stdout)
    assert estimated["compute"]["p50"] == pytest.approx(2_000_000 * part, rel=0.001)
    (tmp_path / "stages.toml").write_text(stages.replace('"encoder"', '"encodre"'))
    for command in ("count", "estimate"):
        done = run(command, tmp_path / "stages.toml")
        assert (done.returncode, done.stdout) == (2, "")
        assert "stage half: modules: 'encodre' fits no module; near it are encoder" in done.stderr
