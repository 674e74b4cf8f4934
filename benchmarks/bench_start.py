"""Cold start of the command line, as a ratio to `python -c pass` and to `import numpy`."""

from __future__ import annotations

from pathlib import Path

from _measure import process, table

CONFIG = Path(__file__).parents[1] / "docs/howto/llama-3.1-8b.json"

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import click": ["-c", "import click"],
    "import numpy": ["-c", "import numpy"],
    "import pint, pydantic, numpy": ["-c", "import pint, pydantic, numpy"],
    "import comptometer": ["-c", "import comptometer"],
    "comptometer --version": ["-m", "comptometer", "--version"],
    "comptometer --help": ["-m", "comptometer", "--help"],
    "comptometer convert 1e25 FLOP pfs-day": ["-m", "comptometer", "convert", "1e25", "FLOP", "pfs-day"],
    "import click, json": ["-c", "import click, json"],
    "comptometer count docs/howto/llama-3.1-8b.json": ["-m", "comptometer", "count", str(CONFIG), "--json"],
    "comptometer estimate --params 405B --tokens 15.6T": [
        "-m", "comptometer", "estimate", "--params", "405B", "--tokens", "15.6T",
    ],
    "comptometer estimate alexnet": ["-m", "comptometer", "estimate", "alexnet"],
    "comptometer replicate openai-2018": ["-m", "comptometer", "replicate", "openai-2018"],
    "comptometer trend": ["-m", "comptometer", "trend"],
}  # fmt: skip

if __name__ == "__main__":
    seconds = {name: process(arguments) for name, arguments in COMMANDS.items()}
    bare, numpy = seconds["python -c pass"], seconds["import numpy"]
    table(
        "Cold start, whole process, median of 9",
        ["command", "ms", "over python -c pass", "over import numpy"],
        [[name, f"{1e3 * s:.0f}", f"{s / bare:.1f}", f"{s / numpy:.2f}"] for name, s in seconds.items()],
    )
