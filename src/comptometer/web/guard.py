"""What stands before every answer of the server: who may ask, how much, how often, how long; and what a page may do."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from comptometer.web.site import POLICY

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY: Final = 1_000_000  # bytes of a request
TARGET: Final = 4096  # bytes of a path with its query
RATE: Final = 600  # requests a second, of all callers: a runaway script, not a reader
PATIENCE: Final = 20.0  # seconds for a body to come, and for an answer
HEADERS: Final = (
    (b"content-security-policy", (POLICY + "; connect-src 'self'; frame-ancestors *").encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class Refused(Exception):
    """A request that is not answered."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class Guard:
    """Around an ASGI application.

    Args:
        app: what answers.
        hosts: names under which the server may be asked; everything where empty.
    """

    def __init__(self, app: App, hosts: frozenset[str] = frozenset()) -> None:
        self._app = app
        self._hosts = hosts
        self._times: deque[float] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse with a reason."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        try:
            self._check(scope)
            body = await asyncio.wait_for(_whole(receive), PATIENCE) if scope["method"] == "POST" else b""
            await asyncio.wait_for(self._app(scope, _replayed(body, receive), sending), PATIENCE)
        except Refused as error:
            await _refuse(sending, error.status, error.detail)
        except TimeoutError:
            if not begun:
                await _refuse(sending, 408, f"this took longer than {PATIENCE:.0f} seconds")

    def _check(self, scope: Scope) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host", "").lower()
        if self._hosts and _name(host) not in self._hosts:
            raise Refused(421, f"this server is not {_name(host)!r}")
        origin = headers.get("origin", "").lower()
        if origin and self._hosts and origin.partition("://")[2] != host:
            raise Refused(403, "another page may not ask this server")
        if scope["method"] not in {"GET", "HEAD", "POST"}:
            raise Refused(405, "only GET and POST are answered")
        if len(scope["raw_path"]) + len(scope["query_string"]) > TARGET:
            raise Refused(414, f"an address has at most {TARGET} bytes")
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > BODY:
            raise Refused(413, f"a request has at most {BODY:,} bytes")
        now = time.monotonic()
        while self._times and now - self._times[0] > 1.0:
            self._times.popleft()
        if len(self._times) >= RATE:
            raise Refused(429, f"more than {RATE} requests a second")
        self._times.append(now)


def _name(host: str) -> str:
    """A host without its port: `[::1]:80` is `::1`."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


async def _whole(receive: Receive) -> bytes:
    """The body, counted as it comes."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "the request was broken off")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY:
            raise Refused(413, f"a request has at most {BODY:,} bytes")
        if not message.get("more_body"):
            return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body that was read, once; then what else comes."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _refuse(send: Send, status: int, detail: str) -> None:
    body = json.dumps({"detail": detail}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
