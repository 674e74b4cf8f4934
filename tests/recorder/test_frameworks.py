"""Whole runs of the trainers that people use: begun, broken off, resumed, and counted exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_callbacks import batch, small_llama
from test_recording import records, total

import comptometer
from comptometer import Recorder
from comptometer.recorder.callbacks import lightning_callback, transformers_callback
from ledger_folder import Folder

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")  # of frameworks, which are many and not ours
ROWS, LENGTH, STEPS = 4, 8, 6


def row() -> dict[str, Any]:
    return {name: tensor[0] for name, tensor in batch(1, LENGTH).items()}


def of_a_step() -> int:
    return int(comptometer.count(small_llama(), batch(ROWS, LENGTH)).training)


def kept_and_spent(recorded: Path, ledger: Path) -> tuple[float, float]:
    folder = Folder(ledger)
    folder.add("recorder", recorded)
    found = folder.total()["total"]
    return found["flop_kept"]["p50"], found["flop"]["p50"]


def test_a_run_of_the_trainer_is_broken_off_resumed_and_summed(tmp_path: Path) -> None:
    pytest.importorskip("accelerate", reason="accelerate is not installed, which the Trainer needs")
    from transformers import Trainer, TrainerCallback, TrainingArguments

    class Broken(Exception):
        pass

    class Breaks(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            if state.global_step == 5:  # after the checkpoint of step 4
                raise Broken

    def train(*callbacks: Any, resume: bool) -> None:
        arguments = TrainingArguments(
            output_dir=str(tmp_path / "out"), per_device_train_batch_size=ROWS, max_steps=STEPS, save_steps=2,
            report_to=[], disable_tqdm=True, use_cpu=True, save_only_model=False, logging_strategy="no",
        )  # fmt: skip
        data: Any = [row() for _ in range(ROWS * STEPS)]
        recorder = Recorder(tmp_path / "recorded", name="whole")
        given = [transformers_callback(recorder), *callbacks]
        Trainer(model=small_llama(), args=arguments, train_dataset=data, callbacks=given).train(
            resume_from_checkpoint=resume
        )

    with pytest.raises(Broken):
        train(Breaks(), resume=False)
    train(resume=True)
    kept, spent = kept_and_spent(tmp_path / "recorded", tmp_path / "ledger")
    assert kept == STEPS * of_a_step()  # each step once
    assert spent in {(4 + 2) * of_a_step(), (5 + 2) * of_a_step()}  # the fifth, broken in its end, may not be written


def test_a_run_of_lightning_is_counted_exactly(tmp_path: Path) -> None:
    lightning = pytest.importorskip("lightning", reason="lightning is not installed")

    class Module(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.model = small_llama()

        def training_step(self, rows: Any, number: int) -> Any:
            return self.model(**rows).loss

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    loader = torch.utils.data.DataLoader([row() for _ in range(ROWS * STEPS)], batch_size=ROWS)
    trainer = lightning.Trainer(
        max_epochs=1, accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
        default_root_dir=str(tmp_path), callbacks=[lightning_callback(Recorder(tmp_path / "recorded"))],
    )  # fmt: skip
    trainer.fit(Module(), loader)
    assert total(tmp_path / "recorded", "model_flop") == STEPS * of_a_step()
    assert records(tmp_path / "recorded")[-1]["reason"] == "completed"


def test_a_loop_of_accelerate_is_counted_exactly(tmp_path: Path) -> None:
    accelerate = pytest.importorskip("accelerate", reason="accelerate is not installed")
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=2)
    model = small_llama()
    loader = torch.utils.data.DataLoader([row() for _ in range(ROWS * STEPS)], batch_size=ROWS)
    model, optimizer, loader = accelerator.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1), loader)
    recorder = Recorder(tmp_path)
    recorder.watch(accelerator.unwrap_model(model))
    batches = iter(loader)
    with recorder:
        for _ in range(STEPS // 2):
            with recorder.step():
                for _ in range(2):
                    with accelerator.accumulate(model):
                        accelerator.backward(model(**next(batches)).loss)
                        optimizer.step()
                        optimizer.zero_grad()
    assert total(tmp_path, "model_flop") == STEPS * of_a_step()
    assert (total(tmp_path, "steps"), total(tmp_path, "micro_steps")) == (STEPS // 2, STEPS)
