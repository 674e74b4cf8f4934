"""For scripts/real-sources: the exporter that Prometheus reads, and sums made in another way than the ledger's."""

from __future__ import annotations

import itertools
import json
import re
import socket
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

GPUS = 2
BLANK = 9223372036854775794  # what DCGM says where it has no reading


def verdict(right: bool, words: str) -> int:
    print(f"{'right' if right else 'WRONG'}  {words}")
    return not right


def ports(count: str) -> int:
    """Free ports of the loopback."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(count))]
    print(*(one.getsockname()[1] for one in held))
    return 0


def serve(port: str, served: str, job: str) -> int:
    """What dcgm-exporter would serve of two GPUs of one job; each answer is noted, after it was sent."""
    shares, clocks = itertools.cycle([0.25, 0.5, 0.75, 0.125]), itertools.cycle([1200, 1500, 1800])
    notes = Path(served).open("w", encoding="utf-8")  # noqa: SIM115

    class Exporter(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            share, clock = next(shares), next(clocks)
            lines, note = [], []
            for gpu in range(GPUS):
                labels = (
                    f'gpu="{gpu}",UUID="GPU-{gpu}",modelName="NVIDIA H100 80GB HBM3",Hostname="node1",'
                    f'hpc_job="{job}",cluster="real"'
                )
                reading = {"tensor_active": share / (gpu + 1), "sm_clock": clock + 15 * gpu}
                note.append(reading)
                lines += [
                    f"DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{{{labels}}} {reading['tensor_active']}",
                    f"DCGM_FI_DEV_SM_CLOCK{{{labels}}} {reading['sm_clock']}",
                    f"DCGM_FI_DEV_POWER_USAGE{{{labels}}} {BLANK}",
                ]
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write("\n".join([*lines, ""]).encode())
            print(json.dumps(note), file=notes, flush=True)

        def log_message(self, *arguments: Any) -> None:
            pass

    HTTPServer(("127.0.0.1", int(port)), Exporter).serve_forever()
    return 0


def readings(served: str) -> dict[str, list[float]]:
    notes = [json.loads(line) for line in Path(served).read_text(encoding="utf-8").splitlines()]
    return {name: [one[name] for note in notes for one in note] for name in ("tensor_active", "sm_clock")}


def text_rows(path: Path) -> Iterator[tuple[str, int]]:
    """State and GPU-seconds of each allocation; texts, which may hold the sign between columns, come last."""
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    for line in lines:
        row = dict(zip(header.split("|"), line.split("|"), strict=False))
        if "." not in row["JobID"]:
            typed = [int(count) for count in re.findall(r"gres/gpu:[^=,]+=(\d+)", row["AllocTRES"])]
            alone = [int(count) for count in re.findall(r"gres/gpu=(\d+)", row["AllocTRES"])]
            yield row["State"].split()[0], int(row["ElapsedRaw"]) * sum(typed or alone)


def plain(value: Any) -> Any:
    """Newer versions of Slurm list the states, and wrap numbers in {set, infinite, number}."""
    if isinstance(value, dict):
        return value["number"] if value["set"] else None
    return value[0] if isinstance(value, list) else value


def json_rows(path: Path) -> Iterator[tuple[str, str, int]]:
    """State, model of the comment, and GPU-seconds of each job."""
    for job in json.loads(path.read_text(encoding="utf-8"))["jobs"]:
        held = {one["name"]: plain(one["count"]) or 0 for one in job["tres"]["allocated"] if one["type"] == "gres"}
        typed = [count for name, count in held.items() if name.startswith("gpu:")]
        model = re.search(r"model=(\w+)", job["comment"]["job"] or "")
        state = plain(job["state"]["current"])
        yield state, model[1] if model else "", plain(job["time"]["elapsed"]) * sum(typed or [held.get("gpu", 0)])


def seconds(name: str, total: str, export: str) -> int:
    """GPU-seconds of a ledger against those of the export, by state, and by model where the export can be trusted."""
    told = json.loads(Path(total).read_text(encoding="utf-8"))
    path = Path(export)
    found: Counter[Any] = Counter()
    wanted: Counter[Any] = Counter()
    jobs: Counter[Any] = Counter()
    has_model = path.suffix == ".json"
    rows = list(json_rows(path)) if has_model else [(state, "", held) for state, held in text_rows(path)]
    for state, model, held in rows:
        wanted[state, model] += held
        jobs[state, model] += 1
    for row in told["rows"]:
        group = row["outcome"], (row["model"] or "") if has_model else ""
        found[group] += round(row["chip_hours"] * 3600)
        jobs[group] -= row["jobs"]
    whole = round(told["total"]["chip_hours"] * 3600), told["total"]["jobs"]
    right = found == wanted and not any(jobs.values()) and whole == (sum(wanted.values()), len(rows))
    words = f"{name}: {whole[0]} GPU-seconds of {sum(wanted.values())}, {whole[1]} attempts of {len(rows)}"
    if not right:
        words += f"\n  ledger {dict(found)}\n  export {dict(wanted)}"
        words += f"\n  attempts that the ledger lacks {dict(+jobs)}, has too many {dict(-jobs)}"
    return verdict(right, words)


def kinds(first: str, second: str) -> int:
    """Do the exports hold every kind of job that the checks are about?"""
    before, after = ([*json.loads(Path(path).read_text(encoding="utf-8"))["jobs"]] for path in (first, second))
    states = Counter(plain(job["state"]["current"]) for job in after)
    there = {
        "running, then ended": any(plain(job["state"]["current"]) == "RUNNING" for job in before),
        "pending array": any(plain(job["state"]["current"]) == "PENDING" and job["array"]["task"] for job in before),
        "array": sum(plain(job["array"]["task_id"]) is not None for job in after) >= 3,
        "heterogeneous": sum(bool(job["het"]["job_id"]) for job in after) == 2,
        "requeued": states["REQUEUED"] >= 1,
        "failed": states["FAILED"] == 1,
        "suspended": any(plain(job["time"]["suspended"]) for job in after),
        "never started": any(not plain(job["time"]["start"]) for job in after),
        "ended": not states["RUNNING"] + states["PENDING"],
    }
    lacking = [name for name, is_there in there.items() if not is_there]
    said = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    return verdict(not lacking, f"jobs of every kind: {said}" + (f"; lacking: {', '.join(lacking)}" if lacking else ""))


def counters(name: str, total: str, served: str) -> int:
    told = {row["metric"]: row for row in json.loads(Path(total).read_text(encoding="utf-8"))["telemetry"]}
    right, words = set(told) == set(readings(served)), []
    for metric, values in readings(served).items():
        row, mean = told.get(metric, {"samples": 0, "mean": 0, "least": 0, "most": 0}), sum(values) / len(values)
        right &= row["samples"] == len(values) and abs(row["mean"] - mean) < 1e-6
        right &= (row["least"], row["most"]) == (min(values), max(values))
        words.append(f"{metric} {row['samples']} readings of {len(values)}, mean {row['mean']:.6f} of {mean:.6f}")
    return verdict(right, f"{name}: {'; '.join(words)}")


def utilization(name: str, total: str, served: str) -> int:
    """OFU, from the FLOP that the ledger gives to the job: those over its chip-hours at OFU 1."""
    told, values = json.loads(Path(total).read_text(encoding="utf-8")), readings(served)
    tensor, clock = values["tensor_active"], values["sm_clock"]
    wanted = sum(tensor) / len(tensor) * (sum(clock) / len(clock)) / max(clock)
    rates = {rate["basis"]: rate["flop_per_chip_hour"]["p50"] for rate in told["rates"]}
    row = next(row for row in told["rows"] if row["stage"] == "rl")
    found = row["flop"]["p50"] / row["chip_hours"] / rates["ofu"] if "ofu" in rates else 0.0
    stated = row["chip_hours"] / told["total"]["chip_hours"]
    right = abs(found / wanted - 1) < 1e-3 and abs(told["total"]["utilization_evidence"] - stated) < 1e-9
    return verdict(right, f"{name}: OFU {found:.4f} of {wanted:.4f}, for {stated:.1%} of the chip-hours, no other")


def main(asked: Sequence[str]) -> int:
    return {one.__name__: one for one in (ports, serve, seconds, kinds, counters, utilization)}[asked[0]](*asked[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
