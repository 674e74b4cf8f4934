"""Counters from a running Prometheus: the only thing in the ledger that touches a network, and only when it is told to.

Raw samples, by instant queries of `metric[1h]`: `query_range` would fill gaps and take values at its own steps. Each
hour is asked for by itself, and in halves where the server says that it is too much. There is one connection to the
host that was named; neither proxies of the environment nor redirects are followed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import IO, Any
from urllib.parse import urlencode, urlsplit

from comptometer.errors import DataError, UsageError
from comptometer.ledger.importers._lines import LARGEST_JSON
from comptometer.ledger.importers.dcgm import METRICS

PIECE = 3600  # seconds
SHORTEST = 60  # seconds: a piece is not halved further
TIMEOUT = 30.0  # seconds, of the connection and of each answer
LARGEST_ANSWER = 256_000_000  # bytes
TOO_MUCH = frozenset({413, 422, 503})  # what a server says of a query that is too large


class TooMuch(Exception):
    """A query that is too large for the server."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where Prometheus listens."""

    scheme: str
    host: str
    port: int | None
    path: str

    @classmethod
    def of(cls, url: str) -> Server:
        """From its address.

        Raises:
            UsageError: it is none.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or parts.username
            or parts.query
            or parts.fragment
        ):
            raise UsageError(f"--url: {url!r} is no address of a Prometheus; write e.g. http://localhost:9090")
        return cls(parts.scheme, parts.hostname, port, parts.path.rstrip("/"))

    @property
    def place(self) -> str:
        """Its name in messages and in the manifest."""
        return f"{self.host}:{self.port}" if self.port else self.host

    def ask(self, query: str, time: int) -> list[Any]:
        """The series that an instant query finds.

        Raises:
            TooMuch: the server refuses it for its size.
            DataError: no answer, or one that is none of Prometheus.
        """
        kind = HTTPSConnection if self.scheme == "https" else HTTPConnection
        connection = kind(self.host, self.port, timeout=TIMEOUT)
        try:
            connection.request("GET", f"{self.path}/api/v1/query?{urlencode({'query': query, 'time': time})}")
            answer = connection.getresponse()
            status, body = answer.status, answer.read(LARGEST_ANSWER + 1)
        except (OSError, HTTPException, ValueError) as error:
            raise DataError(self.place, [f"does not answer: {error or type(error).__name__}"]) from None
        finally:
            connection.close()
        if len(body) > LARGEST_ANSWER or status in TOO_MUCH:
            raise TooMuch(_reason(body))
        if status != 200:
            raise DataError(self.place, [f"refuses the query ({status}): {_reason(body)}"])
        try:
            found = json.loads(body)["data"]["result"]
        except (ValueError, KeyError, TypeError, RecursionError):
            found = None
        if not isinstance(found, list):
            raise DataError(self.place, ["is no Prometheus: its answer has no data.result"])
        return found


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])[:300]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "without a reason"


def fetch(server: Server, hours: int, now: float, file: IO[bytes], advance: Callable[[], None] = lambda: None) -> int:
    """Write the samples of the last hours, as one answer of Prometheus; how many series of an hour there were.

    Args:
        server: where it listens.
        hours: how many hours back; the first of them is a whole one.
        now: seconds since 1970.
        file: what is written to.
        advance: is called after each counter of each hour.

    Raises:
        DataError: no answer, or a refusal, or more than can be read at once.
    """
    ends = [int(now), *range(int(now) // PIECE * PIECE, int(now) - hours * PIECE, -PIECE)]
    count, size = 0, 0
    file.write(b'{"status":"success","data":{"resultType":"matrix","result":[')
    for metric in METRICS:
        for end in sorted(set(ends)):
            for series in _pieces(server, metric, end, PIECE):
                said = json.dumps(series).encode()
                file.write(b"," * (count > 0) + said)
                count, size = count + 1, size + len(said) + 1
                if size > LARGEST_JSON:
                    raise DataError(server.place, ["holds more than can be read at once: ask for fewer --hours"])
            advance()
    file.write(b"]}}")
    return count


def _pieces(server: Server, metric: str, end: int, seconds: int) -> Iterator[Any]:
    try:
        yield from server.ask(f"{metric}[{seconds}s]", end)
    except TooMuch as error:
        if seconds // 2 < SHORTEST:
            raise DataError(server.place, [f"refuses even {seconds} s of {metric}: {error}"]) from None
        half = seconds // 2
        yield from _pieces(server, metric, end - half, seconds - half)
        yield from _pieces(server, metric, end, half)
