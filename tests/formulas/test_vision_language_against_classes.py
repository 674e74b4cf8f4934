"""Language models that see against the classes themselves, with everything trained and with parts frozen.

The classes look at the values of their inputs (where is the image?), so they run on small real tensors.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from chunks import executed
from grid import built, disagreements
from hypothesis import given, settings
from hypothesis import strategies as st

from comptometer.counting import count
from comptometer.errors import ComptometerError, DataError, UsageError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

IMAGE = 60  # the token whose embedding an image's feature replaces
VOCABULARY = 64


def text(pick: random.Random, model_type: str) -> dict[str, Any]:
    heads = pick.choice([2, 4])
    return {
        "model_type": model_type, "hidden_size": 8 * heads, "intermediate_size": pick.choice([24, 40]),
        "num_hidden_layers": pick.choice([1, 2]), "num_attention_heads": heads, "head_dim": 8,
        "num_key_value_heads": pick.choice([1, heads]), "vocab_size": VOCABULARY, "max_position_embeddings": 512,
        "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "sliding_window": 8,
        "tie_word_embeddings": pick.choice([True, False]),
    }  # fmt: skip


def tower(pick: random.Random, model_type: str, image: int = 16, patch: int = 4) -> dict[str, Any]:
    heads = pick.choice([2, 4])
    return {
        "model_type": model_type, "hidden_size": 8 * heads, "num_attention_heads": heads, "image_size": image,
        "num_hidden_layers": pick.choice([2, 3]), "intermediate_size": pick.choice([24, 40]), "patch_size": patch,
        "num_channels": 3, "vision_use_head": pick.choice([True, False]),
    }  # fmt: skip


def pixels(batch: int, height: int, width: int) -> Any:
    return torch.rand(batch, 3, height, width)


class Case:
    """Fields, the size of an image, its positions in the text, and what the class and the count want besides."""

    def __init__(
        self,
        fields: dict[str, Any],
        size: tuple[int, int],
        positions: int,
        inputs: dict[str, Any],
        batch: int,
        **lengths: Any,
    ):
        self.fields, self.size, self.positions, self.inputs, self.batch = fields, size, positions, inputs, batch
        self.lengths = lengths


def llava(pick: random.Random) -> Case:
    kind = pick.choice(["clip_vision_model", "siglip_vision_model"])
    vision, strategy = tower(pick, kind), "default" if kind == "clip_vision_model" else "full"
    layers = pick.choice([-2, -1, 1, [1, -1]])
    fields = {
        "text_config": text(pick, pick.choice(["llama", "qwen2", "mistral"])), "vision_config": vision,
        "vision_feature_layer": layers, "vision_feature_select_strategy": strategy,
        "multimodal_projector_bias": pick.choice([True, False]), "image_token_index": IMAGE,
    }  # fmt: skip
    return Case(fields, (16, 16), 16, {"pixel_values": pixels(2, 16, 16)}, 2)


def pixtral(pick: random.Random) -> Case:
    vision = tower(pick, "pixtral", 64)
    fields = {
        "text_config": text(pick, "mistral"), "vision_config": vision, "vision_feature_layer": -1,
        "vision_feature_select_strategy": "full", "image_token_index": IMAGE,
    }  # fmt: skip
    # one example: in plain attention the class scores the patches of all images of a batch with one another
    sizes = torch.tensor([[12, 20]])
    return Case(fields, (12, 20), 15, {"pixel_values": pixels(1, 12, 20), "image_sizes": sizes}, 1)


def llava_next(pick: random.Random) -> Case:
    vision = tower(pick, "clip_vision_model")
    fields = {
        "text_config": text(pick, "llama"), "vision_config": vision, "vision_feature_layer": pick.choice([-2, -1]),
        "image_grid_pinpoints": [[16, 32], [32, 16], [32, 32], [48, 16]], "image_token_index": IMAGE,
    }  # fmt: skip
    size, tiles, positions = pick.choice(
        [((20, 30), 5, 16 + 6 * 9), ((10, 40), 3, 16 + 2 * 9), ((50, 16), 4, 16 + 12 * 5), ((40, 40), 5, 16 + 8 * 9)]
    )
    inputs = {"pixel_values": torch.rand(2, tiles, 3, 16, 16), "image_sizes": torch.tensor([size, size])}
    return Case(fields, size, positions, inputs, 2)


def paligemma(pick: random.Random) -> Case:
    language = text(pick, pick.choice(["gemma", "gemma2"]))
    if language["model_type"] == "gemma":
        del language["sliding_window"]
    fields = {
        "text_config": language, "vision_config": tower(pick, "siglip_vision_model"), "image_token_index": IMAGE,
        "projection_dim": language["hidden_size"], "tie_word_embeddings": pick.choice([True, False]),
    }  # fmt: skip
    return Case(fields, (16, 16), 16, {"pixel_values": pixels(2, 16, 16)}, 2)


def gemma3(pick: random.Random) -> Case:
    fields: dict[str, Any] = {
        "text_config": text(pick, "gemma3_text"), "vision_config": tower(pick, "siglip_vision_model"),
        "mm_tokens_per_image": pick.choice([4, 16]), "image_token_index": IMAGE,
        "tie_word_embeddings": pick.choice([True, False]),
    }  # fmt: skip
    return Case(fields, (16, 16), fields["mm_tokens_per_image"], {"pixel_values": pixels(2, 16, 16)}, 2)


def internvl(pick: random.Random) -> Case:
    vision = tower(pick, "internvl_vision") | {
        "attention_bias": pick.choice([True, False]), "use_qk_norm": pick.choice([True, False]),
        "norm_type": pick.choice(["layer_norm", "rms_norm"]), "use_mask_token": pick.choice([True, False]),
        "use_absolute_position_embeddings": pick.choice([True, False]), "use_mean_pooling": pick.choice([True, False]),
    }  # fmt: skip
    fields = {
        "text_config": text(pick, "qwen2"), "vision_config": vision, "image_token_id": IMAGE,
        "vision_feature_layer": pick.choice([-1, -2]), "tie_word_embeddings": pick.choice([True, False]),
    }  # fmt: skip
    return Case(fields, (16, 16), 4, {"pixel_values": pixels(2, 16, 16)}, 2)


def mistral3(pick: random.Random) -> Case:
    fields = {
        "text_config": text(pick, "mistral"), "vision_config": tower(pick, "pixtral", 64), "image_token_index": IMAGE,
        "spatial_merge_size": 2, "multimodal_projector_bias": pick.choice([True, False]),
        "tie_word_embeddings": pick.choice([True, False]),
    }  # fmt: skip
    inputs = {"pixel_values": pixels(1, 16, 24), "image_sizes": torch.tensor([[16, 24]])}
    return Case(fields, (16, 24), 6, inputs, 1)


def idefics3(pick: random.Random) -> Case:
    kind = pick.choice(["idefics3_vision", "smolvlm_vision"])
    fields: dict[str, Any] = {
        "text_config": text(pick, "llama"), "vision_config": tower(pick, kind), "image_token_id": IMAGE,
        "scale_factor": pick.choice([2, 4]), "tie_word_embeddings": pick.choice([True, False]),
    }  # fmt: skip
    fields["vision_config"].pop("model_type")
    return Case(fields, (16, 16), 16 // fields["scale_factor"] ** 2, {"pixel_values": torch.rand(2, 1, 3, 16, 16)}, 2)


def llama4(pick: random.Random) -> Case:
    vision = tower(pick, "llama4_vision_model")
    vision |= {
        "intermediate_size": 4 * vision["hidden_size"], "projector_input_dim": 24, "projector_output_dim": 24,
        "vision_output_dim": 24,
    }  # fmt: skip
    language = text(pick, "llama4_text") | {
        "intermediate_size_mlp": 40, "num_local_experts": 4, "num_experts_per_tok": 4,
        "interleave_moe_layer_step": 2, "attention_chunk_size": 1000, "tie_word_embeddings": False,
    }  # fmt: skip
    fields = {"text_config": language, "vision_config": vision, "image_token_index": IMAGE}
    return Case(fields, (16, 16), 4, {"pixel_values": pixels(2, 16, 16)}, 2)


def qwen(pick: random.Random, name: str, **more: Any) -> Case:
    language = text(pick, f"{name}_text") | more
    heads = pick.choice([2, 4])
    vision = {
        "depth": 3, "num_heads": heads, "patch_size": 4, "spatial_merge_size": 2, "temporal_patch_size": 2,
        "in_channels": 3, "fullatt_block_indexes": [1], "window_size": pick.choice([8, 16]),
        "intermediate_size": 24, "mlp_ratio": pick.choice([2, 4]), "num_position_embeddings": 16,
        "deepstack_visual_indexes": pick.choice([[0], [0, 2], []]), "out_hidden_size": language["hidden_size"],
    }  # fmt: skip
    width = 8 * heads
    vision |= (
        {"hidden_size": language["hidden_size"], "embed_dim": width} if name == "qwen2_vl" else {"hidden_size": width}
    )
    language["num_hidden_layers"] = 2
    language |= {"rope_parameters": {"rope_type": "default", "mrope_section": [2, 1, 1], "rope_theta": 1e4}}
    fields = {
        "text_config": language, "vision_config": vision, "image_token_id": IMAGE, "video_token_id": 61,
        "vision_start_token_id": 62, "vision_end_token_id": 63, "tie_word_embeddings": pick.choice([True, False]),
    }  # fmt: skip
    height, width = pick.choice([(16, 24), (40, 24), (8, 8)])
    rows, columns = height // 4, width // 4
    inputs = {
        "pixel_values": torch.rand(2 * rows * columns, 3 * 2 * 4 * 4),
        "image_grid_thw": torch.tensor([[1, rows, columns]] * 2),
    }
    return Case(fields, (height, width), rows * columns // 4, inputs, 2)


def qwen3_5(pick: random.Random, name: str, **more: Any) -> Case:
    keys = pick.choice([1, 2])
    case = qwen(
        pick,
        name,
        linear_num_key_heads=keys,
        linear_num_value_heads=keys * pick.choice([1, 2]),
        linear_key_head_dim=pick.choice([6, 8]),
        linear_value_head_dim=pick.choice([4, 8]),
        linear_conv_kernel_dim=pick.choice([2, 4]),
        **more,
    )
    case.fields["text_config"] |= {
        "head_dim": 16,
        "num_hidden_layers": 3,
        "layer_types": ["linear_attention", "full_attention", pick.choice(["linear_attention", "full_attention"])],
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 1e4,
            "partial_rotary_factor": 0.5,
            "mrope_section": [2, 1, 1],
        },
    }
    return case


def blip(pick: random.Random, kind: str) -> Case:
    heads = pick.choice([2, 4])
    width = 8 * heads
    layers = {"num_hidden_layers": pick.choice([2, 3]), "num_attention_heads": heads, "hidden_size": width}
    language: dict[str, Any] = {"model_type": kind, "vocab_size": VOCABULARY, "pad_token_id": 0, "eos_token_id": 2}
    if kind == "opt":
        language |= layers | {
            "ffn_dim": 24, "max_position_embeddings": 64, "word_embed_proj_dim": width, "bos_token_id": 1,
        }  # fmt: skip
    else:
        language |= {"d_model": width, "d_kv": 8, "d_ff": 24, "num_layers": 2, "num_heads": heads}
        language |= {"decoder_start_token_id": 0, "feed_forward_proj": pick.choice(["relu", "gated-gelu"])}
    number = pick.choice([3, 6])
    fields = {
        "text_config": language, "num_query_tokens": number, "image_token_index": IMAGE,
        "vision_config": tower(pick, "blip_2_vision_model") | {"qkv_bias": pick.choice([True, False])},
        "qformer_config": layers | {
            "intermediate_size": pick.choice([24, 40]), "cross_attention_frequency": pick.choice([1, 2]),
            "use_qformer_text_input": pick.choice([True, False]), "num_hidden_layers": 3,
        },
    }  # fmt: skip
    written = {"decoder_input_ids": torch.full((2, 5), 5)} if kind == "t5" else {}
    lengths = {"decoder_length": 5} if kind == "t5" else {}
    return Case(fields, (16, 16), number, {"pixel_values": pixels(2, 16, 16), **written}, 2, **lengths)


def mllama(pick: random.Random) -> Case:
    vision = tower(pick, "mllama_vision_model")
    picked = pick.choice([[0], [1, 0]])
    vision |= {
        "attention_heads": vision.pop("num_attention_heads"), "num_global_layers": pick.choice([1, 2]),
        "max_num_tiles": 4, "intermediate_layers_indices": picked,
        "vision_output_dim": (1 + len(picked)) * vision["hidden_size"],
    }  # fmt: skip
    language = text(pick, "mllama_text_model") | {"num_hidden_layers": 5, "cross_attention_layers": [1, 3]}
    language |= {"rope_parameters": {"rope_type": "default", "rope_theta": 1e4}}
    inputs = {
        "pixel_values": torch.rand(2, 1, 4, 3, 16, 16), "aspect_ratio_ids": torch.ones(2, 1, dtype=torch.long),
        "aspect_ratio_mask": torch.ones(2, 1, 4, dtype=torch.long),
    }  # fmt: skip
    return Case({"text_config": language, "vision_config": vision}, (16, 16), 0, inputs, 2)


# The class builds the tower's mask as a product of ones: 2 for each pair of 4 tiles of 24 positions, in 2 examples
MASK = {"mllama": 2 * 2 * (4 * 24) ** 2}


def apart_from_masks(name: str, found: dict[str, Any]) -> dict[str, Any]:
    """Disagreements, but for a mask that is built as a product."""
    if name in MASK and "product" in found:
        (forward, backward), theirs = found["product"]
        if (forward + MASK[name], backward) == theirs:
            return {kind: both for kind, both in found.items() if kind != "product"}
    return found


CASES: dict[str, Any] = {
    "mllama": (mllama, "Mllama"),
    "llava": (llava, "Llava"),
    "llava (pixtral)": (pixtral, "Llava"),
    "llava_next": (llava_next, "LlavaNext"),
    "paligemma": (paligemma, "PaliGemma"),
    "gemma3": (gemma3, "Gemma3"),
    "internvl": (internvl, "InternVL"),
    "mistral3": (mistral3, "Mistral3"),
    "idefics3": (idefics3, "Idefics3"),
    "smolvlm": (idefics3, "SmolVLM"),
    "llama4": (llama4, "Llama4"),
    "qwen2_vl": (lambda pick: qwen(pick, "qwen2_vl"), "Qwen2VL"),
    "qwen2_5_vl": (lambda pick: qwen(pick, "qwen2_5_vl"), "Qwen2_5_VL"),
    "qwen3_vl": (lambda pick: qwen(pick, "qwen3_vl"), "Qwen3VL"),
    "qwen3_vl_moe": (
        lambda pick: qwen(
            pick,
            "qwen3_vl_moe",
            num_experts=4,
            num_experts_per_tok=pick.choice([1, 2]),
            moe_intermediate_size=12,
            decoder_sparse_step=pick.choice([1, 2]),
        ),
        "Qwen3VLMoe",
    ),
    "blip-2 (opt)": (lambda pick: blip(pick, "opt"), "Blip2"),
    "blip-2 (t5)": (lambda pick: blip(pick, "t5"), "Blip2"),
    "qwen3_5": (lambda pick: qwen3_5(pick, "qwen3_5"), "Qwen3_5"),
    "qwen3_5_moe": (
        lambda pick: qwen3_5(
            pick,
            "qwen3_5_moe",
            num_experts=4,
            num_experts_per_tok=pick.choice([1, 2]),
            moe_intermediate_size=12,
            shared_expert_intermediate_size=20,
        ),
        "Qwen3_5Moe",
    ),
}
# How the class names what the closed form calls vision, projector and text
PARTS = {
    "vision": ("model.vision_tower",),
    "projector": ("model.multi_modal_projector",),
    "text": ("model.language_model", "lm_head"),
}
QWEN = {
    "vision": ("model.visual.patch_embed", "model.visual.blocks"),
    "projector": ("model.visual.merger",),
    "text": PARTS["text"],
}
OTHERS: dict[str, dict[str, tuple[str, ...]]] = {
    "llava_next": PARTS | {"projector": ("model.multi_modal_projector", "model.image_newline")},
    "idefics3": {
        "vision": ("model.vision_model",), "projector": ("model.connector",), "text": ("model.text_model", "lm_head"),
    },
    "mllama": PARTS | {"vision": ("model.vision_model",)},
    "llama4": {"vision": ("vision_model",), "projector": ("multi_modal_projector",), "text": ("language_model",)},
    "qwen2_vl": QWEN,
    "qwen2_5_vl": QWEN,
    "qwen3_vl": QWEN
    | {
        "vision": (*QWEN["vision"], "model.visual.pos_embed"),
        "projector": ("model.visual.merger", "model.visual.deepstack_merger_list"),
    },
}  # fmt: skip
OTHERS["qwen3_vl_moe"] = OTHERS["qwen3_vl"]
OTHERS["qwen3_5"] = OTHERS["qwen3_5_moe"] = OTHERS["qwen3_vl"]
OTHERS["smolvlm"] = OTHERS["idefics3"]
OTHERS["blip-2 (opt)"] = OTHERS["blip-2 (t5)"] = {
    "vision": ("vision_model",), "projector": ("language_projection",), "text": ("language_model",),
}  # fmt: skip


def model_of(name: str, seed: int) -> tuple[Any, dict[str, Any], Case]:
    """A small model, its configuration, and its inputs."""
    make, prefix = CASES[name]
    case = make(random.Random(f"{name}/{seed}"))
    return *built(name.split(" ")[0], case.fields, f"{prefix}ForConditionalGeneration"), case


def chunked(name: str, case: Case, length: int) -> tuple[int, int] | None:
    """What the class executes in place of the text's recurrence, where it has one."""
    fields = case.fields["text_config"]
    return (
        executed(fields | {"model_type": f"{name}_text"}, case.batch, length)
        if "linear_key_head_dim" in fields
        else None
    )


