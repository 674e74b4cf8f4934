"""Sizes and operation counts of released models, as their makers published them, from their `config.json`.

Sizes are sums over published weights (exact), or rounded figures of papers and model cards.
"""

from __future__ import annotations

from typing import Any

import pytest

from comptometer.counting import count
from comptometer.ops import OpCount


def fields(
    model_type: str, width: int, layers: int, heads: int, groups: int, mlp: int, vocabulary: int, **more: Any
) -> dict[str, Any]:
    return {
        "model_type": model_type, "hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads,
        "num_key_value_heads": groups, "intermediate_size": mlp, "vocab_size": vocabulary,
    } | more  # fmt: skip


def experts(number: int, chosen: int, width: int, **more: Any) -> dict[str, Any]:
    return {
        "num_experts": number, "n_routed_experts": number, "num_local_experts": number, "num_experts_per_tok": chosen,
        "moe_intermediate_size": width,
    } | more  # fmt: skip


LATENT = {
    "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_rope_head_dim": 64, "qk_nope_head_dim": 128, "v_head_dim": 128,
}  # fmt: skip
DEEPSEEK = fields("deepseek_v3", 7168, 61, 128, 128, 18432, 129280, **LATENT) | experts(
    256, 8, 2048, n_shared_experts=1, first_k_dense_replace=3, num_nextn_predict_layers=1
)
DEEPSEEK_32 = DEEPSEEK | {
    "model_type": "deepseek_v32", "index_topk": 2048, "index_head_dim": 128, "index_n_heads": 64
}  # fmt: skip
GPT_OSS_120B = fields("gpt_oss", 2880, 36, 64, 8, 2880, 201088, head_dim=64, sliding_window=128) | experts(128, 4, 2880)
GPT_OSS_20B = GPT_OSS_120B | {"num_hidden_layers": 24, "num_local_experts": 32}
GLM_45 = fields("glm4_moe", 5120, 92, 96, 8, 12288, 151552, head_dim=128, attention_bias=True) | experts(
    160, 8, 1536, n_shared_experts=1, first_k_dense_replace=3, use_qk_norm=True, num_nextn_predict_layers=1
)
GLM_45_AIR = fields("glm4_moe", 4096, 46, 96, 8, 10944, 151552, head_dim=128, attention_bias=True) | experts(
    128, 8, 1408, n_shared_experts=1, first_k_dense_replace=1, use_qk_norm=False, num_nextn_predict_layers=1
)
LLAMA_4 = {"head_dim": 128, "intermediate_size_mlp": 16384, "attention_chunk_size": 8192, "num_experts_per_tok": 1}
GEMMA_3N = {
    "head_dim": 256, "vocab_size_per_layer_input": 262144, "hidden_size_per_layer_input": 256, "altup_num_inputs": 4,
    "laurel_rank": 64, "sliding_window": 512,
}  # fmt: skip
PALM = fields("palm", 18432, 118, 48, 1, 73728, 256000, head_dim=256)
FALCON_180B = {
    "model_type": "falcon", "hidden_size": 14848, "num_hidden_layers": 80, "num_attention_heads": 232,
    "num_kv_heads": 8, "new_decoder_architecture": True, "vocab_size": 65024,
}  # fmt: skip

