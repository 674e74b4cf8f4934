"""The thread that writes: it takes what the training thread left in a queue, about once a second."""

from __future__ import annotations

import _thread
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from comptometer.recorder.segment import Segment
from comptometer.recorder.window import Excluded, Step, Window, seconds_of

MOST_WAITING = 1_000_000  # steps that a disk which does not answer may hold up
HEARTBEAT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Event:
    """A record of its own; the steps before it are written first."""

    kind: str
    said: Mapping[str, Any]


Item = Step | Excluded | Event
Written = Callable[[Window], Mapping[str, Any]]


class Writer:
    """Takes items in order; nothing here is waited for by the training thread unless it asks.

    Args:
        segment: where lines go.
        more: what a window is told beyond its sums (rates, energy), and may note it.
        interval: seconds between windows.
    """

    def __init__(self, segment: Segment, more: Written, interval: float) -> None:
        self._segment, self._more, self._interval = segment, more, interval
        self._items: deque[Item] = deque()
        self._asked: SimpleQueue[tuple[bool, Any]] = SimpleQueue()  # its put may interrupt itself: signals use it
        self._window = Window()
        self._last_line = time.monotonic()
        self.lost_steps = 0
        self.put = self._items.append  # one operation of the interpreter: safe between threads
        self._thread = threading.Thread(target=self._work, name="comptometer-recorder", daemon=True)
        self._thread.start()

    def overfull(self) -> bool:
        """Does the disk not keep up?"""
        return len(self._items) >= MOST_WAITING

    def flush(self, seconds: float, *, last: bool = False) -> bool:
        """Write what waits and flush it to the disk, or give up after some seconds; `last` ends the thread."""
        done = _thread.allocate_lock()
        done.acquire()
        self._asked.put((last, done))
        return done.acquire(timeout=seconds)

    def _work(self) -> None:
        last = False
        while not last:
            answers = []
            try:
                wanted, done = self._asked.get(timeout=self._interval)
                last, answers = wanted, [done]
            except Empty:
                pass
            try:
                self._drain()
                self._segment.sync()
            except Exception:  # nothing here may end a training run
                self._segment.dropped["records"] += 1
            if last:
                self._segment.close()
            for done in answers:
                done.release()

    def _drain(self) -> None:
        for _ in range(len(self._items)):
            item = self._items.popleft()
            if isinstance(item, Step):
                self._window.add(item)
            elif isinstance(item, Excluded):
                self._window.pending.append(item)
            else:
                self._write_window()
                self._line(item.kind, {**item.said, **self._paused(item)})
        self._write_window()
        if time.monotonic() - self._last_line >= HEARTBEAT_SECONDS:
            self._line("heartbeat", {})

    def _paused(self, event: Event) -> Mapping[str, Any]:
        """Of the end: pauses that no step followed."""
        if event.kind != "close" or not self._window.pending:
            return {}
        paused: dict[str, int] = defaultdict(int)
        for pause in self._window.pending:
            paused[pause.why] += pause.nanoseconds
        return {"excluded_seconds": seconds_of(paused)}

    def _write_window(self) -> None:
        window = self._window
        if not window.steps:
            return
        self._window = Window(began=window.ended, pending=window.pending)
        more = self._more(window)
        self._line("window", {**window.to_dict(), **more})

    def _line(self, kind: str, said: Mapping[str, Any]) -> None:
        lost = {"lost_steps": self.lost_steps} if self.lost_steps else {}
        self._segment.write(kind, {**said, **lost})
        self._last_line = time.monotonic()
