"""Ends of a process that give time to write: SIGTERM, and the interpreter's exit."""

from __future__ import annotations

import atexit
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

Close = Callable[[str], None]


class Ending:
    """Calls back once when the process is told to end; what others had asked for happens after it."""

    def __init__(self, close: Close) -> None:
        self._close = close
        self._before: Any = None
        self._taken = False
        atexit.register(close, "exit")
        if threading.current_thread() is threading.main_thread():
            with suppress(ValueError, OSError):
                self._before = signal.getsignal(signal.SIGTERM)
                signal.signal(signal.SIGTERM, self._ended)
                self._taken = True

    def _ended(self, number: int, frame: Any) -> None:
        self._close("SIGTERM")
        before = self._before
        if callable(before):
            before(number, frame)
        elif before != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    def release(self) -> None:
        """Leave things as they were, unless somebody else has changed them since."""
        atexit.unregister(self._close)
        if self._taken and threading.current_thread() is threading.main_thread():
            with suppress(ValueError, OSError):
                if signal.getsignal(signal.SIGTERM) == self._ended:
                    signal.signal(signal.SIGTERM, self._before or signal.SIG_DFL)
            self._taken = False