def inputs(case: Case, length: int) -> dict[str, Any]:
    tokens = torch.full((case.batch, length), 5)
    tokens[:, 1 : case.positions + 1] = IMAGE
    kinds = (tokens == IMAGE).long()
    wanted = {"mm_token_type_ids": kinds} if "image_grid_thw" in case.inputs else {}
    return {"input_ids": tokens, "use_cache": False, **case.inputs, **wanted}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", CASES)
def test_the_closed_form_is_what_the_class_does_with_an_image(name: str, seed: int) -> None:
    model, fields, case = model_of(name, seed)
    length = case.positions + 7
    found = disagreements(
        fields, model, inputs(case, length), batch=case.batch, sequence_length=length, image_size=case.size,
        **case.lengths,
        executed=chunked(name, case, length),
    )  # fmt: skip
    assert not apart_from_masks(name, found)


@pytest.mark.parametrize("name", [name for name in CASES if not name.startswith("blip")])  # which wants an image
def test_the_closed_form_is_what_the_class_does_with_text_alone(name: str) -> None:
    model, fields, case = model_of(name, 0)
    tokens = {"input_ids": torch.full((2, 9), 5), "use_cache": False}
    assert not disagreements(fields, model, tokens, batch=2, sequence_length=9, executed=chunked(name, case, 9))


