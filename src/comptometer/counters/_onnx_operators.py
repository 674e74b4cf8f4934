"""Which ONNX operators are contractions, which compute element by element, and which compute nothing.

The domains `ai.onnx` and `ai.onnx.ml` whole, with the preview domains; of `com.microsoft`, whose operators come from
optimised graphs, the common ones. What no list knows is unknown: it is reported, never dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from comptometer.counters._onnx_products import FUSED, PRODUCTS
from comptometer.counters._onnx_values import names

Kind = Literal["contraction", "elementwise", "free", "control", "unknown"]

ML: Final = "ai.onnx.ml"
MICROSOFT: Final = "com.microsoft"


CONTROL: Final = names("If Loop Scan")

# Work on every element, with or without a sum over some of them, but no product of two tensors under a sum.
ELEMENTWISE: Final[Mapping[str, frozenset[str]]] = {
    "": names(
        """
        Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization BitShift
        BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Ceil Celu Clip Col2Im Cos Cosh CumProd CumSum
        DequantizeLinear Div Dropout DynamicQuantizeLinear Elu Equal Erf Exp Floor Gelu GlobalAveragePool GlobalLpPool
        GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HammingWindow HannWindow HardSigmoid
        HardSwish Hardmax InstanceNormalization IsInf IsNaN LRN LayerNormalization LeakyRelu Less LessOrEqual Log
        LogSoftmax LpNormalization LpPool Max MaxPool MaxRoiPool MaxUnpool Mean MeanVarianceNormalization
        MelWeightMatrix Min Mish Mod Mul Neg NegativeLogLikelihoodLoss NonMaxSuppression Not Or PRelu Pow QuantizeLinear
        RMSNormalization Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin
        ReduceProd ReduceSum ReduceSumSquare Relu Resize RoiAlign RotaryEmbedding Round Selu Shrink Sigmoid Sign Sin
        Sinh Softmax SoftmaxCrossEntropyLoss Softplus Softsign Sqrt Sub Sum SwiGLU Swish Tan Tanh ThresholdedRelu
        Upsample Where Xor
        """
    ),
    ML: names("Binarizer Imputer Normalizer Scaler TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor"),
    MICROSOFT: names(
        """
        BiasAdd BiasDropout BiasGelu BiasSoftmax BiasSplitGelu BitmaskDropout BitmaskBiasDropout DequantizeLinear
        DynamicTimeWarping EmbedLayerNormalization FastGelu Gelu GridSample GroupNorm IsAllFinite MaxpoolWithMask
        NhwcMaxPool QEmbedLayerNormalization QLinearAdd QLinearAveragePool QLinearConcat QLinearGlobalAveragePool
        QLinearLeakyRelu QLinearMul QLinearReduceMean QLinearSigmoid QLinearSoftmax QLinearWhere QuantizeLinear
        QuickGelu RotaryEmbedding SkipGroupNorm SkipLayerNormalization SkipSimplifiedLayerNormalization
        """
    ),
    "ai.onnx.preview.training": names("Adagrad Adam Momentum"),
}

# Views, copies, look-ups, order, random numbers, sequences, texts: no arithmetic on activations.
FREE: Final[Mapping[str, frozenset[str]]] = {
    "": names(
        """
        Bernoulli BitCast Cast CastLike CenterCropPad Compress Concat ConcatFromSequence Constant ConstantOfShape
        DepthToSpace Expand EyeLike Flatten Gather GatherElements GatherND Identity ImageDecoder Multinomial NonZero
        OneHot Optional OptionalGetElement OptionalHasElement Pad RandomNormal RandomNormalLike RandomUniform
        RandomUniformLike Range RegexFullMatch Reshape ReverseSequence Scatter ScatterElements ScatterND SequenceAt
        SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength Shape Size Slice SpaceToDepth Split
        SplitToSequence Squeeze StringConcat StringNormalizer StringSplit TensorScatter TfIdfVectorizer Tile TopK
        Transpose Trilu Unique Unsqueeze
        """
    ),
    ML: names(
        """
        ArrayFeatureExtractor CastMap CategoryMapper DictVectorizer FeatureVectorizer LabelEncoder OneHotEncoder ZipMap
        """
    ),
    MICROSOFT: names("GatherND GatherBlockQuantized Pad Range RemovePadding RestorePadding Tokenizer Trilu Unique"),
}

REASONS: Final[Mapping[tuple[str, str], str]] = {
    ("", "DFT"): "a Fourier transform: what it costs depends on the algorithm",
    ("", "STFT"): "a Fourier transform: what it costs depends on the algorithm",
    ("", "Det"): "linear algebra: what it costs depends on the algorithm",
    ("", "SequenceMap"): "a graph for each entry of a sequence, whose length no shape says",
    (ML, "SVMClassifier"): "the cost of a support vector machine depends on its kernel",
    (ML, "SVMRegressor"): "the cost of a support vector machine depends on its kernel",
    ("ai.onnx.preview.training", "Gradient"): "gradients formed inside a graph",
    (MICROSOFT, "MoE"): "experts: how many rows each is given is not in the shapes",
    (MICROSOFT, "QMoE"): "experts: how many rows each is given is not in the shapes",
}


def plain_domain(domain: str) -> str:
    """The default domain has two spellings."""
    return "" if domain == "ai.onnx" else domain


def classify(domain: str, operator: str) -> Kind:
    """What an operator is: a contraction, element-wise, free, control flow, or unknown.

    >>> classify("", "MatMul"), classify("ai.onnx", "Relu"), classify("my.domain", "MatMul")
    ('contraction', 'elementwise', 'unknown')
    """
    domain = plain_domain(domain)
    if (domain, operator) in PRODUCTS or (domain, operator) in FUSED:
        return "contraction"
    if operator in ELEMENTWISE.get(domain, ()) or _fused_norm(domain, operator):
        return "elementwise"
    if operator in FREE.get(domain, ()):
        return "free"
    return "control" if domain == "" and operator in CONTROL else "unknown"


def _fused_norm(domain: str, operator: str) -> bool:  # ONNX Runtime keeps it in the default domain
    return domain == "" and operator == "SimplifiedLayerNormalization"


def reason(domain: str, operator: str) -> str:
    """Why an operator is not counted."""
    own = "no formula knows this operator" if plain_domain(domain) == "" else f"an operator of the domain {domain!r}"
    return REASONS.get((plain_domain(domain), operator), own)
