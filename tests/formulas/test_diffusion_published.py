"""Denoising networks with the fields of their published configurations: sizes, operations, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comptometer.errors import ComptometerError, DataError, UsageError
from comptometer.formulas import count
from comptometer.ops import Convention

FULL = Convention(recompute="full")
Fields = dict[str, Any]

SD15: Fields = {
    "_class_name": "UNet2DConditionModel", "act_fn": "silu", "attention_head_dim": 8,
    "block_out_channels": [320, 640, 1280, 1280], "center_input_sample": False, "cross_attention_dim": 768,
    "down_block_types": ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"], "downsample_padding": 1,
    "flip_sin_to_cos": True, "freq_shift": 0, "in_channels": 4, "layers_per_block": 2, "mid_block_scale_factor": 1,
    "norm_eps": 1e-05, "norm_num_groups": 32, "out_channels": 4, "sample_size": 64,
    "up_block_types": ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3,
}  # fmt: skip
SD21 = SD15 | {
    "attention_head_dim": [5, 10, 20, 20], "cross_attention_dim": 1024, "sample_size": 96,
    "use_linear_projection": True, "dual_cross_attention": False, "num_class_embeds": None,
    "only_cross_attention": False, "upcast_attention": True,
}  # fmt: skip
SDXL = SD15 | {
    "addition_embed_type": "text_time", "addition_time_embed_dim": 256, "attention_head_dim": [5, 10, 20],
    "block_out_channels": [320, 640, 1280], "class_embed_type": None, "cross_attention_dim": 2048,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"], "sample_size": 128,
    "mid_block_type": "UNetMidBlock2DCrossAttn", "projection_class_embeddings_input_dim": 2816,
    "resnet_time_scale_shift": "default", "time_embedding_type": "positional", "use_linear_projection": True,
    "transformer_layers_per_block": [1, 2, 10], "conv_in_kernel": 3, "conv_out_kernel": 3,
}  # fmt: skip
VAE: Fields = {
    "_class_name": "AutoencoderKL", "act_fn": "silu", "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4, "in_channels": 3, "latent_channels": 4, "layers_per_block": 2,
    "norm_num_groups": 32, "out_channels": 3, "sample_size": 512, "up_block_types": ["UpDecoderBlock2D"] * 4,
}  # fmt: skip
CIFAR: Fields = {
    "_class_name": "UNet2DModel", "act_fn": "silu", "attention_head_dim": None, "center_input_sample": False,
    "block_out_channels": [128, 256, 256, 256], "downsample_padding": 0, "flip_sin_to_cos": False, "freq_shift": 1,
    "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"], "in_channels": 3,
    "layers_per_block": 2, "norm_eps": 1e-06, "norm_num_groups": 32, "out_channels": 3, "sample_size": 32,
    "time_embedding_type": "positional", "up_block_types": ["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
}  # fmt: skip
CELEBA = CIFAR | {
    "block_out_channels": [128, 128, 256, 256, 512, 512], "sample_size": 256,
    "down_block_types": ["DownBlock2D"] * 4 + ["AttnDownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "AttnUpBlock2D"] + ["UpBlock2D"] * 4,
}  # fmt: skip
DIT: Fields = {
    "_class_name": "Transformer2DModel", "activation_fn": "gelu-approximate", "attention_bias": True,
    "attention_head_dim": 72, "cross_attention_dim": None, "in_channels": 4, "norm_elementwise_affine": False,
    "norm_num_groups": 32, "norm_type": "ada_norm_zero", "num_attention_heads": 16, "num_embeds_ada_norm": 1000,
    "num_layers": 28, "num_vector_embeds": None, "only_cross_attention": False, "out_channels": 8, "patch_size": 2,
    "sample_size": 32, "upcast_attention": False, "use_linear_projection": False,
}  # fmt: skip
PIXART = DIT | {
    "norm_type": "ada_norm_single", "cross_attention_dim": 1152, "caption_channels": 4096, "sample_size": 64,
    "attention_type": "default", "double_self_attention": False, "norm_eps": 1e-06,
}  # fmt: skip
SD3: Fields = {
    "_class_name": "SD3Transformer2DModel", "attention_head_dim": 64, "caption_projection_dim": 1536,
    "in_channels": 16, "joint_attention_dim": 4096, "num_attention_heads": 24, "num_layers": 24, "out_channels": 16,
    "patch_size": 2, "pooled_projection_dim": 2048, "pos_embed_max_size": 192, "sample_size": 128,
}  # fmt: skip
FLUX: Fields = {
    "_class_name": "FluxTransformer2DModel", "attention_head_dim": 128, "guidance_embeds": True, "in_channels": 64,
    "joint_attention_dim": 4096, "num_attention_heads": 24, "num_layers": 19, "num_single_layers": 38,
    "patch_size": 1, "pooled_projection_dim": 768,
}  # fmt: skip


def size(fields: Fields) -> int:
    found = count(fields).parameters
    assert found is not None
    return found.total


@pytest.mark.parametrize(
    ("fields", "published"),
    [  # sums over the tensors of each release
        (SD15, 859520964),
        (SD21, 865910724),
        (SDXL, 2567463684),
        (VAE, 83653863),
        (CIFAR, 35746307),
        (CELEBA, 113673219),
        (FLUX, 11901408320),
    ],
)
def test_sizes_of_released_models(fields: Fields, published: int) -> None:
    assert size(fields) == published


def test_sizes_as_the_papers_round_them() -> None:
    # Ho et al. 2020, appendix B; Podell et al. 2023, table 1; Esser et al. 2024 (2B); Chen et al. 2023 (0.6B)
    assert size(CIFAR) == pytest.approx(35.7e6, rel=0.002)
    assert size(CELEBA) == pytest.approx(114e6, rel=0.005)
    assert size(SDXL) == pytest.approx(2.6e9, rel=0.02)
    assert size(SD3) == pytest.approx(2.03e9, rel=0.001)
    assert size(PIXART) == pytest.approx(0.6e9, rel=0.02)


# Peebles and Xie 2023, table 4: heads, head width, layers, patch, millions of parameters, "Gflops". These are
# multiply-adds, as the authors say (facebookresearch/DiT, issue 14).
TABLE = [
    (6, 64, 12, 8, 33, 0.36), (6, 64, 12, 4, 33, 1.41), (6, 64, 12, 2, 33, 6.06),
    (12, 64, 12, 8, 131, 1.42), (12, 64, 12, 4, 130, 5.56), (12, 64, 12, 2, 130, 23.01),
    (16, 64, 24, 8, 459, 5.01), (16, 64, 24, 4, 458, 19.70), (16, 64, 24, 2, 458, 80.71),
    (16, 72, 28, 8, 676, 7.39), (16, 72, 28, 4, 675, 29.05), (16, 72, 28, 2, 675, 118.64),
]  # fmt: skip


@pytest.mark.parametrize(("heads", "head_width", "layers", "patch", "millions", "billions"), TABLE)
def test_the_table_of_dit(
    heads: int, head_width: int, layers: int, patch: int, millions: float, billions: float
) -> None:
    """The paper's code embeds time step and class once; the released class does so in each layer."""
    shape = {"num_attention_heads": heads, "attention_head_dim": head_width, "num_layers": layers, "patch_size": patch}
    found, d = count(DIT | shape), heads * head_width
    time, classes = 256 * d + d + d * d + d, 1001 * d
    assert found.parameters is not None
    shared = found.parameters.total - (layers - 1) * (time + classes)
    assert shared == pytest.approx(millions * 1e6, rel=0.006)
    multiply_adds = found.forward / 2 - layers * (256 * d + d * d)
    assert multiply_adds / 1e9 == pytest.approx(billions, rel=5e-4, abs=0.006)


