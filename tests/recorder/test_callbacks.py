"""Callbacks: with the callback handler of transformers itself; Lightning's hooks in the order of its loop."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from test_recording import records, total

import comptometer
from comptometer import Recorder
from comptometer.errors import ComptometerError
from comptometer.recorder.callbacks import lightning_callback, transformers_callback

torch = pytest.importorskip("torch")


def small_llama() -> Any:
    transformers = pytest.importorskip("transformers")
    config = transformers.LlamaConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, vocab_size=64
    )
    return transformers.LlamaForCausalLM(config).train()


def batch(rows: int, length: int) -> dict[str, Any]:
    ids = torch.zeros(rows, length, dtype=torch.long)
    mask = torch.ones(rows, length, dtype=torch.long)
    mask[:, length // 2 :] = 0
    return {"input_ids": ids, "attention_mask": mask, "labels": ids}


def test_the_trainer_of_transformers_is_recorded_through_its_own_handler(tmp_path: Path) -> None:
    model = small_llama()
    from transformers.trainer_callback import CallbackHandler, TrainerControl, TrainerState

    recorder = Recorder(tmp_path)
    args: Any = SimpleNamespace()
    state, control = TrainerState(), TrainerControl()
    handling: Any = CallbackHandler
    handler = handling([transformers_callback(recorder)], model, None, None, None)
    handler.on_train_begin(args, state, control)
    for update in range(3):
        handler.on_step_begin(args, state, control)
        for _ in range(2):  # accumulated
            model(**batch(2, 8)).loss.backward()
        state.global_step = update + 1
        handler.on_step_end(args, state, control)
        model.eval()
        model(**batch(2, 8))
        model.train()
        handler.on_evaluate(args, state, control, metrics={})
        handler.on_save(args, state, control)
    handler.on_train_end(args, state, control)

    counted = comptometer.count(model, batch(2, 8)).training
    assert total(tmp_path, "model_flop") == 3 * 2 * counted
    assert (total(tmp_path, "steps"), total(tmp_path, "micro_steps")) == (3, 6)
    assert (total(tmp_path, "tokens"), total(tmp_path, "padded_tokens")) == (3 * 2 * 8, 3 * 2 * 16)
    assert [one["step"] for one in records(tmp_path, "checkpoint")] == [1, 2, 3]
    assert {"evaluation", "checkpoint"} <= {
        name for one in records(tmp_path) for name in one.get("excluded_seconds", ())
    }
    assert records(tmp_path)[-1]["reason"] == "completed"


def test_a_trainer_that_resumes_says_from_which_step(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    from transformers.trainer_callback import TrainerControl, TrainerState

    recorder = Recorder(tmp_path)
    callback = transformers_callback(recorder)
    callback.on_train_begin(
        SimpleNamespace(), TrainerState(global_step=40), TrainerControl(), model=torch.nn.Linear(2, 2)
    )
    callback.on_train_end(SimpleNamespace(), TrainerState(), TrainerControl())
    (rewind,) = records(tmp_path, "rewind")
    assert (rewind["from_step"], rewind["to_step"]) == (0, 40)


@pytest.fixture
def lightning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lightning where it is installed; else its base class, whose hooks do nothing."""
    try:
        import lightning.pytorch  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError:
        package, module = ModuleType("lightning"), ModuleType("lightning.pytorch")
        module.Callback = type("Callback", (), {})  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "lightning", package)
        monkeypatch.setitem(sys.modules, "lightning.pytorch", module)


@pytest.mark.usefixtures("lightning")
def test_lightning_hooks_record_accumulated_batches_as_one_step(tmp_path: Path) -> None:
    module = torch.nn.Linear(4, 4)
    recorder = Recorder(tmp_path)
    callback, trainer = lightning_callback(recorder), SimpleNamespace(global_step=0)
    callback.on_train_start(trainer, module)
    x = torch.zeros(3, 4)
    for index in range(4):
        callback.on_train_batch_start(trainer, module, x, index)
        module(x).sum().backward()
        trainer.global_step = (index + 1) // 2
        callback.on_train_batch_end(trainer, module, None, x, index)
        if index == 1:
            callback.on_validation_end(trainer, module)
            callback.on_save_checkpoint(trainer, module, {})
    state = callback.state_dict()
    callback.on_train_end(trainer, module)
    callback.teardown(trainer, module, "fit")
    assert total(tmp_path, "model_flop") == 4 * comptometer.count(module, x).training
    assert (total(tmp_path, "steps"), total(tmp_path, "micro_steps"), state["step"]) == (2, 4, 2)
    assert [one["step"] for one in records(tmp_path, "checkpoint")] == [1]

    resumed = Recorder(tmp_path / "more", summary=False)
    lightning_callback(resumed).load_state_dict(state)
    assert resumed.step_number == 2
    resumed.close()


@pytest.mark.usefixtures("lightning")
def test_an_exception_in_lightning_drops_the_step_under_way(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    callback, trainer, module = lightning_callback(recorder), SimpleNamespace(global_step=0), torch.nn.Linear(4, 4)
    callback.on_train_start(trainer, module)
    callback.on_train_batch_start(trainer, module, None, 0)
    callback.on_exception(trainer, module, KeyboardInterrupt())
    assert total(tmp_path, "steps") == 0
    assert records(tmp_path)[-1]["reason"] == "error: KeyboardInterrupt"


def test_a_framework_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lightning", "lightning.pytorch", "pytorch_lightning"):
        monkeypatch.setitem(sys.modules, name, None)
    with Recorder(tmp_path, summary=False) as recorder, pytest.raises(ComptometerError, match="pip install lightning"):
        lightning_callback(recorder)


def test_a_watched_model_that_is_counted_is_not_watched_in_the_count(tmp_path: Path) -> None:
    model, x = torch.nn.Sequential(torch.nn.Linear(4, 4)), torch.zeros(3, 4)
    with Recorder(tmp_path) as recorder:
        stop = recorder.watch(model)
        for _ in range(3):
            with recorder.step():
                model(x).sum().backward()
        stop()
        with recorder.step(flop=1):
            model(x)
    assert total(tmp_path, "micro_steps") == 4
    assert total(tmp_path, "model_flop") == 3 * comptometer.count(model, x).training + 1
