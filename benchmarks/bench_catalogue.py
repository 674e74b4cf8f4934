"""The catalogue: all of it through every method in a fresh process, and one model, in process and as a command."""

from __future__ import annotations

import json
import subprocess

from _measure import PYTHON, process, table

WHOLE = """
import json, resource, time
start = time.perf_counter(); busy = time.process_time()
from comptometer.collection import Models
ready = time.perf_counter()
rows = Models().rows()
print(json.dumps({
    "import": ready - start, "rows": time.perf_counter() - ready, "processor": time.process_time() - busy,
    "models": len(rows), "estimates": sum(row["training_compute_flop"] is not None for row in rows),
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""
ONE = """
import json, sys, time
from comptometer.cli import _model_page
from comptometer.profile import profile
start = time.perf_counter()
_model_page.page(profile(sys.argv[1]))
print(json.dumps(time.perf_counter() - start))
"""


def fresh(program: str, *arguments: str, runs: int = 5):  # type: ignore[no-untyped-def]
    """What a program prints as JSON, in fresh processes: the run of median length."""
    command = [PYTHON, "-c", program, *arguments]
    found = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(runs)
    ]
    return sorted(found, key=lambda run: run["rows"] if isinstance(run, dict) else run)[runs // 2]


if __name__ == "__main__":
    whole = fresh(WHOLE)
    libraries = process(["-c", "import click, numpy"])
    table(
        f"{whole['models']} models, {whole['estimates']} of them with a result, all methods, reconciled; fresh process",
        ["what", "seconds", "over import click, numpy"],
        [
            ["importing", f"{whole['import']:.2f}", f"{whole['import'] / libraries:.1f}"],
            ["all models", f"{whole['rows']:.2f}", f"{whole['rows'] / libraries:.1f}"],
            ["together, of the processor", f"{whole['processor']:.2f}", f"{whole['processor'] / libraries:.1f}"],
        ],
    )
    print(f"  peak memory {whole['megabytes']:.0f} MB")
    rows = []
    for name in ("openai/gpt-3", "Qwen3-Max"):
        inside = fresh(ONE, name)
        command = process(["-m", "comptometer", "models", "show", name])
        rows.append([name, f"{1e3 * inside:.0f}", f"{1e3 * command:.0f}", f"{command / libraries:.2f}"])
    table(
        "One model shown",
        ["model", "ms in process, nothing read before", "ms whole command", "over import click, numpy"],
        rows,
    )