def test_heads_are_what_attention_head_dim_says() -> None:
    one, eight = (count(SD15 | {"attention_head_dim": heads}) for heads in (1, 8))
    assert one.forward == eight.forward  # as wide together
    assert one.parameters == eight.parameters


def test_a_first_convolution_forms_no_gradient_of_the_latents() -> None:
    for fields, name in ((SD15, "in"), (CIFAR, "in"), (VAE, "encoder.in")):
        first = count(fields).by_module[name]
        assert first.backward == first.forward


def test_training_the_network_leaves_the_autoencoder_forward_only() -> None:
    frozen = count(VAE)
    parts = {name: term.forward for name, term in frozen.by_module.items()}
    encoding = sum(work for name, work in parts.items() if name.startswith(("encoder.", "quant")))
    decoding = sum(work for name, work in parts.items() if name.startswith(("decoder.", "post_quant")))
    assert encoding + decoding == frozen.forward
    assert encoding < decoding


def test_only_what_reads_a_text_grows_with_it() -> None:
    short, long = (count(SD15, sequence_length=length).by_module for length in (77, 154))
    grown = {name for name in short if long[name].forward > short[name].forward}
    assert {name.rpartition(".")[2] for name in grown} == {"k", "v", "core"}
    assert all("cross_attention" in name for name in grown)


def test_full_recomputation_repeats_blocks_and_transformer_layers() -> None:
    again = {term.module for term in count(SD15, convention=FULL).terms if term.recomputed}
    assert "down.0.residual.conv1" in again
    assert "middle.transformer.layers.*.attention.core" in again
    assert "in" not in again


@pytest.mark.parametrize("fields", [SD15, SDXL, CIFAR, VAE, DIT, PIXART, SD3, FLUX])
def test_work_is_linear_in_the_batch(fields: Fields) -> None:
    one, three = count(fields), count(fields, batch=3)
    assert (three.forward, three.backward) == (3 * one.forward, 3 * one.backward)


