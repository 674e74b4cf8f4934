"""The command where some modules are not installed."""

from __future__ import annotations

import subprocess
import sys

WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
from comptometer.__main__ import main
sys.argv = ["comptometer", *sys.argv[1:]]
main()
"""


def without(names: set[str], *arguments: object, stdin: str = "") -> tuple[int, str]:
    """Exit status and what stands on the error output."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(names=names), *map(str, arguments)],
        input=stdin, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stderr
