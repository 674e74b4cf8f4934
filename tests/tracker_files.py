"""Files of trackers, written as their formats say, for tests."""

from __future__ import annotations

import json
import sqlite3
import struct
import zlib
from pathlib import Path
from typing import Any

BEGAN = 1_795_425_638


def varint(value: int) -> bytes:
    found = b""
    while value > 127:
        found, value = found + bytes([value & 127 | 128]), value >> 7
    return found + bytes([value])


def field(number: int, value: int | bytes | str | float) -> bytes:
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


# wandb


def item(name: str, value: Any, key: int = 2) -> bytes:
    return field(1 if key != 3 else 3, field(2 if key == 2 else 1, name) + field(16, json.dumps(value)))


def history(step: int, **values: Any) -> bytes:
    said = {"_step": step, "_timestamp": BEGAN + step, **values}
    return field(2, b"".join(item(name, value) for name, value in said.items()))


def stats(step: int, **values: float) -> bytes:
    readings = b"".join(item(name.replace("__", "."), value, 3) for name, value in values.items())
    return field(7, field(2, field(1, BEGAN + step)) + readings)


def wandb_run(**config: Any) -> bytes:
    settings = b"".join(item(name, value, 1) for name, value in config.items())
    said = field(1, "r1") + field(3, "demo-7b") + field(4, settings) + field(7, "sft") + field(8, "run one")
    return field(17, said + field(13, "n1") + field(17, field(1, BEGAN)))


ENVIRONMENT = field(26, field(13, "alice") + field(19, 2) + field(24, field(1, "NVIDIA H100 80GB HBM3")))
EXIT = field(18, field(2, 5))


def wandb_log(*records: bytes) -> bytes:
    log = b":W&B\xe1\xbe\x00"
    for record in records:
        kind = 1
        while True:
            room = 32_768 - len(log) % 32_768
            if room < 7:
                log += bytes(room)
                continue
            part, record = record[: room - 7], record[room - 7 :]
            kind = (1 if kind == 1 else 4) if not record else (2 if kind == 1 else 3)
            log += struct.pack("<IHB", zlib.crc32(bytes([kind]) + part), len(part), kind) + part
            if not record:
                break
    return log


# TensorBoard


def crc32c(data: bytes) -> int:
    """Bit by bit, as the polynomial says."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def tf_record(content: bytes) -> bytes:
    size = struct.pack("<Q", len(content))
    return size + struct.pack("<I", crc32c(size)) + content + struct.pack("<I", crc32c(content))


def event(seconds: float, step: int, **values: float) -> bytes:
    scalars = b"".join(
        field(1, field(1, name) + varint(2 << 3 | 5) + struct.pack("<f", value)) for name, value in values.items()
    )
    return tf_record(field(1, BEGAN + seconds) + field(2, step) + field(5, scalars))


# MLflow


def mlflow_database(path: Path, *runs: dict[str, Any]) -> None:
    with sqlite3.connect(path) as base:
        base.executescript(
            "CREATE TABLE experiments (experiment_id INTEGER, name TEXT);"
            "CREATE TABLE runs (run_uuid TEXT, name TEXT, user_id TEXT, status TEXT, start_time BIGINT,"
            " end_time BIGINT, experiment_id INTEGER);"
            "CREATE TABLE metrics (key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT, step BIGINT,"
            " is_nan INTEGER);"
            "CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);"
            "CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);"
            "INSERT INTO experiments VALUES (1, 'demo-7b');"
        )
        for run in runs:
            start, end = BEGAN * 1000, run.get("end")
            base.execute(
                "INSERT INTO runs VALUES (?, 'sft', 'alice', ?, ?, ?, 1)", (run["id"], run["status"], start, end)
            )
            for table in ("params", "tags"):
                rows = [(key, value, run["id"]) for key, value in run.get(table, {}).items()]
                base.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)
            points = [
                (key, value, start + 1000 * step, run["id"], step, 0) for key, step, value in run.get("metrics", [])
            ]
            base.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", points)
    base.close()


def mlflow_folder(path: Path, name: str, meta: str, metrics: dict[str, str], said: dict[str, str]) -> None:
    run = path / "1" / name
    (path / "1").mkdir(parents=True, exist_ok=True)
    (path / "1" / "meta.yaml").write_text("experiment_id: '1'\nname: demo-7b\n")
    for part, files in (("metrics", metrics), ("params", said), ("tags", {})):
        for key, content in {**files, **({} if files else {"mlflow.user": "alice"})}.items():
            (run / part / key).parent.mkdir(parents=True, exist_ok=True)
            (run / part / key).write_text(content)
    (run / "meta.yaml").write_text(f"run_id: {name}\nrun_name: 'sft'\nuser_id: alice\n{meta}")
