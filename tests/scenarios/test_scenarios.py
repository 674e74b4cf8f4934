"""Training jobs: every pass against a count of the model, by hand."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comptometer.counting import count
from comptometer.errors import DataError, NotFound, UsageError
from comptometer.ops import OpCount
from comptometer.scenarios import Scenario, scenario

SMALL = {
    "model_type": "llama", "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "vocab_size": 100,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512,
}  # fmt: skip
LARGE = SMALL | {"hidden_size": 128, "num_hidden_layers": 5}
MODELS = {"small": partial(count, SMALL), "large": partial(count, LARGE)}


def job(**stage: Any) -> Scenario:
    return scenario({"model": "small", "stages": [stage]}, models=MODELS)


def small(length: int, **how: Any) -> OpCount:
    return count(SMALL, sequence_length=length, **{"attention": "causal", **how})


def large(length: int) -> OpCount:
    return count(LARGE, sequence_length=length, attention="causal")


def test_pre_training_is_so_many_sequences_forward_and_backward() -> None:
    found = job(kind="pretrain", tokens="1M", sequence_length=100)
    assert found.model_flop == found.hardware_flop == 10_000 * small(100).training


def test_epochs_examples_and_steps_are_other_ways_to_say_it() -> None:
    by_tokens = job(kind="sft", tokens=64_000, sequence_length=64)
    assert job(kind="sft", tokens=32_000, epochs=2, sequence_length=64).model_flop == by_tokens.model_flop
    assert job(kind="sft", examples=1000, sequence_length=64).model_flop == by_tokens.model_flop
    assert job(kind="sft", steps=100, batch=10, sequence_length=64).model_flop == by_tokens.model_flop


@pytest.mark.parametrize("recompute", ["flash", "selective", "full"])
def test_what_is_computed_again_is_hardware_work_only(recompute: Any) -> None:
    found = job(kind="pretrain", examples=7, sequence_length=64, recompute=recompute)
    again = small(64, recompute=recompute)
    assert again.recomputed > 0
    assert (found.model_flop, found.hardware_flop) == (7 * again.training, 7 * (again.training + again.recomputed))


def test_a_schedule_adds_its_phases_up() -> None:
    phases = [{"sequence_length": 64, "tokens": 6400}, {"sequence_length": 256, "tokens": 2560, "recompute": "full"}]
    found = job(kind="pretrain", schedule=phases)
    assert found.model_flop == 100 * small(64).training + 10 * small(256).training
    assert found.hardware_flop == found.model_flop + 10 * small(256, recompute="full").recomputed


def test_a_schedule_may_change_the_model_and_the_batch() -> None:
    phases = [{"model": "large", "steps": 5, "batch": 2}, {"steps": 5, "batch": 8}]
    found = job(kind="pretrain", sequence_length=64, schedule=phases)
    assert found.model_flop == 10 * large(64).training + 40 * small(64).training


def test_a_low_rank_addition_saves_the_gradients_of_frozen_weights() -> None:
    found = job(kind="sft", examples=1, sequence_length=64, lora={"rank": 4, "targets": ["attention.q", "attention.v"]})
    whole = small(64)
    assert whole.forward * 2 < found.model_flop < whole.training


def test_packed_documents_are_sequences_of_their_own() -> None:
    documents = [{"length": 30, "share": 0.5}, {"length": 10, "share": 0.5}]
    found = job(kind="pretrain", tokens=4000, sequence_length=100, documents=documents)
    assert found.model_flop == 100 * small(30).training + 100 * small(10).training
    assert found.hardware_flop == found.model_flop


def test_what_the_mask_of_documents_forbids_is_executed_where_the_kernel_does_not_skip_it() -> None:
    documents = [{"length": 30}, {"length": 10}]
    found = job(kind="pretrain", tokens=4000, sequence_length=100, documents=documents, mask_skipped=False)
    assert found.model_flop == 100 * small(30).training + 100 * small(10).training
    assert found.hardware_flop == 40 * small(100).training


def test_a_document_longer_than_a_sequence_is_cut() -> None:
    found = job(kind="pretrain", tokens=250, sequence_length=100, documents=[{"length": 250}])
    assert found.model_flop == 2 * small(100).training + small(50).training


def test_pruned_weights_are_not_model_work_but_are_executed_dense() -> None:
    found = job(kind="pretrain", examples=10, sequence_length=64, density=0.25)
    whole = small(64)
    linear = whole.by_operation["linear"]
    assert found.model_flop == 10 * (whole.training - (linear.forward + linear.backward) * 3 // 4)
    assert found.hardware_flop == 10 * whole.training


def test_a_teacher_is_asked_on_the_same_tokens_unless_its_logits_are_kept() -> None:
    stage = {"kind": "distillation", "teacher": "large", "tokens": 640, "sequence_length": 64}
    assert job(**stage).model_flop == 10 * (small(64).training + large(64).forward)
    assert job(**stage, cached_logits=True).model_flop == 10 * small(64).training


def test_preferences_train_on_both_answers_and_ask_the_reference_on_both() -> None:
    stage = {"kind": "dpo", "pairs": 10, "prompt_length": 20, "answer_length": 30, "epochs": 3}
    one = small(50)
    assert job(**stage).model_flop == 20 * 3 * (one.training + one.forward)
    assert job(**stage, cached_reference=True).model_flop == 20 * (3 * one.training + one.forward)


def test_group_relative_updates_roll_out_behind_a_shared_prompt() -> None:
    stage = {"kind": "grpo", "prompts": 10, "group": 4, "prompt_length": 20, "answer_length": 30}
    whole, prompt = small(50), small(20)
    shared = 10 * prompt.forward + 40 * (whole.forward - prompt.forward)
    assert job(**stage).model_flop == shared + 40 * (whole.forward + whole.training)
    assert job(**stage, reference=False).model_flop == shared + 40 * whole.training
    assert job(**stage, prefix_shared=False).model_flop == 40 * (2 * whole.forward + whole.training)


def test_group_relative_updates_cost_about_twelve_flop_for_each_parameter_and_token() -> None:
    wide = SMALL | {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "vocab_size": 1000}
    size = count(wide, sequence_length=1).parameters
    assert size is not None
    stage = {
        "kind": "grpo", "prompts": 1, "prompt_length": 1, "answer_length": 15, "old_log_probabilities": True,
    }  # fmt: skip
    found = scenario({"model": "wide", "stages": [stage]}, models={"wide": partial(count, wide)})
    assert found.model_flop / (16 * (size.total - size.embedding)) == pytest.approx(12, rel=0.01)


def test_an_actor_critic_adds_a_critic_and_a_reward_model() -> None:
    stage = {
        "kind": "ppo", "prompts": 10, "prompt_length": 20, "answer_length": 30, "reward": "large", "critic": "large",
        "epochs": 2,
    }  # fmt: skip
    own, other = small(50), large(50)
    assert job(**stage).model_flop == 10 * (
        3 * own.forward + 2 * own.training + other.forward + other.forward + 2 * other.training
    )


def test_discarded_answers_are_rolled_out_and_judged_but_not_learnt_from() -> None:
    stage = {"kind": "grpo", "prompts": 10, "prompt_length": 20, "answer_length": 30, "reference": False}
    one = small(50)
    assert job(**stage, kept=0.5).model_flop == 10 * one.forward + 5 * one.training


def test_stages_add_up_and_each_says_what_a_regulation_would_call_it() -> None:
    found = scenario(
        {
            "model": "small",
            "stages": [
                {"kind": "pretrain", "examples": 1, "sequence_length": 64},
                {"kind": "grpo", "prompts": 1, "prompt_length": 8, "answer_length": 8},
            ],
        },
        models=MODELS,
    )
    assert found.model_flop == sum(stage.model_flop for stage in found.stages)
    activities = [one.activity for stage in found.stages for one in stage.passes]
    assert activities == ["pretrain", "rl-rollout", "rl-update", "rl-update"]


@given(examples=st.integers(1, 10**15), times=st.integers(2, 1000))
def test_work_is_proportional_to_what_is_seen(examples: int, times: int) -> None:
    one = job(kind="pretrain", examples=examples, sequence_length=16)
    many = job(kind="pretrain", examples=examples * times, sequence_length=16)
    assert many.model_flop == times * one.model_flop


def test_a_layer_list_is_trained_on_examples() -> None:
    found = scenario({"model": "alexnet", "stages": [{"kind": "pretrain", "examples": 12}]})
    assert found.model_flop == 12 * count("alexnet").training


AUTOENCODER = {
    "_class_name": "AutoencoderKL", "block_out_channels": [32, 64], "sample_size": 16, "latent_channels": 4,
    "down_block_types": ["DownEncoderBlock2D"] * 2, "up_block_types": ["UpDecoderBlock2D"] * 2,
}  # fmt: skip
TWO_TOWERS = {
    "model_type": "clip", "projection_dim": 16, "text_config": {"num_hidden_layers": 1},
    "vision_config": {
        "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2, "num_hidden_layers": 2,
        "image_size": 32, "patch_size": 16,
    },
}  # fmt: skip


def of_autoencoder(**stage: Any) -> Scenario:
    models = MODELS | {"autoencoder": partial(count, AUTOENCODER)}
    return scenario({"model": "autoencoder", "stages": [{"kind": "pretrain", "examples": 10, **stage}]}, models=models)


class TestModules:
    def test_each_half_of_an_autoencoder_is_counted_on_its_own(self) -> None:
        whole = count(AUTOENCODER)
        encoding = sum(t.forward + t.backward for t in whole.terms if t.module.startswith(("encoder.", "quant")))
        assert of_autoencoder(modules=["encoder", "quant"]).model_flop == 10 * encoding
        # Of what the decoder reads no gradient is formed where nothing before it is run.
        decoding = whole.training - encoding - whole.by_module["post_quant"].forward
        assert of_autoencoder(modules=["post_quant", "decoder"]).model_flop == 10 * decoding

    def test_a_frozen_part_is_run_forward_only(self) -> None:
        part = ["encoder", "quant"]
        forward = sum(t.forward for t in count(AUTOENCODER).terms if t.module.startswith(("encoder.", "quant")))
        assert of_autoencoder(modules=part, frozen=part).model_flop == 10 * forward

    def test_patterns_fit_as_those_of_what_is_frozen(self) -> None:
        inside = of_autoencoder(modules=["encoder.*"])
        assert inside.model_flop == of_autoencoder(modules=["enc*r"]).model_flop > 0
        assert of_autoencoder(modules=["*coder", "*quant"]).model_flop == of_autoencoder().model_flop

    def test_one_tower_of_two_costs_what_it_costs_alone(self) -> None:
        tower = {"model_type": "clip_vision_model", **TWO_TOWERS["vision_config"]}  # type: ignore[dict-item]
        models = {"both": partial(count, TWO_TOWERS), "one": partial(count, tower)}
        stages = [
            {"kind": "pretrain", "examples": 5, "model": "both", "modules": ["vision"]},
            {"kind": "pretrain", "examples": 5, "model": "one"},
        ]
        part, alone = scenario({"stages": stages}, models=models).stages
        assert part.model_flop == alone.model_flop > 0

    def test_what_is_computed_again_and_pruned_is_that_of_the_part(self) -> None:
        found = of_autoencoder(modules=["encoder"], recompute="full", density=0.5)
        part = [t for t in count(AUTOENCODER, recompute="full").terms if t.module.startswith("encoder.")]
        products = sum(t.forward + t.backward for t in part if t.operation != "attention")
        work = sum(t.forward + t.backward for t in part)
        assert found.model_flop == 10 * (work - products // 2)
        assert found.hardware_flop == 10 * (work + sum(t.recomputed for t in part))

    def test_other_models_of_a_stage_are_counted_whole(self) -> None:
        found = job(kind="distillation", examples=3, sequence_length=64, teacher="large", modules=["layers"])
        student, teacher = found.stages[0].passes
        layers = [t for t in small(64, frozen=("embedding",)).terms if t.module.startswith("layers.")]
        assert student.model_flop == 3 * sum(t.forward + t.backward for t in layers)
        assert teacher.model_flop == 3 * large(64).forward

    def test_a_reference_is_the_same_part_before_training(self) -> None:
        found = job(kind="dpo", pairs=3, prompt_length=16, answer_length=16, modules=["layers"])
        learnt, reference = found.stages[0].passes
        layers = sum(t.forward for t in small(32).terms if t.module.startswith("layers."))
        assert reference.model_flop == 6 * layers < learnt.model_flop

    def test_low_rank_additions_outside_the_part_are_left_out(self) -> None:
        lora = {"rank": 4, "targets": ["q"]}
        found = of_autoencoder(modules=["encoder"], lora=lora)
        kept = of_autoencoder(modules=["encoder"], lora=lora, frozen=["decoder"])
        assert found.model_flop == kept.model_flop > 0

    def test_a_layer_list_has_modules_too(self) -> None:
        stages = [{"kind": "pretrain", "examples": 1, "modules": [name]} for name in ("conv1", "fc8", "*")]
        first, last, whole = scenario({"model": "alexnet", "stages": stages}).stages
        terms = count("alexnet").by_module
        assert first.model_flop == terms["conv1"].forward + terms["conv1"].backward
        assert last.model_flop == 2 * terms["fc8"].forward  # no gradient of what it reads
        assert whole.model_flop == count("alexnet").training

    @pytest.mark.parametrize(
        ("modules", "said"),
        [
            (["encodr"], "modules: 'encodr' fits no module; near it are encoder"),
            (["encoder", "no.such"], "modules: 'no.such' fits no module; there are encoder.in, "),
            (["encoder.norm"], "modules: nothing is computed in encoder.norm; there is work in encoder.in, "),
        ],
    )
    def test_what_fits_nothing_is_said_with_near_names(self, modules: list[str], said: str) -> None:
        with pytest.raises(UsageError, match=f"stage half: {said}"):
            of_autoencoder(modules=modules, name="half")

    def test_of_a_live_model_the_part_itself_is_given(self) -> None:
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")
        models = {"live": partial(count, torch.nn.Linear(4, 4), torch.zeros(1, 4))}
        stage = {"kind": "pretrain", "examples": 1, "modules": ["weight"]}
        with pytest.raises(UsageError, match="of a live model, give the part"):
            scenario({"model": "live", "stages": [stage]}, models=models)


class TestFiles:
    def test_models_are_found_beside_the_list(self, tmp_path: Path) -> None:
        import json

        (tmp_path / "model.json").write_text(json.dumps(SMALL))
        path = tmp_path / "job.toml"
        path.write_text('model = "model.json"\n[[stages]]\nkind = "pretrain"\ntokens = "6400"\nsequence_length = 64\n')
        assert scenario(path).model_flop == 100 * small(64).training
        assert scenario(path).name == "job"

    @pytest.mark.parametrize(
        ("stage", "said"),
        [
            ({"kind": "pretrain", "sequence_length": 8}, "one of tokens, examples, steps"),
            ({"kind": "pretrain", "tokens": 8, "examples": 8, "sequence_length": 8}, "got tokens and examples"),
            ({"kind": "pretrain", "steps": 8, "sequence_length": 8}, "needs batch"),
            ({"kind": "pretrain", "examples": 1, "sequence_length": 8, "model": "torch:os:getcwd"}, "runs no code"),
            (
                {"kind": "pretrain", "schedule": [{"tokenz": 3}], "sequence_length": 8},
                r"schedule\[1\]\.tokenz",
            ),
            ({"kind": "pretrain", "examples": 1, "frozen": ["no.such"], "sequence_length": 8}, "fits no module"),
        ],
    )
    def test_what_a_stage_cannot_be_is_said_with_its_name(self, stage: dict[str, Any], said: str) -> None:
        with pytest.raises(UsageError, match=said):
            job(**stage, name="first")

    @pytest.mark.parametrize(
        ("stage", "said"),
        [
            ({"kind": "pretrain", "tokens": "5 parsecs"}, r"stages\[1\]\.tokens"),
            ({"kind": "pretrain", "tokens": -5}, r"stages\[1\]\.tokens"),
            ({"kind": "pretrain", "attention": "half-ish"}, r"stages\[1\]\.attention"),
            ({"kind": "pretrain", "density": 0}, r"stages\[1\]\.density"),
            ({"kind": "dpo", "pairs": 5}, r"prompt_length"),
            ({"tokens": 5}, r"stages\[1\]\.kind"),
            ({"kind": "grpo", "promts": 5}, r"promts"),
        ],
    )
    def test_a_key_that_cannot_be_is_named(self, stage: dict[str, Any], said: str) -> None:
        with pytest.raises(DataError, match=said):
            job(**stage)

    def test_an_unknown_kind_is_not_found(self) -> None:
        with pytest.raises(NotFound, match="pretrain"):
            job(kind="pretrian")

    def test_a_list_without_stages_or_model_says_so(self) -> None:
        with pytest.raises(DataError, match="stages"):
            scenario({"model": "small", "stages": []})
        with pytest.raises(UsageError, match="model: is missing"):
            scenario({"stages": [{"kind": "pretrain", "examples": 1}]})