# Sums over the published weights, as their model cards show them.
EXACT: dict[str, tuple[dict[str, Any], int]] = {
    "Llama 3.1 8B": (fields("llama", 4096, 32, 32, 8, 14336, 128256), 8_030_261_248),
    "Llama 3.1 70B": (fields("llama", 8192, 80, 64, 8, 28672, 128256), 70_553_706_496),
    "Llama 3.1 405B": (fields("llama", 16384, 126, 128, 8, 53248, 128256), 405_853_388_800),
    "Mixtral 8x7B": (fields("mixtral", 4096, 32, 32, 8, 14336, 32000) | experts(8, 2, 14336), 46_702_792_704),
    "Mixtral 8x22B": (fields("mixtral", 6144, 56, 48, 8, 16384, 32768) | experts(8, 2, 16384), 140_630_071_296),
    "Qwen3-30B-A3B": (
        fields("qwen3_moe", 2048, 48, 32, 4, 6144, 151936, head_dim=128) | experts(128, 8, 768),
        30_532_122_624,
    ),
    "Qwen3-235B-A22B": (
        fields("qwen3_moe", 4096, 94, 64, 4, 12288, 151936, head_dim=128) | experts(128, 8, 1536),
        235_093_634_560,
    ),
    "gpt-oss-20b": (GPT_OSS_20B, 20_914_757_184),
    "gpt-oss-120b": (GPT_OSS_120B, 116_829_156_672),
    "DeepSeek-V3": (DEEPSEEK, 671_026_404_352),
    "DBRX": (
        {
            "model_type": "dbrx", "d_model": 6144, "n_layers": 40, "n_heads": 48, "vocab_size": 100352,
            "attn_config": {"kv_n_heads": 8},
            "ffn_config": {"ffn_hidden_size": 10752, "moe_num_experts": 16, "moe_top_k": 4},
        },
        131_596_523_520,
    ),
    "Falcon-7B": (
        {
            "model_type": "falcon", "hidden_size": 4544, "num_hidden_layers": 32, "num_attention_heads": 71,
            "multi_query": True, "parallel_attn": True, "vocab_size": 65024,
        },
        6_921_720_704,
    ),
    "Gemma 3 27B, text": (
        fields("gemma3_text", 5376, 62, 32, 16, 21504, 262208, head_dim=128, sliding_window=1024),
        27_009_346_304,
    ),
    "Phi-3.5-MoE": (
        fields("phimoe", 4096, 32, 32, 8, 6400, 32064, attention_bias=True, lm_head_bias=True)
        | experts(16, 2, 6400),
        41_873_153_344,
    ),
    "MiniMax-M2": (
        fields("minimax_m2", 3072, 62, 48, 8, 1536, 200064, head_dim=128) | experts(256, 8, 1536),
        228_689_748_992,
    ),
    "Hunyuan-A13B": (
        fields("hunyuan_v1_moe", 4096, 32, 32, 8, 3072, 128167, head_dim=128, tie_word_embeddings=True)
        | {"num_experts": 64, "moe_topk": [8] * 32, "moe_intermediate_size": [3072] * 32}
        | {"num_shared_expert": [1] * 32},
        80_393_183_232,
    ),
    "ERNIE-4.5-21B-A3B": (
        fields("ernie4_5_moe", 2560, 28, 20, 4, 12288, 103424)
        | {"moe_num_experts": 64, "moe_k": 6, "moe_intermediate_size": 1536, "moe_num_shared_experts": 2}
        | {"moe_layer_start_index": 1},
        21_825_437_888,
    ),
    "ERNIE-4.5-0.3B": (fields("ernie4_5", 1024, 18, 16, 2, 3072, 103424, head_dim=128), 360_748_032),
    "Granite 3.0 1B-A400M": (
        fields("granitemoe", 1024, 24, 16, 8, 512, 49155, tie_word_embeddings=True) | experts(32, 8, 512),
        1_334_628_352,
    ),
    "GLM-4-9B": (fields("glm", 4096, 40, 32, 2, 13696, 151552, head_dim=128), 9_399_951_360),
    "GLM-4-9B-0414": (fields("glm4", 4096, 40, 32, 2, 13696, 151552, head_dim=128), 9_400_279_040),
    "GLM-4-32B-0414": (
        fields("glm4", 6144, 61, 48, 2, 23040, 151552, head_dim=128, attention_bias=False),
        32_566_081_536,
    ),
    "ChatGLM3-6B": (
        {
            "model_type": "chatglm", "num_layers": 28, "hidden_size": 4096, "ffn_hidden_size": 13696,
            "num_attention_heads": 32, "kv_channels": 128, "multi_query_attention": True,
            "multi_query_group_num": 2, "padded_vocab_size": 65024, "add_qkv_bias": True, "add_bias_linear": False,
        },
        6_243_584_000,
    ),
    "EXAONE 4.0 32B": (
        fields("exaone4", 5120, 64, 40, 8, 27392, 102400, head_dim=128, sliding_window=4096)
        | {"layer_types": (["sliding_attention"] * 3 + ["full_attention"]) * 16},
        32_003_216_384,
    ),
    "Apertus 8B": (fields("apertus", 4096, 32, 32, 8, 21504, 131072), 8_053_338_176),
    "SmolLM3 3B": (fields("smollm3", 2048, 36, 16, 4, 11008, 128256), 3_075_098_624),
    "OLMo 3 32B": (fields("olmo3", 5120, 64, 40, 8, 27648, 100278, sliding_window=4096), 32_233_522_176),
    "VaultGemma 1B": (
        fields("vaultgemma", 1152, 26, 4, 4, 6912, 256000, head_dim=256, sliding_window=512),
        1_038_741_120,
    ),
    "BitNet b1.58 2B4T": (
        fields("bitnet", 2560, 30, 20, 5, 6912, 128256, tie_word_embeddings=True),
        2_412_820_480,
    ),
    "MPT-7B": (
        {"model_type": "mpt", "d_model": 4096, "n_heads": 32, "n_layers": 32, "vocab_size": 50432},
        6_649_286_656,
    ),
    "StarCoder": (
        {
            "model_type": "gpt_bigcode", "n_embd": 6144, "n_head": 48, "n_layer": 40, "n_inner": 24576,
            "n_positions": 8192, "vocab_size": 49152,
        },
        15_517_456_384,
    ),
    "GPT-Neo 2.7B": (
        {
            "model_type": "gpt_neo", "hidden_size": 2560, "num_heads": 20, "num_layers": 32, "vocab_size": 50257,
            "max_position_embeddings": 2048, "attention_types": [[["global", "local"], 16]],
        },
        2_651_307_520,
    ),
    "CodeGen 350M": (
        {"model_type": "codegen", "n_embd": 1024, "n_head": 16, "n_layer": 20, "vocab_size": 51200, "rotary_dim": 32},
        356_712_448,
    ),
    "XGLM 564M": (
        {"model_type": "xglm", "d_model": 1024, "attention_heads": 16, "num_layers": 24, "ffn_dim": 4096}
        | {"vocab_size": 256008},
        564_463_616,
    ),
    "JetMoE 8B": (
        {"model_type": "jetmoe", "hidden_size": 2048, "num_hidden_layers": 24, "num_key_value_heads": 16}
        | {"kv_channels": 128, "intermediate_size": 5632, "num_local_experts": 8, "num_experts_per_tok": 2}
        | {"vocab_size": 32000},
        8_522_237_952,
    ),
    "BioGPT": (
        {"model_type": "biogpt", "hidden_size": 1024, "num_attention_heads": 16, "num_hidden_layers": 24}
        | {"intermediate_size": 4096, "vocab_size": 42384},
        346_763_264,
    ),
}  # fmt: skip


