"""Tables on a terminal fold, leave columns out, or become blocks; piped they are never cut."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from comptometer.cli._columns import on_terminal

HEADS = ("model", "developer", "FLOP", "found")
ROWS = [
    ("Llama 3.1-405B", "Meta", "3.79e25", "the stated compute is 1.36 times the count: hardware FLOP?"),
    ("GPT-NeoX-20B", "EleutherAI, and people of several institutions", "2.83333e-5", "nothing"),
]
NUMERIC = (False, False, True, False)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def drawn(room: int, spare: tuple[str, ...] = ()) -> list[str]:
    return [COLOUR.sub("", line) for line in on_terminal(HEADS, ROWS, NUMERIC, room, spare)]


@pytest.mark.parametrize("room", range(30, 160, 10))
def test_no_line_is_wider_than_the_terminal_and_no_number_is_cut(room: int) -> None:
    lines = drawn(room)
    assert max(map(len, lines)) <= room
    assert "3.79e25" in "\n".join(lines)
    assert "2.83333e-5" in "\n".join(lines)


@pytest.mark.parametrize("room", range(30, 160, 10))
def test_every_word_is_still_there(room: int) -> None:
    printed = "".join(drawn(room)).replace(" ", "")
    for row in ROWS:
        for word in " ".join(row).split():
            if not re.search(r"[^\W\d]-[^\W\d]", word):  # what may be broken at its hyphen
                assert word in printed


def test_where_there_is_room_nothing_is_folded() -> None:
    assert len(drawn(160)) == 1 + len(ROWS)


def test_spare_columns_go_one_by_one_and_are_named() -> None:
    assert not any("no room" in line for line in drawn(100, ("developer", "found")))
    assert drawn(60, ("developer", "found"))[-1].strip() == "(no room for: developer)"
    assert drawn(45, ("developer", "found"))[-1].strip() == "(no room for: developer, found)"


def test_where_nothing_else_helps_a_row_is_a_block() -> None:
    lines = drawn(32)
    assert lines[0] == "  model      Llama 3.1-405B"
    assert "  FLOP       2.83333e-5" in lines


def test_chinese_characters_count_two() -> None:
    lines = on_terminal(("名称", "FLOP"), [("千亿参数语言模型" * 3, "1e25")], (False, True), 40)
    assert (
        max(len(line) + len(re.findall(r"[一-鿿]", line)) for line in map(COLOUR.sub, [""] * len(lines), lines)) <= 40
    )


def on_pty(columns: int, *arguments: str) -> list[str]:
    """What a command prints on a terminal of so many columns."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    command = [sys.executable, "-m", "comptometer", *arguments]
    with subprocess.Popen(command, stdout=follower, stderr=subprocess.DEVNULL, env=environment):
        os.close(follower)
        seen = b""
        while chunk := _read(leader):
            seen += chunk
    os.close(leader)
    return COLOUR.sub("", seen.decode().replace("\r\n", "\n")).splitlines()


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:  # the other end is closed
        return b""


COMMANDS = [
    ("models", "list", "--at-least", "1e25"),
    ("models", "show", "stable diffusion v1.4"),
    ("models", "show", "bidaf"),
    ("models", "compare", "gpt-3", "PaLM 540B", "Llama 3.1-405B"),
    ("check", "opt-175b", "--data", "epoch-2025-06"),
    ("check", "--rules"),
    ("chips", "list"),
    ("chips", "show", "h100"),
    ("calibrate",),
]


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_what_is_read_in_a_terminal_fits_it(arguments: tuple[str, ...], columns: int) -> None:
    lines = on_pty(columns, *arguments)
    assert len(lines) > 3
    assert not [line for line in lines if len(line) > columns]


def test_a_pipe_gets_every_column_in_one_line_a_row() -> None:
    command = [sys.executable, "-m", "comptometer", "models", "list", "--at-least", "1e25"]
    environment = {**os.environ, "COLUMNS": "60"}
    printed = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.splitlines()
    assert printed[0].split() == [
        "name", "developer", "published", "FLOP", "90%", "methods", "ratio", "verdict", "origin",
    ]  # fmt: skip
    assert max(map(len, printed)) > 100
