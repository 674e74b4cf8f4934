"""The counters beside others: what is exact, what is left out or added, and what it costs in time and memory."""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from _measure import PYTHON, calls, table
from _timing import COUNTERS

HERE = Path(__file__).parent
OURS = "comptometer"
PACKAGES = {  # beside the adapters of _peers.py, which import PyTorch: this process stays small
    "FlopCounterMode": "torch", "FlopCounterMode, meta": "torch", "fvcore": "fvcore", "ptflops": "ptflops",
    "ptflops, aten": "ptflops", "ultralytics-thop": "thop", "torchinfo": "torchinfo", "torchprofile": "torchprofile",
    "calflops": "calflops", "DeepSpeed": "deepspeed", "Trainer, 6ND": "transformers",
}  # fmt: skip
CLOSED_FORMS: Mapping[str, dict[str, Any]] = {
    "gpt2": {"n_embd": 768, "n_head": 12, "n_layer": 12, "vocab_size": 50257},
    "llama": {
        "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "vocab_size": 128256,
    },
    "mixtral": {
        "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "vocab_size": 32000, "num_local_experts": 8, "num_experts_per_tok": 2,
    },
    "gemma2": {
        "hidden_size": 3584, "intermediate_size": 14336, "num_hidden_layers": 42, "num_attention_heads": 16,
        "num_key_value_heads": 8, "head_dim": 256, "vocab_size": 256000, "sliding_window": 4096,
    },
    "UNet2DConditionModel": {  # Stable Diffusion 1.5, the slowest of all
        "sample_size": 64, "in_channels": 4, "out_channels": 4, "layers_per_block": 2, "cross_attention_dim": 768,
        "attention_head_dim": 8, "block_out_channels": [320, 640, 1280, 1280],
        "down_block_types": [*3 * ["CrossAttnDownBlock2D"], "DownBlock2D"],
        "up_block_types": ["UpBlock2D", *3 * ["CrossAttnUpBlock2D"]],
    },
}  # fmt: skip
GPT2 = (
    "comptometer, configuration", "comptometer, meta", "comptometer, model with weights", "no counter, CPU",
    "FlopCounterMode, CPU", "FlopCounterMode, meta",
)  # fmt: skip
WITHIN = 0.02
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "DS_BUILD_OPS": "0", "TRANSFORMERS_VERBOSITY": "error"}