def sizes(config: dict[str, Any], **options: Any) -> tuple[int, int, int]:
    """Total, active, and active without the input embedding."""
    found = count(config, **options).parameters
    assert found is not None
    return found.total, found.active, found.active - found.embedding


@pytest.mark.parametrize("name", EXACT)
def test_a_configuration_gives_the_published_size_to_the_last_parameter(name: str) -> None:
    config, published = EXACT[name]
    assert sizes(config)[0] == published


# Billions, total and used per token, as papers and model cards round them, and how far they round; a name with a star
# leaves the input embedding out of what is used.
ROUNDED: dict[str, tuple[dict[str, Any], float, float, float]] = {
    "Llama 4 Scout": (
        fields("llama4_text", 5120, 48, 40, 8, 8192, 202048, num_local_experts=16) | LLAMA_4,
        109, 17, 0.02,
    ),
    "Llama 4 Maverick": (
        fields("llama4_text", 5120, 48, 40, 8, 8192, 202048, num_local_experts=128, interleave_moe_layer_step=2)
        | LLAMA_4,
        400, 17, 0.02,
    ),
    "Mixtral 8x7B": (EXACT["Mixtral 8x7B"][0], 46.7, 12.9, 0.003),
    "Mixtral 8x22B": (EXACT["Mixtral 8x22B"][0], 141, 39, 0.005),
    "DBRX": (EXACT["DBRX"][0], 132, 36, 0.015),
    "Qwen3-235B-A22B": (EXACT["Qwen3-235B-A22B"][0], 235, 22, 0.01),
    "Qwen3-30B-A3B": (EXACT["Qwen3-30B-A3B"][0], 30.5, 3.3, 0.02),
    "DeepSeek-V3": (DEEPSEEK, 671, 37, 0.02),
    "Phi-3.5-MoE": (EXACT["Phi-3.5-MoE"][0], 41.9, 6.6, 0.01),
    "GLM-4.5 *": (GLM_45, 355, 32, 0.03),
    "GLM-4.5-Air *": (GLM_45_AIR, 106, 12, 0.07),
    "Kimi K2 *": (
        fields("kimi_k2", 7168, 61, 64, 64, 18432, 163840, **LATENT)
        | experts(384, 8, 2048, n_shared_experts=1, first_k_dense_replace=1),
        1040, 32, 0.015,
    ),
    "GLM-5 *": (
        fields("glm_moe_dsa", 6144, 78, 64, 64, 12288, 154880, **LATENT)
        | experts(256, 8, 2048, n_shared_experts=1, first_k_dense_replace=3)
        | {"q_lora_rank": 2048, "qk_nope_head_dim": 192, "v_head_dim": 256}
        | {"index_topk": 2048, "index_head_dim": 128, "index_n_heads": 32},
        744, 40, 0.025,
    ),
    "LongCat-Flash *": (
        fields("longcat_flash", 6144, 28, 64, 64, 12288, 131072, **LATENT)
        | {"num_layers": 28, "ffn_hidden_size": 12288, "expert_ffn_hidden_size": 2048, "n_routed_experts": 512}
        | {"zero_expert_num": 256, "moe_topk": 12},
        560, 27, 0.01,
    ),
    "dots.llm1": (
        fields("dots1", 4096, 62, 32, 32, 10944, 152064, head_dim=128)
        | experts(128, 6, 1408, n_shared_experts=2, first_k_dense_replace=1),
        142, 14, 0.01,
    ),
    "MiMo-V2-Flash *": (
        fields("mimo_v2_flash", 4096, 48, 64, 4, 16384, 152576, head_dim=192, v_head_dim=128)
        | experts(256, 8, 2048),
        309, 15, 0.015,
    ),
    "nanochat d32": (fields("nanochat", 2048, 32, 16, 16, 8192, 65536), 1.9, 1.9, 0.015),
    "Solar Open 100B": (
        fields("solar_open", 4096, 48, 64, 8, 1, 196608, head_dim=128) | experts(128, 8, 1280, n_shared_experts=1),
        102.6, 12, 0.01,
    ),
    "FlexOlmo 7x7B": (fields("flex_olmo", 4096, 32, 32, 32, 11008, 100352) | experts(7, 5, 11008), 33, 24.6, 0.01),
    "GLM-4.7-Flash *": (
        fields("glm4_moe_lite", 2048, 47, 20, 20, 10240, 154880, **LATENT) | experts(64, 4, 1536, n_shared_experts=1)
        | {"q_lora_rank": 768, "v_head_dim": 256, "qk_nope_head_dim": 192},
        30, 3.6, 0.02,
    ),
    "CWM 32B": (fields("cwm", 6144, 64, 48, 8, 21504, 128256, head_dim=128, sliding_window=8192), 32.6, 32.6, 0.002),
    "PaLM 540B": (PALM, 540.35, 540.35, 1e-4),
    "PaLM 62B": (fields("palm", 8192, 64, 32, 1, 32768, 256000, head_dim=256), 62.5, 62.5, 1e-3),
    "PaLM 8B": (fields("palm", 4096, 32, 16, 1, 16384, 256000, head_dim=256), 8.63, 8.63, 1e-3),
    "GLM-130B": (fields("glm130b", 12288, 70, 96, 96, 32768, 150528), 130, 130, 0.02),
    "Nemotron-4 340B": (fields("nemotron", 18432, 96, 96, 8, 73728, 256000), 340, 340, 0.005),
    "Persimmon 8B": (fields("persimmon", 4096, 36, 64, 64, 16384, 262144), 9.4, 9.4, 0.001),
}  # fmt: skip


