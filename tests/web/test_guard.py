"""Who may ask the server, how much, how often and how long; and that it goes on whatever comes."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra web is not installed")
pytest.importorskip("httpx", reason="httpx is not installed")

import httpx
from click.testing import CliRunner

from comptometer.cli import comptometer
from comptometer.web import guard, patience
from comptometer.web.server import LOOPBACK, prepared

THRESHOLDS = "/api/v1/thresholds"
ESTIMATE = "/api/v1/estimate"
COUNT = "/api/v1/count"
JSON = {"content-type": "application/json"}
LARGE = 50_000_000  # bytes


def refused(answer: Any, status: int, said: str) -> None:
    """Is it a problem as JSON, and does it say so?"""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert said in answer.json()["detail"]
    assert "nosniff" in answer.headers["x-content-type-options"]


def goes_on(client: Any) -> None:
    assert client.get("/assets/theme.js").status_code == 200


def apart(asked: Coroutine[Any, Any, Any]) -> Any:
    """Its answer, from a thread of its own: the tests in a browser may have a loop running in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, asked).result()


# Who


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8018", "127.0.0.1.evil.example", "[::2]", "", "0"])
def test_another_name_is_refused(client: Any, host: str) -> None:
    refused(client.get(THRESHOLDS, headers={"host": host}), 421, "this server is not")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8018", "LocalHost", "[::1]:8018"])
def test_the_names_of_this_machine_are_answered(client: Any, host: str) -> None:
    assert client.get(THRESHOLDS, headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:3000", "http://localhost.evil"])
def test_another_page_may_not_ask(client: Any, origin: str) -> None:
    body = {"params": "7B", "tokens": "2T"}
    refused(client.post(ESTIMATE, json=body, headers={"origin": origin}), 403, "another page")
    assert client.post(ESTIMATE, json=body, headers={"origin": "http://127.0.0.1"}).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_only_questions_are_answered(client: Any, method: str) -> None:
    refused(client.request(method, ESTIMATE), 405, "only GET and POST")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_beyond_this_machine_needs_a_word(host: str) -> None:
    found = CliRunner().invoke(comptometer, ["serve", "--host", host, "--no-open"])
    assert found.exit_code == 2
    assert "--public" in found.output


def test_a_public_server_has_any_name() -> None:
    command = [
        sys.executable,
        "-m",
        "comptometer",
        "serve",
        "--host",
        "0.0.0.0",
        "--public",
        "--port",
        "0",
        "--no-open",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        port = process.stderr.readline().partition(":")[2].rpartition(":")[2].partition("/")[0]
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/assets/theme.js", headers={"host": "example.org"}, timeout=60)
            assert answer.status_code == 200
        finally:
            process.terminate()


# How much


def test_a_large_body_is_refused_before_it_is_read(client: Any) -> None:
    refused(client.post(COUNT, content=b"x" * LARGE, headers=JSON), 413, "at most 1,000,000 bytes")
    goes_on(client)


def test_a_large_body_of_unknown_length_is_refused_as_it_comes() -> None:
    sent = 0

    async def receive() -> guard.Message:
        nonlocal sent
        sent += 100_000
        return {"type": "http.request", "body": b"x" * 100_000, "more_body": sent < LARGE}

    assert apart(statuses(guard.Guard(nothing), 1, "POST", receive)) == [413]
    assert sent <= 1_100_000


def test_a_length_that_lies_is_counted(client: Any) -> None:
    headers = {**JSON, "content-length": "10"}
    refused(client.post(COUNT, content=iter([b"x" * 1_100_000]), headers=headers), 413, "at most")


@pytest.mark.parametrize("address", ["/" + "x" * 5000, f"{THRESHOLDS}?status=" + "x" * 5000, "/%2e%2e" * 1000])
def test_a_long_address_is_refused(client: Any, address: str) -> None:
    refused(client.get(address), 414, "at most 4096 bytes")


NESTED = 10_000


@pytest.mark.parametrize(
    "deep",
    ["[" * NESTED + "]" * NESTED, '{"a":' * NESTED + "1" + "}" * NESTED, "[" * NESTED, '[{"a":' * NESTED],
    ids=["lists", "objects", "unclosed", "mixed and unclosed"],
)
@pytest.mark.parametrize("field", ["config", "params", "nosuch", "chip"])
@pytest.mark.parametrize("path", [ESTIMATE, COUNT])
def test_deep_json_is_refused(client: Any, path: str, field: str, deep: str) -> None:
    answer = client.post(path, content=f'{{"{field}":{deep}}}', headers=JSON)
    assert answer.status_code in {400, 422}
    assert answer.json()["detail"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000, "true", "{}", '"\\ud800"'])
@pytest.mark.parametrize("field", ["params", "tokens", "mfu", "batch", "sequence_length"])
def test_what_is_no_number_is_refused(client: Any, field: str, value: str) -> None:
    body = f'{{"config":{{"model_type":"gpt2"}},"tokens":"1T","{field}":{value}}}'
    for path in (ESTIMATE, COUNT):
        answer = client.post(path, content=body, headers=JSON)
        assert answer.status_code in {400, 422}
        assert answer.json()["detail"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", "-1", "0", "1.5", '"12"', "null", "[]", "9" * 400])
@pytest.mark.parametrize("field", ["n_embd", "n_head", "n_layer", "vocab_size"])
def test_a_configuration_with_a_number_that_is_none_is_refused(client: Any, field: str, value: str) -> None:
    whole = {"model_type": "gpt2", "n_embd": 768, "n_head": 12, "n_layer": 12, "vocab_size": 50257}
    given = json.dumps({"config": whole | {field: "HERE"}}).replace('"HERE"', value)
    for path in (COUNT, ESTIMATE):
        body = given if path == COUNT else given[:-1] + ', "tokens": "1B", "sequence_length": "1024"}'
        answer = client.post(path, content=body, headers=JSON)
        assert answer.status_code in {400, 422}, answer.text[:200]
        assert answer.json()["detail"]


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"null", b"[]", b'"x"', b"{", b"a=1", b"\x00" * 1000])
def test_what_is_no_object_is_refused(client: Any, body: bytes) -> None:
    for path in (ESTIMATE, COUNT):
        answer = client.post(path, content=body, headers=JSON)
        assert answer.status_code in {400, 422}
        assert answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/models/..%2f..%2fetc.html", "/%00", "/assets/../guard.py"],
)
def test_an_address_names_no_file(client: Any, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "root:" not in answer.text


# How often


async def empty() -> guard.Message:
    return {"type": "http.request", "body": b""}


async def statuses(guarded: guard.Guard, times: int, method: str = "GET", receive: guard.Receive = empty) -> list[int]:
    """Ask so many times."""
    found: list[int] = []

    async def send(message: guard.Message) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    scope = {"type": "http", "method": method, "raw_path": b"/", "query_string": b"", "headers": [(b"host", b"x")]}
    for _ in range(times):
        await guarded(dict(scope), receive, send)
    return found


async def nothing(scope: guard.Scope, receive: guard.Receive, send: guard.Send) -> None:
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})


