"""What encoders have before and after their layers: embeddings, and the head that the class of a configuration builds.

With width d, embedding width e, S positions, V words and c labels: a masked language model's head is a product 2de and
logits 2eV at every position; a classifier of sequences 2d² + 2dc once for each sequence; one of tokens 2dc at every
position.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from comptometer.formulas._config import MOST_LAYERS, Config
from comptometer.formulas._encoder import Encoder, Sequences
from comptometer.formulas._network import Flow, Network, Norm

LONGEST_DEFAULT: Final = 4096
HEADS: Final = ("ForMaskedLM", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering", "Model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a family has before and after its layers.

    Attributes:
        width: of the layers.
        vocabulary: entries of the embedding.
        embedding_width: of the embedding; as the layers unless given.
        positions: learned ones.
        types: kinds of segments that have an embedding.
        norm: kind of the norms of embedding and head.
        embedding_norm: is the embedding normed?
        norm_wide: at the width of the layers, and not at its own?
        projection: is there a product between the two widths even where they are alike?
        projection_bias: has it a bias?
        pooler: has the bare model a product on its first token?
        transform: does a product at width of the embedding precede the logits?
        transform_bias: has it, and the product before the labels, a bias?
        head_bias: have the logits?
        tied: do the logits share the weights of the embedding?
        spare_bias: where they do not, has the class a second bias that it does not use?
        pair: labels of pairs of sentences, which the head of pre-training gives besides; 0 without.
        dense_rows: is the product before the labels of a sequence run on one token of each, or on all?
        dense_tokens: does one precede the labels of tokens, too?
        dense_norm: is it followed by a norm?
    """

    width: int
    vocabulary: int
    embedding_width: int | None = None
    positions: int = 0
    types: int = 0
    norm: Norm = "scale and bias"
    embedding_norm: bool = True
    norm_wide: bool = False
    projection: bool = False
    projection_bias: bool = True
    pooler: bool = True
    transform: bool = True
    transform_bias: bool = True
    head_bias: bool = True
    tied: bool = True
    spare_bias: bool = True
    pair: int = 2
    dense_rows: bool = False
    dense_tokens: bool = False
    dense_norm: bool = False

    @property
    def inner(self) -> int:
        """Width of the embedding."""
        return self.embedding_width or self.width


def sequences(config: Config, net: Network, longest: int | None = None) -> Sequences:
    """The batch; figures per token are divided by its positions."""
    longest = longest or config.optional("max_position_embeddings")
    at = Sequences(net.batch, net.length(min(longest or LONGEST_DEFAULT, LONGEST_DEFAULT), longest=longest))
    net.tokens = at.rows
    return at


def embedded(frame: Frame, net: Network, at: Sequences) -> Flow:
    """Words, positions and segments, their norm, and the product to the width of the layers."""
    x = net.look_up("embedding", frame.vocabulary, frame.inner)
    x = net.weights("positions", frame.positions * frame.inner) or x
    x = net.weights("token_types", frame.types * frame.inner) or x
    if frame.embedding_norm and not frame.norm_wide:
        x = net.norm("embedding.norm", x, at.rows, frame.inner, frame.norm)
    if frame.projection or frame.inner != frame.width:
        x = net.linear("project_in", x, at.rows, frame.inner, frame.width, bias=frame.projection_bias)
    if frame.embedding_norm and frame.norm_wide:
        x = net.norm("embedding.norm", x, at.rows, frame.width, frame.norm)
    return x


def headed(frame: Frame, config: Config, net: Network, at: Sequences, x: Flow, *others: str) -> Flow:
    """What the class of the configuration has on top; that of a masked language model where it names none.

    Args:
        frame: what it is.
        config: asked for `architectures` and the labels.
        net: what adds up.
        at: the sequences.
        x: what flows in.
        others: heads that the family has besides.

    Raises:
        DataError: a class that is not known here.
    """
    if not config.words("architectures"):
        net.note("no architectures: counted with the head of a masked language model")
    head = config.head("ForMaskedLM")
    if head not in (*HEADS, *others):
        raise config.refuse("architectures", f"a class that ends in {', '.join((*HEADS, *others))}")
    if head == "Model":
        return pooled(frame, net, at, x) if frame.pooler else x
    if head == "ForMaskedLM":
        return masked(frame, net, at, x)
    if head == "ForPreTraining":
        y = masked(frame, net, at, x)
        return (
            y
            if not frame.pair
            else net.linear("pair", pooled(frame, net, at, x), at.number, frame.width, frame.pair, bias=True)
        )
    if head in ("ForSequenceClassification", "ForNextSentencePrediction"):
        rows = at.rows if frame.dense_rows else at.number
        number = labels(config) if head == "ForSequenceClassification" else 2
        x = dense(frame, net, "pooler", rows, x)
        return net.linear("head", x, rows, frame.width, number, bias=True)
    if frame.dense_tokens:
        x = dense(frame, net, "head.dense", at.rows, x)
    return net.linear("head", x, at.rows, frame.width, labels(config), bias=True)


def pooled(frame: Frame, net: Network, at: Sequences, x: Flow) -> Flow:
    """A product on the first token of each sequence."""
    return dense(frame, net, "pooler", at.number, x)


def dense(frame: Frame, net: Network, name: str, rows: int, x: Flow, outward: int | None = None) -> Flow:
    """A product, an activation and, where the family has one, a norm."""
    wide = outward or frame.width
    x = net.linear(name, x, rows, frame.width, wide, bias=frame.transform_bias)
    net.elementwise(name, rows * wide)
    if frame.dense_norm or outward:
        x = net.norm(f"{name}.norm", x, rows, wide, frame.norm)
    return x


def masked(frame: Frame, net: Network, at: Sequences, x: Flow) -> Flow:
    """The head of a masked language model: logits at every position."""
    if frame.transform:
        x = dense(frame, net, "head.transform", at.rows, x, frame.inner)
    if frame.spare_bias and not frame.tied:
        with net.parameters_only():
            net.weights("head.spare", frame.vocabulary)
    owner = "embedding" if frame.tied else None
    return net.linear("head", x, at.rows, frame.inner, frame.vocabulary, bias=frame.head_bias, weight_of=owner)


def labels(config: Config) -> int:
    """How many labels a classifier tells apart: 2 where the configuration does not say."""
    found = config.get("id2label")
    config.asked.add("id2label")
    if found is not None and not isinstance(found, Mapping):
        raise config.refuse("id2label", "an object with fields")
    return len(found) if found else config.integer("num_labels", 2)


def plain(config: Config, **features: Any) -> Encoder:
    """The fields that BERT and its relatives share; `features` are what one of them does otherwise.

    Raises:
        DataError: heads that do not divide the width; a decoder, which is something else.
    """
    if config.flag("is_decoder", False):
        raise config.refuse("is_decoder", "false: as a decoder this family is not known here")
    width, heads = config.integer("hidden_size"), config.integer("num_attention_heads")
    if width % heads and "head_width" not in features:
        raise config.refuse("num_attention_heads", f"a divisor of the hidden size {width}")
    given: dict[str, Any] = {
        "width": width,
        "layers": config.integer("num_hidden_layers", most=MOST_LAYERS),
        "heads": heads,
        "head_width": width // heads,
        "mlp_width": config.integer("intermediate_size"),
    }
    return Encoder(**(given | features))


def framed(config: Config, **features: Any) -> Frame:
    """What stands around the layers, likewise."""
    given: dict[str, Any] = {
        "width": config.integer("hidden_size"),
        "vocabulary": config.integer("vocab_size"),
        "tied": config.flag("tie_word_embeddings", True),
    }
    return Frame(**(given | features))