@pytest.mark.parametrize("name", ROUNDED)
def test_a_configuration_gives_the_published_size_as_it_is_rounded(name: str) -> None:
    config, total, active, within = ROUNDED[name]
    found = sizes(config)
    assert found[0] == pytest.approx(total * 1e9, rel=min(within, 0.02))
    assert found[2 if name.endswith("*") else 1] == pytest.approx(active * 1e9, rel=within)


@pytest.mark.parametrize(("config", "active"), [(GPT_OSS_120B, 5.13), (GPT_OSS_20B, 3.61)])
def test_gpt_oss_counts_active_parameters_without_the_input_embedding(config: dict[str, Any], active: float) -> None:
    # Model card, table 1: 116.83B and 5.13B; 20.91B and 3.61B
    assert sizes(config)[2] / 1e9 == pytest.approx(active, abs=0.005)


def test_falcon_180b_is_published_with_its_tied_head_written_out() -> None:
    assert sizes(FALCON_180B)[0] + 14848 * 65024 == 179_522_565_120


def test_modules_that_predict_further_tokens_are_the_rest_of_a_checkpoint() -> None:
    # Checkpoints hold copies of the embedding and the head, and one balance bias for each expert that is no parameter.
    main, whole = sizes(DEEPSEEK)[0], sizes(DEEPSEEK, include=["mtp"])[0]
    assert main == 671_026_404_352
    assert whole - main == pytest.approx(11.5e9, rel=0.02)  # the repository's notes on its weights: unique parameters
    assert whole - main + 2 * 129280 * 7168 == pytest.approx(14e9, rel=0.05)  # its model card: 685B = 671B + 14B
    assert sizes(GLM_45, include=["mtp"])[0] + 2 * 151552 * 5120 + 160 * 90 == 358_337_791_296
    assert sizes(GLM_45_AIR, include=["mtp"])[0] + 2 * 151552 * 4096 + 128 * 46 == 110_468_824_832
    mimo = fields("mimo", 4096, 36, 32, 8, 11008, 151680, num_nextn_predict_layers=1)
    assert sizes(mimo, include=["mtp"])[0] == 7_833_409_536
    flash = ROUNDED["MiMo-V2-Flash *"][0] | {"num_nextn_predict_layers": 3}
    light = (sizes(flash, include=["mtp"])[0] - sizes(flash)[0]) / 3
    assert light / 1e9 == pytest.approx(0.33, abs=0.005)  # its model card: 0.33B per block


