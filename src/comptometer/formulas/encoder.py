"""Encoders of text and of proteins: BERT and its relatives, with the heads that stand on them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from comptometer.formulas import Config, Flow, Network, Norm, formula
from comptometer.formulas._config import MOST_LAYERS
from comptometer.formulas._decoder_fields import head_width, layer_types
from comptometer.formulas._encoder import Encoder, attend, both_ways, encoder_stack, residual_block
from comptometer.formulas._encoder_heads import Frame, dense, embedded, framed, headed, labels, plain, sequences


def absolute(config: Config) -> int:
    """Learned positions.

    Raises:
        DataError: another kind of position.
    """
    if config.word("position_embedding_type", "absolute") != "absolute":
        raise config.refuse("position_embedding_type", "absolute")
    return config.integer("max_position_embeddings")


def after_padding(config: Config) -> int:
    """Positions that are used where they are counted from behind that of the padding token."""
    positions, padding = config.integer("max_position_embeddings"), config.integer("pad_token_id", 1, least=0)
    if positions <= padding + 1:
        raise config.refuse("max_position_embeddings", f"more than {padding + 1}")
    return positions - padding - 1


@formula("bert")
def bert(config: Config, net: Network) -> None:
    """Learned positions and two kinds of segments; norms after the sums.

    Source: Devlin et al. 2018, arXiv 1810.04805.
    """
    at = sequences(config, net)
    frame = framed(config, positions=absolute(config), types=config.integer("type_vocab_size", least=0))
    x = encoder_stack(plain(config), net, embedded(frame, net, at), at)
    headed(frame, config, net, at, x, "ForPreTraining", "ForNextSentencePrediction")


@formula("roberta", "xlm-roberta", "camembert")
def roberta(config: Config, net: Network) -> None:
    """As BERT; positions are counted from behind that of the padding token.

    Source: Liu et al. 2019, arXiv 1907.11692; Conneau et al. 2019, arXiv 1911.02116.
    """
    at = sequences(config, net, after_padding(config))
    frame = framed(config, positions=absolute(config), types=config.integer("type_vocab_size", least=0))
    headed(frame, config, net, at, encoder_stack(plain(config), net, embedded(frame, net, at), at))


@formula("electra")
def electra(config: Config, net: Network) -> None:
    """As BERT with a narrower embedding; `ForPreTraining` is the discriminator, with one number for each token.

    Source: Clark et al. 2020, arXiv 2003.10555.
    """
    at = sequences(config, net)
    frame = framed(
        config,
        embedding_width=config.integer("embedding_size"),
        positions=absolute(config),
        types=config.integer("type_vocab_size", least=0),
        spare_bias=False,
        pooler=False,
    )
    x = encoder_stack(plain(config), net, embedded(frame, net, at), at)
    if config.head("ForMaskedLM") != "ForPreTraining":
        headed(frame, config, net, at, x)
        return
    net.linear("head", dense(frame, net, "head.dense", at.rows, x), at.rows, frame.width, 1, bias=True)


@formula("distilbert")
def distilbert(config: Config, net: Network) -> None:
    """As BERT without segments, under names of its own.

    Source: Sanh et al. 2019, arXiv 1910.01108.
    """
    at = sequences(config, net)
    width, heads = config.integer("dim"), config.integer("n_heads")
    if width % heads:
        raise config.refuse("n_heads", f"a divisor of the width {width}")
    model = Encoder(
        width=width,
        layers=config.integer("n_layers", most=MOST_LAYERS),
        heads=heads,
        head_width=width // heads,
        mlp_width=config.integer("hidden_dim"),
    )
    frame = Frame(
        width=width,
        vocabulary=config.integer("vocab_size"),
        positions=config.integer("max_position_embeddings"),
        tied=config.flag("tie_word_embeddings", True),
        spare_bias=False,
        pooler=False,
    )
    headed(frame, config, net, at, encoder_stack(model, net, embedded(frame, net, at), at))


@formula("albert", notes=("layers share their parameters: they count once, the work at every use",))
def albert(config: Config, net: Network) -> None:
    """As BERT with a narrow embedding; groups of layers share their parameters.

    Source: Lan et al. 2019, arXiv 1909.11942.
    """
    at, model = sequences(config, net), plain(config)
    groups, inner = config.integer("num_hidden_groups", 1), config.integer("inner_group_num", 1, most=MOST_LAYERS)
    if groups > model.layers:
        raise config.refuse("num_hidden_groups", f"at most the {model.layers} layers")
    frame = framed(
        config,
        embedding_width=config.integer("embedding_size"),
        positions=absolute(config),
        types=config.integer("type_vocab_size", least=0),
        projection=True,
        pair=labels(config),
    )
    pairs = both_ways(net, at.length)

    def layer(x: Flow) -> Flow:
        return residual_block(model, net, at, x, lambda x: attend(model, net, x, at, pairs))

    x = embedded(frame, net, at)
    uses = Counter(int(number / (model.layers / groups)) for number in range(model.layers))
    for times, alike in Counter(uses.values()).items():

        def group(x: Flow, times: int = times) -> Flow:
            return net.repeat(times, lambda x: net.repeat(inner, layer, x), x, shared=True)

        x = net.repeat(alike, group, x)
    headed(frame, config, net, at, x, "ForPreTraining")


@formula("mpnet")
def mpnet(config: Config, net: Network) -> None:
    """As RoBERTa without segments, and with a table of relative positions that is added to the scores of every layer.

    Source: Song et al. 2020, arXiv 2004.09297.
    """
    at, model = sequences(config, net, after_padding(config)), plain(config)
    frame = framed(config, positions=config.integer("max_position_embeddings"))
    x = embedded(frame, net, at)
    table = net.weights("position_bias", config.integer("relative_attention_num_buckets", 32) * model.heads)
    headed(frame, config, net, at, encoder_stack(model, net, x, at, position=table))


@formula("esm")
def esm(config: Config, net: Network) -> None:
    """Proteins: norms before attention and MLP and after the last layer, rotary or learned positions.

    The head that predicts contacts has parameters and is not run.

    Source: Lin et al. 2023, Science 379, 1123 (ESM-2); Rives et al. 2021, PNAS 118 (ESM-1b).
    """
    if config.flag("is_folding_model", False):
        raise config.refuse("is_folding_model", "false: the folding model is not known here")
    kind = config.word("position_embedding_type", "absolute")
    if kind not in ("absolute", "rotary"):
        raise config.refuse("position_embedding_type", "absolute or rotary")
    at = sequences(config, net, after_padding(config))
    model = plain(config, norm_first=True, final_norm=True, rotary=kind == "rotary")
    frame = framed(
        config,
        positions=config.integer("max_position_embeddings") if kind == "absolute" else 0,
        embedding_norm=config.flag("emb_layer_norm_before", False),
        spare_bias=False,
    )
    x = encoder_stack(model, net, embedded(frame, net, at), at)
    with net.parameters_only():
        net.weights("contact_head", model.layers * model.heads + 1)
    headed(frame, config, net, at, x)


@formula("modernbert")
def modernbert(config: Config, net: Network) -> None:
    """Gated MLP, rotary positions, norms before; of so many layers one sees everything, the others to both sides.

    Source: Warner et al. 2024, arXiv 2412.13663.
    """
    if config.flag("sparse_prediction", False):
        raise config.refuse("sparse_prediction", "false: how many positions are predicted is not in a configuration")
    norm: Norm = "scale and bias" if config.flag("norm_bias", False) else "scale"
    bias = config.flag("attention_bias", False)
    model = plain(
        config,
        gated=True,
        qkv_bias=bias,
        output_bias=bias,
        mlp_bias=config.flag("mlp_bias", False),
        norm=norm,
        norm_first=True,
        first_norm=False,
        final_norm=True,
        rotary=True,
    )
    frame = framed(
        config,
        norm=norm,
        pooler=False,
        transform_bias=config.flag("classifier_bias", False),
        head_bias=config.flag("decoder_bias", True),
        spare_bias=False,
        dense_tokens=True,
        dense_norm=True,
    )
    at = sequences(config, net)
    x = encoder_stack(replace(model, reach=_alternating(config, model.layers)), net, embedded(frame, net, at), at)
    headed(frame, config, net, at, x)


def _alternating(config: Config, layers: int) -> list[int | None]:
    reach = config.integer("local_attention", 128) // 2
    every = config.integer("global_attn_every_n_layers", 3)
    kinds = layer_types(config, layers, "full_attention", "sliding_attention")
    if kinds is None:
        return [reach if number % every else None for number in range(layers)]
    return [reach if kind == "sliding_attention" else None for kind in kinds]


@formula("eurobert")
def eurobert(config: Config, net: Network) -> None:
    """LLaMA's layers seeing both ways; a classifier that pools late labels every token before it averages.

    Source: Boizard et al. 2025, arXiv 2503.05500.
    """
    heads, bias, mlp_bias = (
        config.integer("num_attention_heads"), config.flag("attention_bias", False), config.flag("mlp_bias", False)
    )  # fmt: skip
    key_value_heads = config.integer("num_key_value_heads", heads)
    if heads % key_value_heads:
        raise config.refuse("num_key_value_heads", f"a divisor of {heads} heads")
    model = plain(
        config,
        head_width=head_width(config, config.integer("hidden_size"), heads),
        key_value_heads=key_value_heads,
        gated=True,
        qkv_bias=bias,
        output_bias=bias,
        mlp_bias=mlp_bias,
        norm="scale",
        norm_first=True,
        final_norm=True,
        rotary=True,
    )
    pooling = config.word("classifier_pooling", "late")
    if pooling not in ("bos", "mean", "late"):
        raise config.refuse("classifier_pooling", "bos, mean or late")
    frame = framed(
        config,
        embedding_norm=False,
        pooler=False,
        transform=False,
        head_bias=mlp_bias,
        tied=config.flag("tie_word_embeddings", False),
        spare_bias=False,
        dense_rows=pooling == "late",
    )
    at = sequences(config, net)
    headed(frame, config, net, at, encoder_stack(model, net, embedded(frame, net, at), at))


@formula("nomic_bert")
def nomic_bert(config: Config, net: Network) -> None:
    """BERT with rotary positions and a gated MLP, without biases in the layers; also under the names of GPT-2.

    Source: Nussbaum et al. 2024, arXiv 2402.01613.
    """
    for name in ("qkv_proj_bias", "mlp_fc1_bias", "mlp_fc2_bias", "prenorm"):
        if config.flag(name, False):
            raise config.refuse(name, "false: this form of the family is not known here")
    if config.integer("moe_every_n_layers", 0, least=0):
        raise config.refuse("moe_every_n_layers", "0: experts of this family are not known here")
    config = config.with_defaults({new: config[old] for new, old in GPT2_NAMES.items() if config.get(old) is not None})
    model = plain(
        config,
        head_width=head_width(config, config.integer("hidden_size"), config.integer("num_attention_heads")),
        gated=True,
        qkv_bias=False,
        output_bias=False,
        mlp_bias=False,
        rotary=True,
    )
    frame = framed(config, types=config.integer("type_vocab_size", least=0), pooler=False, pair=0)
    at = sequences(config, net)
    x = encoder_stack(model, net, embedded(frame, net, at), at)
    headed(frame, config, net, at, x, "ForPreTraining")


GPT2_NAMES: Final = {
    "hidden_size": "n_embd", "num_hidden_layers": "n_layer", "num_attention_heads": "n_head",
    "intermediate_size": "n_inner", "max_position_embeddings": "n_positions",
}  # fmt: skip
