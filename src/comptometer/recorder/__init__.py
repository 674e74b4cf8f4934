"""What a training loop says of itself: a recorder of steps, FLOP and time that survives the end of its process."""

from __future__ import annotations

from comptometer.recorder.recording import Recorder as Recorder
