"""Callbacks of training frameworks. Each framework is imported when its callback is asked for."""

from __future__ import annotations

import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from comptometer.errors import ComptometerError

if TYPE_CHECKING:
    from comptometer.recorder.passes import Passes
    from comptometer.recorder.recording import Recorder

now = time.perf_counter_ns


class Progress:
    """What callbacks of all frameworks do: a step is under way or not, and pauses between steps have a name."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._step: Passes | None = None
        self._mark = now()

    def begin(self) -> None:
        """A step begins; one that is under way goes on."""
        if self._step is None:
            self._step = self._recorder.step()
            self._step.__enter__()

    def end(self) -> None:
        """The step has changed the weights."""
        if self._step is not None:
            self._step.__exit__(None, None, None)
            self._step = None
        self._mark = now()

    def dropped(self) -> None:
        """The step that is under way comes to nothing."""
        if self._step is not None:
            self._step.__exit__(RuntimeError, None, None)
            self._step = None

    def paused(self, why: str) -> None:
        """What has passed since the last step or pause was no training."""
        self._recorder.exclude(why, self._mark)
        self._mark = now()

    def at(self, step: int) -> None:
        """The framework goes on from this step."""
        if step != self._recorder.step_number:
            self._recorder.rewind(step)


def transformers_callback(recorder: Recorder) -> Any:
    """A callback for the Trainer of transformers: `Trainer(…, callbacks=[transformers_callback(recorder)])`.

    Shapes are those with which the model is called, so the FLOP of padding, frozen parts and attention are right. The
    end of training closes the recorder.

    Raises:
        ComptometerError: transformers is not installed.
    """
    base: Any = _base("transformers", "TrainerCallback", "transformers")
    progress = Progress(recorder)

    class RecorderCallback(base):  # type: ignore[misc]
        """Steps, evaluations and checkpoints of a Trainer."""

        _unhook: Any = None

        def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **more: Any) -> None:
            progress.at(state.global_step)
            if model is not None:
                self._unhook = recorder.watch(model)

        def on_step_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            progress.begin()

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            progress.end()

        def on_evaluate(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            progress.paused("evaluation")

        def on_save(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            progress.paused("checkpoint")
            recorder.saved()

        def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            if self._unhook is not None:
                self._unhook()
            recorder.close()

    return RecorderCallback()


def lightning_callback(recorder: Recorder, model: str = "") -> Any:
    """A callback for Lightning: `Trainer(callbacks=[lightning_callback(recorder)])`; its state goes with checkpoints.

    What is watched is the module within the LightningModule that has all of its weights, as `training_step` calls that
    one and not the LightningModule; where several have weights it is the LightningModule, called as `self(x)`.

    A step ends when the trainer's `global_step` grows, so accumulated batches are passes of one step. A checkpoint is
    taken as whole when training goes on after it.

    Args:
        recorder: where it is noted.
        model: the name of the module within the LightningModule that is called with the inputs, if it is not that one.

    Raises:
        ComptometerError: Lightning is not installed.
    """
    try:
        base: Any = _base("lightning.pytorch", "Callback", "lightning")
    except ComptometerError:
        base = _base("pytorch_lightning", "Callback", "lightning")
    progress = Progress(recorder)

    class RecorderCallback(base):  # type: ignore[misc]
        """Steps, evaluations and checkpoints of a Lightning trainer."""

        _unhook: Any = None
        _updates = 0
        _saving = False

        def _saved(self) -> None:
            if self._saving:
                self._saving = False
                progress.paused("checkpoint")
                recorder.saved()

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            self._updates = trainer.global_step
            self._unhook = recorder.watch(pl_module.get_submodule(model) if model else _called(pl_module))

        def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
            self._saved()
            progress.begin()

        def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
            if trainer.global_step > self._updates:
                self._updates = trainer.global_step
                progress.end()

        def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
            progress.paused("evaluation")

        def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: Any) -> None:
            self._saving = True

        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
            progress.dropped()
            recorder.close(f"error: {type(exception).__name__}")

        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            self._saved()
            if self._unhook is not None:
                self._unhook()

        def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
            if stage == "fit":
                self._saved()
                recorder.close()

        def state_dict(self) -> dict[str, Any]:
            return recorder.state_dict()

        def load_state_dict(self, state_dict: dict[str, Any]) -> None:
            recorder.load_state_dict(state_dict)

    return RecorderCallback()


def _called(module: Any) -> Any:
    """The only module within another that has weights, where that has none of its own; else that other."""
    inner = [child for child in module.children() if next(child.parameters(), None) is not None]
    own = next(module.parameters(recurse=False), None)
    return inner[0] if len(inner) == 1 and own is None else module


def _base(module: str, name: str, package: str) -> Any:
    try:
        return getattr(import_module(module), name)
    except ImportError:
        raise ComptometerError(f"{package} is not installed: pip install {package}") from None