@pytest.mark.parametrize("frozen", [("vision",), ("text",), ("vision", "text"), ("vision", "projector")])
@pytest.mark.parametrize("name", CASES)
def test_frozen_towers_save_the_class_and_the_closed_form_the_same_gradients(
    name: str, frozen: tuple[str, ...]
) -> None:
    model, fields, case = model_of(name, 1)
    length, known = case.positions + 3, dict(model.named_parameters())
    parts = OTHERS.get(name, PARTS)
    theirs = [part for word in frozen for part in parts[word] if any(key.startswith(part) for key in known)]
    found = disagreements(
        fields, model, inputs(case, length), batch=case.batch, sequence_length=length, image_size=case.size,
        **case.lengths,
        frozen=frozen, frozen_in_model=tuple(theirs), executed=chunked(name, case, length),
    )  # fmt: skip
    assert not apart_from_masks(name, found)


LLAVA: dict[str, Any] = {
    "model_type": "llava", "architectures": ["LlavaForConditionalGeneration"],
    "text_config": {"model_type": "llama", "max_position_embeddings": 4096, "vocab_size": 32064},
    "vision_config": {
        "model_type": "clip_vision_model", "hidden_size": 1024, "image_size": 336, "intermediate_size": 4096,
        "num_attention_heads": 16, "num_hidden_layers": 24, "patch_size": 14,
    },
}  # fmt: skip
QWEN2_VL: dict[str, Any] = {
    "model_type": "qwen2_vl", "hidden_size": 3584, "intermediate_size": 18944, "max_position_embeddings": 32768,
    "max_window_layers": 28, "num_attention_heads": 28, "num_hidden_layers": 28, "num_key_value_heads": 4,
    "sliding_window": 32768, "use_sliding_window": False, "tie_word_embeddings": False, "vocab_size": 152064,
    "vision_config": {"depth": 32, "embed_dim": 1280, "hidden_size": 3584, "in_chans": 3, "num_heads": 16},
}  # fmt: skip
# Sums over the tensors of the released checkpoints, beside the fields that their configurations say
RELEASED: dict[str, tuple[dict[str, Any], int]] = {
    "llava-hf/llava-1.5-7b-hf": (LLAVA, 7063427072),
    "google/paligemma-3b-pt-224": (
        {
            "model_type": "paligemma", "projection_dim": 2048,
            "text_config": {
                "model_type": "gemma", "hidden_size": 2048, "intermediate_size": 16384, "num_attention_heads": 8,
                "num_hidden_layers": 18, "num_key_value_heads": 1, "vocab_size": 257216,
            },
            "vision_config": {
                "model_type": "siglip_vision_model", "hidden_size": 1152, "intermediate_size": 4304,
                "num_attention_heads": 16, "num_hidden_layers": 27, "patch_size": 14, "vision_use_head": False,
            },
        },
        2923466480,
    ),
    "google/gemma-3-4b-pt": (
        {
            "model_type": "gemma3", "mm_tokens_per_image": 256,
            "text_config": {
                "model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34,
                "sliding_window": 1024,
            },
            "vision_config": {
                "model_type": "siglip_vision_model", "hidden_size": 1152, "image_size": 896, "intermediate_size": 4304,
                "num_attention_heads": 16, "num_hidden_layers": 27, "patch_size": 14, "vision_use_head": False,
            },
        },
        4300079472,
    ),
    "mistralai/Mistral-Small-3.1-24B-Base-2503": (
        {
            "model_type": "mistral3", "spatial_merge_size": 2,
            "text_config": {
                "model_type": "mistral", "head_dim": 128, "hidden_size": 5120, "intermediate_size": 32768,
                "num_attention_heads": 32, "num_hidden_layers": 40, "num_key_value_heads": 8, "vocab_size": 131072,
                "max_position_embeddings": 131072, "sliding_window": None,
            },
            "vision_config": {
                "model_type": "pixtral", "head_dim": 64, "hidden_size": 1024, "image_size": 1540,
                "intermediate_size": 4096, "num_attention_heads": 16, "num_hidden_layers": 24, "patch_size": 14,
            },
        },
        24011361280,
    ),
    "Qwen/Qwen2-VL-7B-Instruct": (QWEN2_VL, 8291375616),
    "Qwen/Qwen2.5-VL-7B-Instruct": (
        QWEN2_VL
        | {
            "model_type": "qwen2_5_vl",
            "vision_config": {
                "depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16, "out_hidden_size": 3584,
                "patch_size": 14, "window_size": 112, "fullatt_block_indexes": [7, 15, 23, 31],
            },
        },
        8292166656,
    ),
    "Qwen/Qwen3-VL-8B-Instruct": (
        {
            "model_type": "qwen3_vl", "tie_word_embeddings": False,
            "text_config": {
                "model_type": "qwen3_vl_text", "hidden_size": 4096, "intermediate_size": 12288,
                "num_attention_heads": 32, "num_hidden_layers": 36, "num_key_value_heads": 8, "head_dim": 128,
                "vocab_size": 151936,
            },
            "vision_config": {
                "depth": 27, "hidden_size": 1152, "intermediate_size": 4304, "num_heads": 16, "out_hidden_size": 4096,
                "patch_size": 16, "num_position_embeddings": 2304, "deepstack_visual_indexes": [8, 16, 24],
            },
        },
        8767123696,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RELEASED)
def test_sizes_of_released_models(name: str) -> None:
    fields, parameters = RELEASED[name]
    found = count(fields, sequence_length=64).parameters
    assert found is not None
    assert found.total == parameters


def test_blip_2_has_the_size_of_its_model_card() -> None:
    text = {
        "model_type": "opt", "hidden_size": 2560, "num_hidden_layers": 32, "ffn_dim": 10240, "num_attention_heads": 32,
        "word_embed_proj_dim": 2560,
    }  # fmt: skip
    fields = {"model_type": "blip-2", "text_config": text, "vision_config": {}, "qformer_config": {}}
    found = count(fields, sequence_length=64).parameters
    assert found is not None
    assert round(found.total / 1e9, 2) == 3.74  # Salesforce/blip2-opt-2.7b


def test_a_token_of_text_uses_the_text_tower_alone() -> None:
    from comptometer.formulas import count as formula_count

    text_alone, whole = count(LLAVA, sequence_length=64), count(LLAVA, sequence_length=640, image_size=336)
    vicuna = LLAVA["text_config"] | {
        "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
    }  # fmt: skip
    alone = formula_count(vicuna, sequence_length=64)
    assert text_alone.parameters is not None
    assert alone.parameters is not None
    assert whole.parameters is not None
    assert text_alone.parameters.active == alone.parameters.total
    assert (text_alone.forward, text_alone.backward) == (alone.forward, alone.backward)
    assert whole.parameters.active == whole.parameters.total


def test_the_last_layer_of_the_tower_runs_without_gradient_where_the_one_below_is_read() -> None:
    below = count(LLAVA, sequence_length=640, image_size=336)
    top = count(LLAVA | {"vision_feature_layer": -1}, sequence_length=640, image_size=336)
    assert below.forward == top.forward
    assert 0 < top.backward - below.backward < top.backward / 100


def test_a_window_saves_pairs_and_not_products() -> None:
    fields = RELEASED["Qwen/Qwen2.5-VL-7B-Instruct"][0]
    whole = fields | {"vision_config": fields["vision_config"] | {"fullatt_block_indexes": list(range(32))}}
    near, far = (count(f, sequence_length=2048, image_size=1008).by_module for f in (fields, whole))
    core = "vision.layers.*.attention.core"
    # 72 × 72 patches, windows of 8 × 8: 4 layers of 5184² and 28 of 81 · 64² pairs, 2 products of width 80, 16 heads
    assert near[core].forward == 2 * 2 * 80 * 16 * (4 * 5184**2 + 28 * 81 * 64**2)
    assert far[core].forward == 2 * 2 * 80 * 16 * 32 * 5184**2
    assert near["vision.layers.*.attention.q"].forward == far["vision.layers.*.attention.q"].forward


@pytest.mark.parametrize(
    ("fields", "options", "said"),
    [
        (LLAVA, {"image_size": 224}, "336 × 336 pixels"),
        (LLAVA, {"image_size": 336, "sequence_length": 100}, "576 positions, more than the 100"),
    ],
)
def test_an_image_that_cannot_be_is_refused(fields: dict[str, Any], options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        count(fields, **options)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"vision_feature_layer": 40}, "vision_feature_layer: needs layers of the 24"),
        ({"vision_feature_layer": "last"}, "vision_feature_layer: needs a whole number"),
        ({"vision_feature_select_strategy": "some"}, "vision_feature_select_strategy: needs default or full"),
        ({"vision_config": {"model_type": "mine"}}, r"vision_config\.model_type: needs one of clip_vision_model"),
        ({"vision_config": [1]}, "vision_config: needs an object"),
        ({"text_config": {"model_type": "llama", "hidden_size": "wide"}}, r"text_config\.hidden_size: needs a whole"),
    ],
)
def test_a_field_that_cannot_be_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        count(LLAVA | change, sequence_length=640, image_size=336)


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(0, 64), st.floats(), st.text(max_size=3),
    st.lists(st.integers(-3, 99), max_size=3), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip
