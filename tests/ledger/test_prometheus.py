"""A running Prometheus, asked for raw samples in pieces; the server of these tests is a real one, on loopback."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from comptometer.errors import ComptometerError
from ledger_folder import Folder

METRIC = "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE"
Answer = Callable[[str, int, int], tuple[int, Any]]


@contextmanager
def prometheus(answer: Answer) -> Iterator[tuple[str, list[tuple[str, int, int]]]]:
    """A server that answers (metric, length in seconds, end), and what it was asked."""
    asked: list[tuple[str, int, int]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = parse_qs(urlsplit(self.path).query)
            found = re.fullmatch(r"(\w+)\[(\d+)s\]", said["query"][0])
            assert found
            assert urlsplit(self.path).path == "/api/v1/query"
            question = (found[1], int(found[2]), int(said["time"][0]))
            asked.append(question)
            status, content = answer(*question)
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def samples(metric: str, seconds: int, end: int) -> tuple[int, Any]:
    """A sample each 30 s, of one chip."""
    values = [[at, "0.5"] for at in range(-(-(end - seconds) // 30) * 30, end + 1, 30)] if metric == METRIC else []
    labels = {"__name__": metric, "UUID": "GPU-a", "modelName": "NVIDIA H100 80GB HBM3"}
    result = [{"metric": labels, "values": values}] if values else []
    return 200, {"status": "success", "data": {"resultType": "matrix", "result": result}}


def test_hours_are_asked_for_one_by_one_and_each_sample_counts_once(folder: Folder) -> None:
    with prometheus(samples) as (url, asked):
        assert folder.add("dcgm", "--url", url, "--hours", "3")["status"] == 0
        assert folder.add("dcgm", "--url", url, "--hours", "1")["status"] == 0
    (row,) = folder.total()["telemetry"]
    assert 3 * 120 <= row["samples"] <= 4 * 120 + 2  # three whole hours and the one that has begun
    assert {seconds for _, seconds, _ in asked} == {3600}


def test_a_server_that_refuses_an_hour_is_asked_for_parts_of_it(folder: Folder) -> None:
    def careful(metric: str, seconds: int, end: int) -> tuple[int, Any]:
        return samples(metric, seconds, end) if seconds <= 900 else (422, {"error": "too many samples"})

    with prometheus(careful) as (url, asked):
        assert folder.add("dcgm", "--url", url, "--hours", "1")["status"] == 0
    assert {seconds for _, seconds, _ in asked} == {3600, 1800, 900}
    assert folder.total()["telemetry"][0]["samples"] >= 120


@pytest.mark.parametrize(
    ("status", "content", "text"),
    [
        (400, {"status": "error", "error": "bad_data: no such thing"}, "refuses the query (400): bad_data"),
        (302, b"", "refuses the query (302)"),  # a redirect is not followed
        (200, b"<html>", "is no Prometheus"),
        (200, {"data": None}, "is no Prometheus"),
        (422, {"error": "too many samples"}, "refuses even"),
    ],
)
def test_an_answer_that_is_none_ends_with_a_message(folder: Folder, status: int, content: Any, text: str) -> None:
    with prometheus(lambda *question: (status, content)) as (url, _):
        document = folder.add("dcgm", "--url", url, "--hours", "1")
    assert text in document["refused"][0]["why"]
    assert document["status"] == 1
    assert not (folder.path / "samples").exists()


def test_nobody_there(folder: Folder) -> None:
    with prometheus(samples) as (url, _):
        pass
    assert "does not answer" in folder.add("dcgm", "--url", url)["refused"][0]["why"]


@pytest.mark.parametrize("url", ["localhost:9090", "file:///etc/passwd", "http://", "http://a:b@c", "http://x:99999"])
def test_an_address_that_is_none(folder: Folder, url: str) -> None:
    error = folder.run("import", "dcgm", "--url", url).exception
    assert isinstance(error, ComptometerError)
    assert "is no address of a Prometheus" in str(error)


@pytest.mark.parametrize("arguments", [["sacct", "--url", "http://localhost"], ["dcgm"], ["dcgm", "-", "--hours", "3"]])
def test_a_url_is_for_counters_alone(folder: Folder, arguments: list[str]) -> None:
    error = folder.run("import", *arguments).exception
    assert isinstance(error, ComptometerError)
    assert "--url" in str(error)
