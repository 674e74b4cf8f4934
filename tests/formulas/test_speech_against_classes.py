"""Speech models against the classes themselves: small random configurations of each (see `grid`)."""

from __future__ import annotations

import random
from typing import Any

import pytest
from grid import built, disagreements

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

BATCH, WRITTEN, SAMPLES = 2, 7, 400


def whisper(pick: random.Random) -> dict[str, Any]:
    return {
        "d_model": pick.choice([16, 32]), "vocab_size": 77, "num_mel_bins": pick.choice([8, 10]),
        "encoder_layers": pick.choice([1, 3]), "decoder_layers": pick.choice([2, 4]),
        "encoder_attention_heads": pick.choice([2, 4]), "decoder_attention_heads": pick.choice([2, 8]),
        "encoder_ffn_dim": pick.choice([24, 40]), "decoder_ffn_dim": pick.choice([24, 56]),
        "max_source_positions": 15, "max_target_positions": 20, "pad_token_id": 0, "bos_token_id": 1,
        "eos_token_id": 2, "decoder_start_token_id": 1, "num_labels": 5, "classifier_proj_size": 12,
        "use_weighted_layer_sum": pick.choice([True, False]), "suppress_tokens": None, "begin_suppress_tokens": None,
    }  # fmt: skip


def speech_to_text(pick: random.Random) -> dict[str, Any]:
    return whisper(pick) | {
        "input_feat_per_channel": 10, "conv_channels": pick.choice([16, 24]), "max_source_positions": 64,
        "conv_kernel_sizes": pick.choice([[5, 5], [3, 5, 3]]), "scale_embedding": True,
    }  # fmt: skip


def sound(pick: random.Random) -> dict[str, Any]:
    heads = pick.choice([2, 4])
    return {
        "hidden_size": 8 * heads, "intermediate_size": pick.choice([24, 40]), "num_attention_heads": heads,
        "num_hidden_layers": pick.choice([1, 3]), "vocab_size": 31, "conv_dim": pick.choice([[8, 8, 12], [6, 10, 8]]),
        "conv_kernel": [10, 3, 2], "conv_stride": [5, 2, 2], "conv_bias": pick.choice([True, False]),
        "feat_extract_norm": pick.choice(["group", "layer"]), "num_conv_pos_embeddings": pick.choice([8, 5]),
        "num_conv_pos_embedding_groups": pick.choice([2, 4]), "do_stable_layer_norm": pick.choice([True, False]),
        "mask_time_prob": pick.choice([0.0, 0.05]), "num_labels": 3, "classifier_proj_size": 12,
        "use_weighted_layer_sum": pick.choice([True, False]),
    }  # fmt: skip


def wav2vec2(pick: random.Random) -> dict[str, Any]:
    return sound(pick) | {
        "num_codevectors_per_group": 6, "num_codevector_groups": 2, "codevector_dim": 10, "proj_codevector_dim": 14,
        "adapter_attn_dim": pick.choice([None, 4]),
    }  # fmt: skip


def hubert(pick: random.Random) -> dict[str, Any]:
    return sound(pick) | {
        "feat_proj_layer_norm": pick.choice([True, False]), "conv_pos_batch_norm": pick.choice([True, False])
    }  # fmt: skip


FAMILIES: dict[str, Any] = {
    "whisper": whisper, "speech_to_text": speech_to_text, "wav2vec2": wav2vec2, "hubert": hubert,
    "wavlm": lambda p: sound(p) | {"num_buckets": p.choice([16, 32])},
}  # fmt: skip
HEADS = {
    "Generation": ("AutoModelForSpeechSeq2Seq", ("whisper", "speech_to_text")),
    "Model": ("AutoModel", tuple(FAMILIES)),
    "CTC": ("AutoModelForCTC", ("wav2vec2", "hubert", "wavlm")),
    "AudioClassification": ("AutoModelForAudioClassification", ("whisper", "wav2vec2", "hubert", "wavlm")),
    "FrameClassification": ("AutoModelForAudioFrameClassification", ("wav2vec2", "wavlm")),
    "PreTraining": ("AutoModelForPreTraining", ("wav2vec2",)),
}
CASES = [(family, head) for head, (_, families) in HEADS.items() for family in families]


def model_of(model_type: str, head: str, seed: int) -> tuple[Any, dict[str, Any]]:
    fields = FAMILIES[model_type](random.Random(f"{model_type}/{head}/{seed}"))
    if "conv_kernel_sizes" in fields:
        fields["num_conv_layers"] = len(fields["conv_kernel_sizes"])
    model, said = built(model_type, fields, HEADS[head][0])
    if head == "PreTraining":
        model.quantizer.train(True)  # otherwise it takes the likeliest code, which has no gradient
    return model, said


def inputs(fields: dict[str, Any], head: str) -> tuple[dict[str, Any], dict[str, Any]]:
    written = {"decoder_input_ids": torch.full((BATCH, WRITTEN), 3), "use_cache": False}
    if fields["model_type"] == "whisper":
        heard = {"input_features": torch.zeros(BATCH, fields["num_mel_bins"], 30)}
        if head == "AudioClassification":
            return heard, {"batch": BATCH, "sequence_length": 30}
        return heard | written, {"batch": BATCH, "sequence_length": 30, "decoder_length": WRITTEN}
    if fields["model_type"] == "speech_to_text":
        heard = {"input_features": torch.zeros(BATCH, 37, 10)}
        return heard | written, {"batch": BATCH, "sequence_length": 37, "decoder_length": WRITTEN}
    return {"input_values": torch.zeros(BATCH, SAMPLES)}, {"batch": BATCH, "sequence_length": SAMPLES}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("model_type", "head"), CASES)
def test_the_closed_form_is_what_the_class_does(model_type: str, head: str, seed: int) -> None:
    model, fields = model_of(model_type, head, seed)
    heard, lengths = inputs(fields, head)
    assert not disagreements(fields, model, heard, **lengths)


@pytest.mark.parametrize("model_type", ["wav2vec2", "hubert", "wavlm"])
def test_frozen_features_save_the_class_and_the_closed_form_the_same_gradients(model_type: str) -> None:
    model, fields = model_of(model_type, "CTC", 1)
    heard, lengths = inputs(fields, "CTC")
    prefix = model.base_model_prefix
    found = disagreements(
        fields, model, heard, frozen=("features",), frozen_in_model=(f"{prefix}.feature_extractor",), **lengths
    )
    assert not found


def test_a_frozen_encoder_of_whisper_saves_the_class_and_the_closed_form_the_same_gradients() -> None:
    model, fields = model_of("whisper", "Generation", 1)
    heard, lengths = inputs(fields, "Generation")
    assert not disagreements(fields, model, heard, frozen=("encoder",), frozen_in_model=("model.encoder",), **lengths)