def test_too_many_questions_a_second_are_refused_until_it_is_over() -> None:
    async def ask() -> tuple[list[int], list[int]]:
        guarded = guard.Guard(nothing)
        first = await statuses(guarded, guard.RATE + 50)
        await asyncio.sleep(1.1)
        return first, await statuses(guarded, 1)

    first, later = apart(ask())
    assert first == [204] * guard.RATE + [429] * 50
    assert later == [204]


# How long


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a real server that waits shorter than usual."""
    monkeypatch.setattr(guard, "PATIENCE", 1.0)
    monkeypatch.setattr(patience, "HELD", 2.0)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        answering = prepared("127.0.0.1")
        thread = Thread(target=answering.run, kwargs={"sockets": [listening]})
        thread.start()
        while not answering.started:
            time.sleep(0.02)
        yield port
        answering.should_exit = True
        thread.join(20)


def answer_to(port: int, head: bytes, dribbled: bytes, seconds: float = 8.0) -> bytes:
    """Send the head, then byte by byte; what came back until the server closed, which it must."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), 0.1) as connection:
        connection.sendall(head)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                part = connection.recv(65536)
                if not part:
                    return found
                found += part
            except TimeoutError:
                pass
            except ConnectionError:
                return found
            try:
                connection.sendall(dribbled)
            except ConnectionError:
                return found
    raise AssertionError("the connection is still open")


def served(port: int) -> bool:
    return bool(httpx.get(f"http://127.0.0.1:{port}/assets/theme.js", timeout=5).status_code == 200)


@pytest.mark.parametrize(
    ("head", "dribbled"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ", b"x"),
        (b"", b""),
        (b"POST /api/v1/count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n", b"x"),
        (b"POST /api/v1/count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000000\r\n\r\n", b"x"),
        (b"POST /api/v1/count HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"GET /assets/theme.js HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nX: ", b"x"),
    ],
    ids=["headers", "nothing", "body", "large body", "chunks", "second request"],
)
def test_a_slow_client_is_cut_off_and_others_are_served(hasty: int, head: bytes, dribbled: bytes) -> None:
    found: list[bytes | BaseException] = []

    def ask() -> None:
        try:
            found.append(answer_to(hasty, head, dribbled))
        except AssertionError as error:
            found.append(error)

    slow = Thread(target=ask)
    slow.start()
    while slow.is_alive():
        assert served(hasty)
        slow.join(0.2)
    (answer,) = found
    assert isinstance(answer, bytes), answer
    if head.startswith(b"POST"):
        assert b'{"detail": "' in answer
        assert answer.startswith((b"HTTP/1.1 408", b"HTTP/1.1 413"))


def test_a_real_server_refuses_what_is_large_and_goes_on(hasty: int) -> None:
    address = f"http://127.0.0.1:{hasty}{COUNT}"
    refused(httpx.post(address, content=b"x" * LARGE, headers=JSON, timeout=20), 413, "at most")
    parts = (b"x" * 1_000_000 for _ in range(50))
    refused(httpx.post(address, content=parts, headers=JSON, timeout=20), 413, "at most")
    assert served(hasty)


def test_a_real_server_refuses_an_address_that_is_very_long(hasty: int) -> None:
    head = b"GET /%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % (b"x" * 100_000)
    assert answer_to(hasty, head, b"").startswith((b"HTTP/1.1 400", b"HTTP/1.1 414"))
    assert served(hasty)


def test_loopback_is_what_the_command_takes_for_it() -> None:
    from comptometer.cli.serve import LOOPBACK as SAID

    assert set(SAID) == LOOPBACK
