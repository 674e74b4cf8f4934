"""The documentation is true: every console block is run, every Python block is executed, every link leads somewhere.

`python tests/test_docs.py` writes the present output into the blocks (not into those shortened with a line "…").
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
GAP = "…"


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def commands(block: str) -> list[tuple[str, list[str]]]:
    """The commands of a block, each with the lines that it is said to print."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(part.splitlines()[0], part.rstrip("\n").splitlines()[1:]) for part in parts]


def printed(command: str) -> list[str]:
    """What a command really prints, both streams, run from the root of the checkout."""
    environment = {key: value for key, value in os.environ.items() if key not in {"COMPTOMETER_DATA", "FORCE_COLOR"}}
    environment |= {"NO_COLOR": "1", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", f"{command} 2>&1"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    return [line.rstrip() for line in done.stdout.rstrip("\n").splitlines()]


def shows(expected: list[str], real: list[str]) -> bool:
    """Is the expected output the real one, where a line "…" stands for any number of lines?"""
    at = 0
    for number, piece in enumerate("\n".join(expected).split(f"\n{GAP}\n")):
        lines = [line for line in piece.splitlines() if line != GAP]
        found = [i for i in range(at, len(real) - len(lines) + 1) if real[i : i + len(lines)] == lines]
        if not found or (number == 0 and expected[:1] != [GAP] and found[0] != 0):
            return False
        at = found[0] + len(lines)
    return GAP in expected or at == len(real)


BLOCKS = [
    pytest.param(block, id=f"{relative(page)}: {block[0][0][:70]}")
    for page in PAGES
    for block in map(commands, BLOCK.findall(page.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("block", BLOCKS)
def test_what_a_page_shows_is_what_is_printed(block: list[tuple[str, list[str]]]) -> None:
    """The commands of a block are run in its order, as by a reader: a later one may use what an earlier one made."""
    for command, expected in block:
        real = printed(command)
        assert shows(expected, real), "\n".join([f"$ {command}", *real])


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_the_python_of_a_page_runs(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    test = doctest.DocTestParser().get_doctest(code, {}, relative(page), str(page), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(test)
    assert runner.failures == 0


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target


def rewrite(page: Path) -> None:
    """Put the present output into the blocks of a page."""

    def block(match: re.Match[str]) -> str:
        parts = []
        for command, expected in commands(match[1]):
            lines = expected if GAP in expected else printed(command)
            parts.append("\n".join([f"$ {command}", *lines]))
        return "```console\n" + "\n".join(parts) + "\n```"

    text = page.read_text(encoding="utf-8")
    page.write_text(BLOCK.sub(block, text), encoding="utf-8")


if __name__ == "__main__":
    for path in PAGES:
        rewrite(path)