@pytest.mark.parametrize(
    ("fields", "change", "said"),
    [
        (SD15, {"block_out_channels": None}, "block_out_channels: needs 1 to 30"),
        (SD15, {"block_out_channels": [320, 640, 1280]}, "down_block_types: needs one kind of block for each of 3"),
        (SD15, {"norm_num_groups": 33}, "norm_num_groups: needs a divisor"),
        (SD15, {"down_block_types": ["SimpleCrossAttnDownBlock2D"] * 4}, "down_block_types: needs DownBlock2D or"),
        (SD15, {"mid_block_type": "UNetMidBlock2DSimpleCrossAttn"}, "mid_block_type: needs"),
        (SD15, {"attention_head_dim": [8, 8]}, "attention_head_dim: needs one whole number for each of 4"),
        (SD15, {"attention_head_dim": 400}, "attention_head_dim: needs at most 320 heads"),
        (SD15, {"transformer_layers_per_block": [1, 2]}, "transformer_layers_per_block: needs one entry for each"),
        (SD15, {"transformer_layers_per_block": [[1], 1, 1, 1]}, "transformer_layers_per_block: needs whole numbers"),
        (SD15, {"transformer_layers_per_block": [[1, 2], 1, 1, 1]}, "reverse_transformer_layers_per_block: needs"),
        (SD15, {"only_cross_attention": [True]}, "only_cross_attention: needs true or false for each"),
        (SD15, {"dual_cross_attention": True}, "dual_cross_attention: needs False"),
        (SD15, {"time_cond_proj_dim": 256}, "time_cond_proj_dim: needs nothing"),
        (SD15, {"time_embedding_type": "fourier"}, "time_embedding_type: needs 'positional'"),
        (SD15, {"attention_type": "gated"}, "attention_type: needs 'default'"),
        (SD15, {"addition_embed_type": "image"}, "addition_embed_type: needs text_time"),
        (SD15, {"addition_embed_type": "text_time"}, "projection_class_embeddings_input_dim: needs a whole number"),
        (SD15, {"class_embed_type": "odd"}, "class_embed_type: needs"),
        (SD15, {"class_embeddings_concat": True}, "class_embeddings_concat: needs false"),
        (SD15, {"encoder_hid_dim_type": "image_proj"}, "encoder_hid_dim_type: needs text_proj"),
        (SD15, {"conv_in_kernel": 4}, "conv_in_kernel: needs an odd number"),
        (SD15, {"sample_size": None}, "sample_size: needs a whole number"),
        (SD15, {"a_new_field": 3}, "a_new_field: needs to be left out"),
        (CIFAR, {"sample_size": 36}, "sample_size: needs multiples of 8"),
        (CIFAR, {"downsample_type": "fir"}, "downsample_type: needs conv or resnet"),
        (CIFAR, {"down_block_types": ["AttnSkipDownBlock2D"] * 4}, "down_block_types: needs"),
        (CIFAR, {"time_embedding_type": "fourier"}, "time_embedding_type: needs positional or learned"),
        (CIFAR, {"resnet_time_scale_shift": "ada_group"}, "resnet_time_scale_shift: needs default or scale_shift"),
        (VAE, {"up_block_types": ["UpBlock2D"] * 4}, "up_block_types: needs UpDecoderBlock2D"),
        (VAE, {"norm_type": "spatial"}, "norm_type: needs to be left out"),
        (DIT, {"norm_type": "ada_norm"}, "norm_type: needs ada_norm_zero or ada_norm_single"),
        (DIT, {"activation_fn": "geglu"}, "activation_fn: needs 'gelu-approximate'"),
        (DIT, {"cross_attention_dim": 5}, "cross_attention_dim: needs nothing"),
        (PIXART, {"norm_elementwise_affine": True}, "norm_elementwise_affine: needs False"),
        (SD3, {"caption_projection_dim": 5}, "caption_projection_dim: needs 1536"),
        (FLUX, {"rotary": 5}, "rotary: needs to be left out"),
    ],
)
def test_a_field_that_is_not_known_is_named(fields: Fields, change: Fields, said: str) -> None:
    with pytest.raises(DataError, match=said):
        count(fields | change)


def test_an_image_that_cannot_be_halved_is_refused() -> None:
    with pytest.raises(UsageError, match="too few positions"):
        count(VAE, image_size=(4, 4))


def test_a_length_is_refused_where_nothing_is_read() -> None:
    with pytest.raises(UsageError, match="sequence_length"):
        count(CIFAR, sequence_length=77)


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.lists(st.integers(0, 9), max_size=5),
    st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=5), st.dictionaries(st.text(max_size=2), st.integers()),
)  # fmt: skip


def outcome(fields: Fields, **given: Any) -> int | str:
    """The count, or what was refused; anything else escapes."""
    try:
        return count(fields, **given).forward
    except ComptometerError as error:
        return str(error)


@given(st.sampled_from([SD15, SDXL, CIFAR, VAE, DIT, PIXART, SD3, FLUX]), st.data())
def test_no_configuration_brings_the_counter_down(fields: Fields, data: st.DataObject) -> None:
    named = st.sampled_from([*(name for name in fields if name != "_class_name"), "only_cross_attention", "qk_norm"])
    changed = data.draw(st.dictionaries(named, ANYTHING, min_size=1, max_size=3))
    size = data.draw(st.one_of(st.none(), st.tuples(st.integers(1, 70), st.integers(1, 70))))
    found = outcome(fields | changed, image_size=size)
    assert found != 0