def test_the_two_gemma_3n_differ_by_what_their_checkpoints_differ_by() -> None:
    # Checkpoints also hold towers for images and sound, the same in both, and keys and values that no layer uses.
    large = fields("gemma3n_text", 2048, 35, 8, 2, 16384, 262400, num_kv_shared_layers=15) | GEMMA_3N
    small = fields("gemma3n_text", 2048, 30, 8, 2, 8192, 262400, num_kv_shared_layers=10) | GEMMA_3N
    unused = 2 * 2048 * 512 + 256
    assert sizes(large)[0] - sizes(small)[0] + 5 * unused == 7_849_978_192 - 5_439_438_272


# Brown et al. 2020, arXiv 2005.14165, table D.1: layers, width, heads, parameters, training FLOP of 300e9 tokens (6ND).
GPT3 = {
    "Small": (12, 768, 12, 125e6, 2.25e20), "Medium": (24, 1024, 16, 356e6, 6.41e20),
    "Large": (24, 1536, 16, 760e6, 1.37e21), "XL": (24, 2048, 16, 1.32e9, 2.38e21),
    "2.7B": (32, 2560, 32, 2.65e9, 4.77e21), "6.7B": (32, 4096, 32, 6.66e9, 1.20e22),
    "13B": (40, 5120, 40, 12.85e9, 2.31e22), "175B": (96, 12288, 96, 174.6e9, 3.14e23),
}  # fmt: skip


@pytest.mark.parametrize("name", GPT3)
def test_the_gpt_3_table_within_half_a_percent(name: str) -> None:
    layers, width, heads, parameters, flop = GPT3[name]
    config = {
        "model_type": "gpt2", "n_embd": width, "n_layer": layers, "n_head": heads, "vocab_size": 50257,
        "n_positions": 2048,
    }  # fmt: skip
    total = sizes(config)[0]
    assert total == pytest.approx(parameters, rel=0.005)
    assert 6 * total * 300e9 == pytest.approx(flop, rel=0.005)