NESTED = [
    "hidden_size", "num_attention_heads", "num_hidden_layers", "intermediate_size", "image_size", "patch_size",
    "num_channels", "vision_use_head", "depth", "num_heads", "embed_dim", "mlp_ratio", "window_size", "model_type",
    "fullatt_block_indexes", "deepstack_visual_indexes", "num_key_value_heads", "head_dim", "vocab_size",
]  # fmt: skip
OUTER = [
    "text_config", "vision_config", "vision_feature_layer", "vision_feature_select_strategy", "image_grid_pinpoints",
    "scale_factor", "downsample_ratio", "mm_tokens_per_image", "spatial_merge_size", "projection_dim", "architectures",
    "num_query_tokens", "qformer_config",
]  # fmt: skip
SEEING = sorted({name.split(" ")[0] for name in CASES})


def outcome(fields: dict[str, Any], image: Any) -> int | str:
    """The count, or what was refused; anything else escapes."""
    try:
        return count(fields, sequence_length=4096, image_size=image).forward
    except ComptometerError as error:
        return str(error)


@settings(deadline=None)
@given(
    st.sampled_from(SEEING),
    st.dictionaries(st.sampled_from(OUTER), ANYTHING, max_size=2),
    st.dictionaries(st.sampled_from(NESTED), ANYTHING, max_size=2),
    st.dictionaries(st.sampled_from(NESTED), ANYTHING, max_size=2),
    st.sampled_from([None, 8, 336, (448, 224)]),
)
def test_no_configuration_brings_the_counter_down(
    model_type: str, outer: dict[str, Any], vision: dict[str, Any], language: dict[str, Any], image: Any
) -> None:
    fields = {"model_type": model_type, "text_config": language, "vision_config": vision} | outer
    assert outcome(fields, image)
