"""A connection that does not wait for ever: uvicorn itself cuts off only what is idle, not what dribbles."""

from __future__ import annotations

import asyncio
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HELD: Final = 30.0  # seconds for a request to come whole; longer than the guard's, whose answer comes first
_COMING: Final = (h11.IDLE, h11.SEND_BODY)


class Patient(H11Protocol):
    """HTTP as uvicorn speaks it, with an end to requests that never end."""

    _end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Go on waiting while a part of the request is missing."""
        super().data_received(data)
        if self.conn.their_state not in _COMING:
            self._stop()
        elif self._end is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._end = self.loop.call_later(HELD, self.transport.abort)

    def _stop(self) -> None:
        if self._end is not None:
            self._end.cancel()
        self._end = None