# Hoffmann et al. 2022, arXiv 2203.15556, table A4: parameters, layers, width, MLP, heads, head width, FLOP over 6ND.
CHINCHILLA = [
    (73e6, 10, 640, 2560, 10, 1.03), (305e6, 20, 1024, 4096, 16, 1.10), (552e6, 24, 1280, 5120, 10, 1.08),
    (1.1e9, 26, 1792, 7168, 14, 1.084), (1.6e9, 28, 2048, 8192, 16, 1.03), (6.8e9, 40, 3584, 14336, 28, 0.99),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "layers", "width", "mlp", "heads", "ratio"), CHINCHILLA)
def test_the_chinchilla_table_counts_neither_embedding_nor_logits(
    parameters: float, layers: int, width: int, mlp: int, heads: int, ratio: float
) -> None:
    # The fourth row prints 1.04, where its own sizes give 1.084.
    found = count(fields("gpt_neox", width, layers, heads, heads, mlp, 32000), sequence_length=2048)
    body = found.training - training(found, "head")
    assert body / 2048 / (6 * parameters) == pytest.approx(ratio, abs=0.005)


def training(found: OpCount, module: str) -> int:
    term = found.by_module[module]
    return term.forward + term.backward


def test_palm_reached_46_2_percent_and_45_7_without_attention() -> None:
    # Chowdhery et al. 2022, section 4.1 and appendix B: 238.3k tokens/s on 6,144 chips of 275 TFLOP/s, full attention
    found = count(PALM, sequence_length=2048)
    attention = found.by_operation["attention"]
    rate = 238.3e3 / 2048 / (6144 * 275e12)
    assert found.training * rate == pytest.approx(0.462, abs=0.0005)
    assert (found.training - attention.forward - attention.backward) * rate == pytest.approx(0.457, abs=0.0005)


@pytest.mark.parametrize(
    ("layers", "width", "heads", "vocabulary"),
    [(70, 14336, 112, 250880), (24, 1024, 16, 51200), (96, 12288, 96, 51200)],
)
def test_megatron_counts_full_recomputation_of_the_layers(layers: int, width: int, heads: int, vocabulary: int) -> None:
    # Narayanan et al. 2021, arXiv 2104.04473, equation 3: 96·B·s·l·h²·(1 + s/(6h) + V/(16·l·h))
    config = {"model_type": "bloom", "hidden_size": width, "n_head": heads, "n_layer": layers, "vocab_size": vocabulary}
    found = count(config, batch=3, sequence_length=2048, recompute="full")
    s = 2048
    theirs = 3 * (96 * s * layers * width**2 + 16 * s**2 * layers * width + 6 * s * width * vocabulary)
    assert found.training + found.recomputed == theirs


def test_bloom_by_its_log_to_four_digits() -> None:
    # bigscience tr11-176B-ml, chronicles: 19.561 samples/s, 149.77 TFLOP/s on each of 384 GPUs
    config = {"model_type": "bloom", "hidden_size": 14336, "n_head": 112, "n_layer": 70, "vocab_size": 250880}
    found = count(config, sequence_length=2048, recompute="full")
    assert (found.training + found.recomputed) * 19.561 / 384 == pytest.approx(149.77e12, rel=1e-4)


@pytest.mark.parametrize(("attention", "published"), [("causal", 385e12), ("full", 432e12)])
def test_deepseek_v3_counts_no_further_tokens_in_its_own_throughput(attention: Any, published: float) -> None:
    # Zhao et al. 2025, arXiv 2505.09343, table 4: 272.80e9 tokens a day on 2,048 GPUs, 4,096 tokens
    per_second = 272.80e9 / 86400 / 2048
    found = count(DEEPSEEK, sequence_length=4096, attention=attention)
    assert found.training / 4096 * per_second == pytest.approx(published, rel=0.004)
    more = count(DEEPSEEK, sequence_length=4096, attention=attention, include=["mtp"])
    assert more.training / 4096 * per_second > 1.03 * published


def test_a_window_saves_what_torchtitan_says_it_saves() -> None:
    # torchtitan pull request 4300: 18 layers of 64 heads with keys and values of 64, at 4,096 tokens, windows of 128
    length, sliding, window = 4096, 18, 128
    core = count(GPT_OSS_120B, sequence_length=length).by_operation["attention"]
    per_key = (core.forward + core.backward) // (36 * length)  # of one layer, for each token and key
    assert sliding * per_key * (length - window) // length == 3_510_632_448