def worker(*arguments: str) -> Any:
    """The JSON that a script of this folder prints last, or the last line of what it complained about."""
    done = subprocess.run([PYTHON, *arguments], cwd=HERE, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return (done.stderr.strip().splitlines() or ["ended without a word"])[-1]


def installed() -> list[str]:
    return [name for name, package in PACKAGES.items() if importlib.util.find_spec(package)]


def tally(pairs: Sequence[tuple[int, Any]]) -> list[str]:
    """Exact, within 2%, gave a number, asked."""
    asked = [(right, found) for right, found in pairs if found is not None]
    if not asked:
        return ["–"] * 4
    numbers = [(right, found) for right, found in asked if isinstance(found, int)]
    near = sum(abs(found - right) <= WITHIN * right for right, found in numbers)
    return [str(n) for n in (sum(a == b for a, b in numbers), near, len(numbers), len(asked))]


def error(right: int, found: Any) -> str:
    if found is None:
        return "–"
    if not isinstance(found, int):
        return str(found).removesuffix("Error")
    return "0" if found == right else f"{100 * (found / right - 1):+.3g}"


def conformance(results: Mapping[str, Any]) -> None:
    counts = ["exact", "in 2%", "ran", "of"]
    table(
        "Probes of single operations; forward-only counters are not asked for gradients",
        ["counter", "version", *counts],
        [[name, r["version"], *tally(list(r["probes"].values()))] for name, r in results.items()],
    )
    for part, title in (("forward", "forward"), ("training", "forward and backward")):
        table(
            f"Whole models, {title}",
            ["counter", *counts],
            [[name, *tally([model[part] for model in r["models"].values()])] for name, r in results.items()],
        )
        able = {n: r for n, r in results.items() if any(m[part][1] is not None for m in r["models"].values())}
        table(
            f"Error in %, {title}; 0 is exact",
            ["model", *able],
            [[name, *(error(*r["models"][name][part]) for r in able.values())] for name in results[OURS]["models"]],
        )


def each_probe(results: Mapping[str, Any]) -> None:
    names = list(results)
    table(
        "Probes, counter by counter (+ exact)",
        ["probe", "exact", *names],
        [
            [probe, right, *("+" if found == at else "–" if found is None else found for at, found in row)]
            for probe, (right, _) in results[OURS]["probes"].items()
            for row in [[results[name]["probes"][probe] for name in names]]
        ],
    )


def speed(model: str, counters: Sequence[str]) -> None:
    rows = []
    for name in counters:
        found = worker("_timing.py", name, model)
        if isinstance(found, str):
            rows.append([name, COUNTERS[name][0], found.split(":")[0], "", ""])
            continue
        later = f"{found['later']:.3g}" if found["later"] is not None else "–"
        rows.append([name, COUNTERS[name][0], f"{found['first']:.3g}", later, f"{found['megabytes']:.0f}"])
    table(
        f"{model}, a process each, seconds of one processor",
        ["counter", "counts", "first call, s", "later, s", "peak MB"],
        rows,
    )


def in_process() -> None:
    import comptometer

    rows = []
    for family, fields in CLOSED_FORMS.items():
        config = {"model_type": family, **fields}
        length = None if "sample_size" in fields else 4096
        seconds = calls(partial(comptometer.count, config, sequence_length=length), 200)
        rows.append([family, f"{1e6 * seconds:.0f}"])
    table("Count of a configuration in process, median of 200 (first call left out)", ["family", "µs"], rows)


def whole_command() -> None:
    """With bytecode compiled beforehand: a machine that writes none would compile at every start."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        path.write_text(json.dumps({"model_type": "llama", **CLOSED_FORMS["llama"]}))
        command = ["-m", "comptometer", "count", str(path), "--json"]
        compared = {
            "python -c pass": ["-c", "pass"],
            "import json, click": ["-c", "import json, click"],
            "comptometer count config.json --json": command,
        }
        seconds = {title: spent(arguments) for title, arguments in compared.items()}
        peaks = [peak(arguments) for arguments in compared.values()]
    table(
        "Whole command, seconds of the processor, bytecode compiled, median of 9",
        ["", "ms", "over json, click", "peak MB"],
        [
            [title, f"{1e3 * s:.0f}", f"{s / seconds['import json, click']:.2f}", high]
            for (title, s), high in zip(seconds.items(), peaks, strict=True)
        ],
    )


def spent(arguments: Sequence[str], runs: int = 9) -> float:
    """Median seconds of the processor of a whole process, after one warm-up."""
    found = []
    for _ in range(runs + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([PYTHON, *arguments], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found[1:])


def peak(arguments: Sequence[str]) -> str:
    """Peak memory in MB of what Python is given, as Linux reports it."""
    kind, what = arguments[:2]
    program = f"import runpy, sys; sys.argv[1:] = {list(arguments[2:])!r}\n"
    program += f"exec({what!r})\n" if kind == "-c" else f"runpy.run_module({what!r}, run_name='__main__')\n"
    report = "import sys; print(*[line.split()[1] for line in open('/proc/self/status') if 'VmHWM' in line])"
    whole = f"import atexit\natexit.register(exec, {report!r}, {{}})\n{program}"
    done = subprocess.run([PYTHON, "-c", whole], capture_output=True, text=True, check=False)
    return f"{int(done.stdout.split()[-1]) / 1024:.0f}" if Path("/proc/self/status").exists() else "–"


def main() -> None:
    present = installed()
    missing = [name for name in PACKAGES if name not in present]
    if missing:
        print(f"not installed: {', '.join(missing)}")
    whole_command()
    in_process()
    names = [OURS, *present]
    with ThreadPoolExecutor(2) as pool:  # counting does not mind company; timing does and comes after it
        found = dict(zip(names, pool.map(lambda name: worker("_conformance.py", name), names), strict=True))
    for name in [name for name, result in found.items() if isinstance(result, str)]:
        print(f"{name}: {found.pop(name)}")
    conformance(found)
    if "--probes" in sys.argv:
        each_probe(found)
    speed("gpt2, 512", GPT2)
    speed("vit_b_16", [name for name in COUNTERS if name.endswith("meta")])
    speed("resnet50", [name for name in COUNTERS if name in present or name.endswith(("meta", "weights", "CPU"))])


if __name__ == "__main__":
    main()
