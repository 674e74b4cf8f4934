"""What decoders cost by their definitions: masks, chosen keys, shared keys, modules that predict further, heads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from grid import built, disagreements
from hypothesis import given
from hypothesis import strategies as st
from test_published_counts import DEEPSEEK, DEEPSEEK_32, GEMMA_3N, GLM_45, LLAMA_4, PALM, experts, fields

from comptometer.counting import count
from comptometer.errors import DataError
from comptometer.ops import Term

SCOUT = fields("llama4_text", 5120, 48, 40, 8, 8192, 202048, num_local_experts=16) | LLAMA_4
SMALL_3N = fields("gemma3n_text", 2048, 30, 8, 2, 8192, 262400, num_kv_shared_layers=10) | GEMMA_3N
LLAMA = fields("llama", 64, 3, 4, 2, 96, 100)
QWEN_MOE = fields("qwen3_moe", 64, 4, 4, 2, 96, 100) | experts(8, 2, 16)
MPT = {"model_type": "mpt", "d_model": 64, "n_heads": 4, "n_layers": 2, "vocab_size": 100}
MIMO = fields("mimo_v2_flash", 64, 6, 4, 2, 96, 100, head_dim=16, v_head_dim=8) | experts(8, 2, 16)
HUNYUAN = fields("hunyuan_v1_moe", 64, 2, 4, 2, 96, 100) | {"num_experts": 4, "moe_topk": 2}
GEMMA_4 = fields("gemma4_text", 64, 6, 4, 2, 96, 100, head_dim=16)


def core(config: Mapping[str, Any], length: int, attention: Any = "causal") -> int:
    return count(config, sequence_length=length, attention=attention).by_operation["attention"].forward


class TestChosenKeys:
    @given(st.integers(1, 5000))
    def test_each_query_sees_as_many_keys_as_are_chosen_or_as_there_are(self, length: int) -> None:
        pairs = sum(min(at + 1, 2048) for at in range(length))
        assert core(DEEPSEEK_32, length) == 61 * 128 * pairs * 2 * (192 + 128)

    @given(st.integers(1, 5000))
    def test_the_indexer_looks_at_every_pair(self, length: int) -> None:
        found = count(DEEPSEEK_32, sequence_length=length, attention="causal").by_operation["indexer"]
        assert found.forward == 61 * (2 * 64 * 128 + 2 * 64) * length * (length + 1) // 2
        assert found.backward == 0

    def test_a_masked_kernel_executes_the_square_for_both(self) -> None:
        found = count(DEEPSEEK_32, sequence_length=4096).by_operation
        assert found["attention"].forward == core(DEEPSEEK, 4096, "full")
        assert found["indexer"].forward == 61 * (2 * 64 * 128 + 2 * 64) * 4096**2

    def test_short_sequences_have_nothing_to_choose(self) -> None:
        assert core(DEEPSEEK_32, 2048) == core(DEEPSEEK, 2048)
        assert core(DEEPSEEK_32, 2049) < core(DEEPSEEK, 2049)


class TestMasks:
    def test_chunks_hide_what_came_before_them_but_for_every_fourth_layer(self) -> None:
        length, chunk = 20_000, 8192
        triangle = length * (length + 1) // 2
        chunks = 2 * chunk * (chunk + 1) // 2 + 3616 * 3617 // 2
        assert core(SCOUT, length) == 40 * 128 * 4 * (36 * chunks + 12 * triangle)

    def test_layers_without_positions_can_be_named(self) -> None:
        named = {**SCOUT, "no_rope_layers": [0] * 48}
        assert core(named, 20_000) == 48 * 40 * 128 * 4 * 20_000 * 20_001 // 2

    def test_a_window_is_honoured_by_the_families_that_have_one(self) -> None:
        sliding = QWEN_MOE | {"use_sliding_window": True, "sliding_window": 8}
        pairs = 8 * 9 // 2 + 92 * 8
        assert core(sliding, 100) == 4 * 4 * 16 * 4 * pairs
        assert core(QWEN_MOE | {"sliding_window": 8}, 100) == 4 * 4 * 16 * 4 * 5050

    def test_layers_are_listed_under_the_names_of_both_releases(self) -> None:
        words = {"layer_types": ["full_attention"] + ["sliding_attention"] * 5, "mlp_layer_types": ["dense"] * 6}
        numbers = {"hybrid_layer_pattern": [0, 1, 1, 1, 1, 1], "moe_layer_freq": [0] * 6}
        one, other = (count(MIMO | listed, sequence_length=200, attention="causal") for listed in (words, numbers))
        assert one.by_module == other.by_module
        assert one.parameters == other.parameters
        assert one.forward != count(MIMO, sequence_length=200, attention="causal").forward

    def test_a_lifted_mask_is_never_halved(self) -> None:
        config = fields("gemma3_text", 64, 6, 4, 2, 96, 100, sliding_window=8, use_bidirectional_attention=True)
        assert core(config, 100) == core(config, 100, "full") == core(config, 100, "half")


class TestSharedKeys:
    def test_layers_that_share_form_no_keys_and_values(self) -> None:
        found, own = (
            count(SMALL_3N, sequence_length=10),
            count(SMALL_3N | {"num_kv_shared_layers": 0}, sequence_length=10),
        )
        assert found.by_module["layers.*.attention.k"].calls == 20
        assert own.forward - found.forward == 10 * 2 * (2 * 10 * 2048 * 512)
        assert found.by_operation["attention"] == own.by_operation["attention"]

    def test_every_shared_kind_of_layer_needs_one_that_forms_keys(self) -> None:
        kinds = ["sliding_attention"] * 5 + ["full_attention"]
        with pytest.raises(DataError, match="num_kv_shared_layers: needs an earlier layer of each kind"):
            count(GEMMA_4 | {"layer_types": kinds, "num_kv_shared_layers": 2})

    def test_layers_of_another_shape_may_be_listed_one_by_one(self) -> None:
        listed = GEMMA_4 | {"per_layer_config": {"5": {"head_dim": 32}}}
        assert core(listed, 10) == core(GEMMA_4 | {"global_head_dim": 32}, 10)
        with pytest.raises(DataError, match=r"per_layer_config.5.hidden_size: needs no value of its own"):
            count(GEMMA_4 | {"per_layer_config": {"5": {"hidden_size": 32}}})
        with pytest.raises(DataError, match="layers from 0 to 5, not '6'"):
            count(GEMMA_4 | {"per_layer_config": {"6": {"head_dim": 32}}})


SMALL: dict[str, Any] = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 50,
    "intermediate_size": 24,
}  # fmt: skip


class TestOtherAttentions:
    def test_doge_sees_as_many_keys_as_it_keeps(self) -> None:
        kept = {"model_type": "doge", "keep_window_size": 4}
        assert core(SMALL | kept, 10) == core(SMALL | {"model_type": "mistral", "sliding_window": 4}, 10)
        assert core(SMALL | kept | {"sliding_window": 3}, 10) < core(SMALL | kept, 10)

    def test_the_active_experts_of_doge_are_those_that_are_chosen(self) -> None:
        routed = {"model_type": "doge", "is_moe": True, "num_experts": 16, "num_experts_per_tok": 3}
        found = count(SMALL | routed, sequence_length=10).parameters
        assert found is not None
        assert found.total - found.active == 2 * 2 * 32 * (16 - 3)
        with pytest.raises(DataError, match="num_experts_per_tok: needs a whole number from 1 to 9"):
            count(SMALL | routed | {"num_experts": 15, "num_experts_per_tok": 10}, sequence_length=10)

    def test_differential_attention_has_the_core_twice(self) -> None:
        assert core(SMALL | {"model_type": "diffllama"}, 10) == 2 * core(SMALL | {"model_type": "llama"}, 10)
        with pytest.raises(DataError, match="num_key_value_heads: needs an even number"):
            count(SMALL | {"model_type": "diffllama", "num_key_value_heads": 1})

    def test_norms_without_weights_and_mean_are_four_operations_each(self) -> None:
        only = ["normalization"]
        ours = count(SMALL | {"model_type": "nanochat"}, sequence_length=10, include=only).included["normalization"]
        assert sum(term.forward for term in ours) == 4 * 10 * (32 * (2 * 2 + 2) + 2 * 32 + 2 * 16)


def work(terms: Mapping[str, Term]) -> tuple[int, int]:
    return sum(term.forward for term in terms.values()), sum(term.backward for term in terms.values())


DELTA: dict[str, Any] = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
    "vocab_size": 50, "linear_num_key_heads": 1, "linear_num_value_heads": 2, "linear_key_head_dim": 4,
    "linear_value_head_dim": 4, "intermediate_size": 24, "layer_types": ["linear_attention", "full_attention"],
}  # fmt: skip
ROUTED: dict[str, Any] = {
    "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 12, "shared_expert_intermediate_size": 20,
}  # fmt: skip
ONE_MORE: dict[str, Any] = {
    "num_hidden_layers": 3,
    "layer_types": ["linear_attention", "full_attention", "full_attention"],
}
FLASH: dict[str, Any] = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 1, "swa_num_key_value_heads": 2, "head_dim": 8, "v_head_dim": 6, "intermediate_size": 24,
    "vocab_size": 50, "n_routed_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 12,
    "sliding_window": 5, "layer_types": ["full_attention", "full_attention"], "mlp_layer_types": ["dense", "sparse"],
}  # fmt: skip
NEMOTRON: dict[str, Any] = {
    "hidden_size": 32, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
    "vocab_size": 50, "intermediate_size": 24, "mamba_num_heads": 4, "mamba_head_dim": 8, "n_groups": 2,
    "ssm_state_size": 4, "n_routed_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 12,
    "moe_shared_expert_intermediate_size": 20, "moe_latent_size": 8, "hybrid_override_pattern": "ME-",
}  # fmt: skip
MTP_FIELDS = ("num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_layers")
# What names one module, and what puts the module's layers at the end of the model instead
MODULES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "qwen3_next": (DELTA | ROUTED, {"num_nextn_predict_layers": 1}, ONE_MORE),
    "qwen3_5_text": (DELTA, {"mtp_num_hidden_layers": 1}, ONE_MORE),
    "qwen3_5_moe_text": (DELTA | ROUTED, {"mtp_num_hidden_layers": 1}, ONE_MORE),
    "mimo_v2_flash": (
        FLASH, {"num_nextn_predict_layers": 1},
        {
            "num_hidden_layers": 3, "layer_types": ["full_attention", "full_attention", "sliding_attention"],
            "mlp_layer_types": ["dense", "sparse", "dense"],
        },
    ),
    "nemotron_h": (
        NEMOTRON, {"num_nextn_predict_layers": 1, "mtp_hybrid_override_pattern": "*E"},
        {"hybrid_override_pattern": "ME-*E"},
    ),
}  # fmt: skip
HEADS = {
    name: (fields | {"model_type": name} | module, fields | {"model_type": name} | deeper)
    for name, (fields, module, deeper) in MODULES.items()
}


class TestFurtherTokens:
    @pytest.mark.parametrize("config", [DEEPSEEK, GLM_45])
    @pytest.mark.parametrize("modules", [1, 2])
    def test_a_module_is_a_layer_a_projection_and_the_head_again(self, config: dict[str, Any], modules: int) -> None:
        config = config | {"num_nextn_predict_layers": modules}
        deeper = config | {"num_hidden_layers": config["num_hidden_layers"] + modules}
        width, vocabulary, tokens = config["hidden_size"], config["vocab_size"], 100
        more = modules * tokens * (4 * width**2 + 2 * width * vocabulary)
        found, without = count(config, sequence_length=tokens, include=["mtp"]), count(deeper, sequence_length=tokens)
        assert found.forward - without.forward == more
        assert found.backward - without.backward == 2 * more
        assert found.parameters is not None
        assert without.parameters is not None
        assert found.parameters.total - without.parameters.total == modules * (2 * width**2 + 3 * width)

    @pytest.mark.parametrize("name", HEADS)
    def test_in_other_families_a_module_has_other_layers(self, name: str) -> None:
        config, deeper = HEADS[name]
        width, vocabulary, tokens = config["hidden_size"], config["vocab_size"], 10
        more = tokens * (4 * width**2 + 2 * width * vocabulary)
        found, without = count(config, sequence_length=tokens, include=["mtp"]), count(deeper, sequence_length=tokens)
        assert found.forward - without.forward == more
        assert found.backward - without.backward == 2 * more
        assert found.parameters is not None
        assert without.parameters is not None
        assert found.parameters.total - without.parameters.total == 2 * width**2 + 3 * width

    @pytest.mark.parametrize("name", HEADS)
    def test_there_too_it_is_left_out_unless_asked_for(self, name: str) -> None:
        config = HEADS[name][0]
        bare = {key: value for key, value in config.items() if key not in MTP_FIELDS}
        found, without = count(config, sequence_length=10), count(bare, sequence_length=10)
        assert (found.forward, found.parameters) == (without.forward, without.parameters)
        assert any("further tokens (1) are left out" in note for note in found.notes)
        if name != "nemotron_h":  # whose class has none unless the configuration says so
            assert any("does not say how many modules" in note for note in without.notes)

    @pytest.mark.parametrize(
        ("name", "change", "said"),
        [
            ("qwen3_next", {"num_nextn_predict_layers": 2}, "num_nextn_predict_layers: needs at most 1"),
            ("qwen3_5_text", {"mtp_num_hidden_layers": 2}, "mtp_num_hidden_layers: needs at most 1"),
            ("qwen3_5_text", {"mtp_use_dedicated_embeddings": True}, "mtp_use_dedicated_embeddings: needs false"),
            ("nemotron_h", {"mtp_hybrid_override_pattern": "*X"}, "mtp_hybrid_override_pattern: needs one of"),
            ("nemotron_h", {"mtp_layers_block_type": ["gru"]}, "mtp_layers_block_type: needs"),
        ],
    )
    def test_a_module_that_is_not_known_is_refused(self, name: str, change: dict[str, Any], said: str) -> None:
        with pytest.raises(DataError, match=said):
            count(HEADS[name][0] | change, sequence_length=10, include=["mtp"])

    def test_modules_whose_structure_is_not_published_are_named(self) -> None:
        config = {
            "model_type": "minimax_m2", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
            "intermediate_size": 12, "vocab_size": 50, "num_local_experts": 4, "num_experts_per_tok": 2,
            "use_mtp": True, "num_mtp_modules": 3,
        }  # fmt: skip
        found = count(config, sequence_length=10, include=["mtp"])
        assert any("further tokens (3) are never counted" in note for note in found.notes)
        assert found.forward == count(config, sequence_length=10).forward
        unsaid = count(config | {"num_mtp_modules": None}, sequence_length=10)
        assert any("further tokens are never counted" in note for note in unsaid.notes)
        for none in ({"use_mtp": False}, {"num_mtp_modules": 0}, {"use_mtp": None, "num_mtp_modules": None}):
            assert not any("further" in note for note in count(config | none, sequence_length=10).notes)

    def test_what_is_left_out_is_said(self) -> None:
        assert any("further tokens (1) are left out" in note for note in count(DEEPSEEK).notes)
        assert not any("further" in note for note in count(DEEPSEEK, include=["mtp"]).notes)
        none = count(DEEPSEEK | {"num_nextn_predict_layers": 0}, include=["mtp"])
        assert any("names no modules" in note for note in none.notes)

    def test_full_recomputation_repeats_the_module_and_not_its_head(self) -> None:
        found = count(DEEPSEEK, sequence_length=10, recompute="full", include=["mtp"])
        heads = sum(found.by_module[name].forward for name in ("head", "mtp.head"))
        assert found.recomputed == found.forward - heads

    def test_the_head_is_frozen_for_both(self) -> None:
        found = count(DEEPSEEK, sequence_length=10, include=["mtp"], frozen=["head"]).by_module
        assert found["mtp.head"].backward == found["mtp.head"].forward


class TestOnTop:
    @pytest.mark.parametrize(
        ("model_type", "head"),
        [
            ("llama", "AutoModelForSequenceClassification"),
            ("llama", "AutoModelForTokenClassification"),
            ("llama", "AutoModel"),
            ("qwen3_moe", "AutoModelForSequenceClassification"),
            ("qwen3_moe", "AutoModelForTokenClassification"),
            ("gemma3_text", "AutoModelForSequenceClassification"),
            ("gemma3_text", "AutoModel"),
        ],
    )
    def test_a_decoder_with_another_head_costs_what_the_class_costs(self, model_type: str, head: str) -> None:
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")
        given = {**QWEN_MOE, **LLAMA, "model_type": model_type, "num_labels": 5, "pad_token_id": 0, "head_dim": 16}
        model, _ = built(model_type, {key: value for key, value in given.items() if key != "model_type"}, head)
        tokens = torch.zeros(2, 12, dtype=torch.long)
        stated = {**given, "architectures": [type(model).__name__]}
        assert not disagreements(stated, model, tokens, batch=2, sequence_length=12)

    def test_two_heads_of_gpt_2_add_a_choice_for_each_example(self) -> None:
        config = {"model_type": "gpt2", "n_embd": 64, "n_head": 4, "n_layer": 2, "vocab_size": 100}
        plain, double = count(config), count(config | {"architectures": ["GPT2DoubleHeadsModel"]})
        assert double.forward - plain.forward == 2 * 64
        assert (double.parameters.total - plain.parameters.total) == 65  # type: ignore[union-attr]

    def test_a_head_that_is_not_known_is_refused(self) -> None:
        with pytest.raises(DataError, match="architectures: needs a language model, a classifier"):
            count(LLAMA | {"architectures": ["LlamaForQuestionAnswering"]})


class TestRotaryPositions:
    @pytest.mark.parametrize(
        ("change", "turned"),
        [
            ({}, 16),
            ({"partial_rotary_factor": 0.5}, 8),
            ({"rope_parameters": {"partial_rotary_factor": 0.25}}, 4),
            ({"model_type": "glm"}, 8),
            ({"model_type": "smollm3", "no_rope_layers": [0, 0, 0]}, 0),
        ],
    )
    def test_only_what_is_turned_costs(self, change: dict[str, Any], turned: int) -> None:
        found = count(LLAMA | change, sequence_length=10, include=["elementwise"]).included["elementwise"]
        rotary = sum(term.forward for term in found if term.module.endswith("rotary"))
        assert rotary == 3 * 3 * 10 * turned * (4 + 2)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (SCOUT | {"no_rope_layers": [1, 0]}, "no_rope_layers: needs a 0 or 1 for each of 48 layers"),
        (SCOUT | {"moe_layers": [48]}, "moe_layers: needs whole numbers from 0 to 47"),
        (DEEPSEEK_32 | {"q_lora_rank": None}, "q_lora_rank: needs a whole number"),
        (DEEPSEEK_32 | {"layer_types": ["full_attention"] * 61}, "layer_types: needs indexed_attention"),
        (
            DEEPSEEK_32 | {"model_type": "glm_moe_dsa", "index_topk_pattern": "FSX"},
            "index_topk_pattern: needs a letter F or S for each of 61 layers",
        ),
        (MPT | {"attn_config": {"alibi": False}}, "attn_config.alibi: needs true"),
        (MPT | {"attn_config": {"attn_type": "multiquery_attention"}}, "attn_config.attn_type: needs multihead"),
        (MPT | {"no_bias": False}, "no_bias: needs true"),
        (MPT | {"expansion_ratio": 8}, "expansion_ratio: needs 4"),
        ({"model_type": "gpt2", "n_embd": 64, "n_head": 4, "n_layer": 2, "vocab_size": 9, "add_cross_attention": True},
         "add_cross_attention: needs false"),
        ({"model_type": "gpt_neo", "hidden_size": 64, "num_heads": 4, "num_layers": 3, "vocab_size": 9},
         "attention_types: needs 'global' or 'local' for each of 3 layers"),
        ({"model_type": "gpt_neo", "hidden_size": 64, "num_heads": 4, "num_layers": 3, "vocab_size": 9,
          "attention_types": [3]}, "attention_types: needs"),
        ({"model_type": "falcon", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 5, "vocab_size": 9},
         "num_attention_heads: needs a divisor of the width 64"),
        (fields("falcon", 64, 2, 4, 4, 96, 9, new_decoder_architecture=True, num_kv_heads=3), "num_kv_heads: needs"),
        (fields("helium", 64, 2, 4, 4, 96, 9, head_dim=20), "head_dim: needs the width 64 over 4 heads"),
        (fields("persimmon", 64, 2, 4, 2, 96, 9), "num_attention_heads: needs heads that share the width"),
        (fields("phimoe", 64, 2, 4, 2, 96, 9) | experts(4, 1, 96), "num_experts_per_tok: needs 2"),
        (HUNYUAN | {"num_experts": [4, 8]}, "num_experts: needs one whole number, the same for all 2 layers"),
        (HUNYUAN | {"moe_intermediate_size": 32}, "moe_intermediate_size: needs the intermediate_size 96"),
        (HUNYUAN | {"num_shared_expert": 2}, "num_shared_expert: needs 1"),
        (HUNYUAN | {"use_cla": True}, "use_cla: needs false"),
        (QWEN_MOE | {"num_experts_per_tok": 9}, "num_experts_per_tok: needs a whole number from 1 to 8"),
        (SMALL_3N | {"intermediate_size": [1, 2]}, "intermediate_size: needs one whole number, or one for each of 30"),
        (SMALL_3N | {"num_kv_shared_layers": 31}, "num_kv_shared_layers: needs a whole number from 0 to 30"),
        (MIMO | {"swa_head_dim": 20}, "swa_head_dim: needs the head_dim"),
        (MIMO | {"swa_num_key_value_heads": 3}, "swa_num_key_value_heads: needs a divisor of 4 heads"),
        (MIMO | {"hybrid_layer_pattern": [0, 1]}, "hybrid_layer_pattern: needs a 0 or 1 for each of 6 layers"),
        (fields("minimax_m2", 64, 2, 4, 2, 96, 9, shared_intermediate_size=8) | experts(4, 2, 96),
         "shared_intermediate_size: needs 0"),
        (PALM | {"num_key_value_heads": 5}, "num_key_value_heads: needs a divisor of 48 heads"),
        (PALM | {"head_dim": "256"}, "head_dim: needs a whole number"),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_is_named(config: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        count(config)


def test_experts_that_do_nothing_take_their_share_of_an_even_choice() -> None:
    config = fields("longcat_flash", 64, 2, 4, 4, 96, 100, num_layers=2, ffn_hidden_size=96, expert_ffn_hidden_size=32)
    config |= {"kv_lora_rank": 8, "q_lora_rank": 8, "qk_rope_head_dim": 4, "qk_nope_head_dim": 8, "v_head_dim": 8}
    config |= {"n_routed_experts": 8, "zero_expert_num": 4, "moe_topk": 3}
    found = count(config, sequence_length=10)
    assert found.by_module["layers.*.experts.up"].forward == 2 * 10 * 2 * 2 * 64 * 32
    assert found.by_module["layers.*.router"].forward == 2 * 10 * 2 * 64 * 12
    assert any("an even choice, 2 real ones" in note for note in found.notes)
    with pytest.raises(DataError, match="zero_expert_num"):
        count(config | {"moe_topk": 4})
