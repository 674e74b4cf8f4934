"""`comptometer serve` in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def serving(said: Path, **environment: str) -> Iterator[str]:
    """The address of `comptometer serve` in a process of its own; what it says on stderr goes to a file."""
    command = [sys.executable, "-m", "comptometer", "serve", "--port", "0", "--no-open"]
    with said.open("w") as stderr, subprocess.Popen(command, stderr=stderr, env=os.environ | environment) as process:
        try:
            while "http://" not in said.read_text():
                assert process.poll() is None, said.read_text()
                time.sleep(0.02)
            yield next(word for word in said.read_text().split() if word.startswith("http://"))
        finally:
            process.terminate()
