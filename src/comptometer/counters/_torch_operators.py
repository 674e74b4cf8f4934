"""Which PyTorch operators are contractions, which compute element by element, and which compute nothing.

The names are those of the `aten` library, without overload, leading underscores and the underscore of in-place forms;
a backward operator belongs where its forward one does. What no list knows is unknown: it is reported, never dropped.
"""

from __future__ import annotations

import re
from typing import Final, Literal

Kind = Literal["contraction", "elementwise", "free", "unknown"]

_DERIVED: Final = re.compile(r"(_copy|_backward(_data|_reduce|_elemt|_impl)?|_jvp|_forward(_only)?|_functional|_out)+$")
_IN_A_NAME: Final = re.compile(r"^_+|(?<=[a-z0-9])_+$")


def _one_of(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(" ".join(parts).split()))


# Work on every element, with or without a sum over some of them, but no product of two tensors under a sum.
ELEMENTWISE: Final = _one_of(
    r"(native_|cudnn_|miopen_|fused_)?(batch|layer|group|rms)_norm(_\w+)? batch_norm_\w+ native_norm renorm",
    r"(log_|safe_|masked_|sparse_|sparse_log_)?softmax logsumexp logcumsumexp(_helper)? glu prelu_kernel gelu relu",
    r"elu celu mish hard(tanh|swish|sigmoid|shrink) leaky_relu softplus softshrink threshold rrelu_with_noise",
    r"log_sigmoid (mkldnn_|quantized_)?(adaptive_|fractional_)?(avg|max)_pool[123]d(_with_indices)?",
    r"max_unpool[23]d upsample_\w+ (cudnn_)?grid_sampler(_[23]d)?(_cpu_fallback)? (cudnn_)?affine_grid_generator",
    r"(native_|fused_)?dropout masked_scale",
    r"(binary_cross_entropy(_with_logits)?|(mse|huber|smooth_l1|nll|nll2d)_loss) nll_loss(2d)? soft_margin_loss",
    r"multi(label)?_margin_loss (cudnn_|miopen_|use_cudnn_|use_miopen_)?ctc_loss sum nansum mean prod cumsum",
    r"cumprod var std var_mean std_mean norm dist linalg_vector_norm linalg__powsum amax amin aminmax max min",
    r"median nanmedian kthvalue mode cummax(_helper)? cummin(_helper)? argmax argmin all any abs add sub rsub mul",
    r"div addr floor_divide remainder xlogy heaviside where polar complex (bitwise|logical)_\w+ i?[lr]shift eq ne",
    r"lt le gt ge isnan isin isinf gcd lcm copysign conj_physical embedding_bag\w* embedding_dense",
    r"embedding_renorm index_(add|reduce) scatter_(add|reduce) segment_reduce trace",
    r"(un)?safe_masked_index_put_accumulate masked_scatter put thnn_fused_(lstm|gru)_cell weight_norm_interface",
    r"fake_quantize_\w+ fused_moving_avg_obs_fq_helper dequantize quantize_per_\w+ amp_\w+ foreach_(?!mm)\w+",
    r"fused_(adam|adamw|sgd|adagrad) sparse_(csr_)?(sum|prod) bincount count_nonzero histc histogram",
    r"histogramdd\w* transform_bias_rescale_qkv compute_linear_combination nested_(tensor_softmax_with_shape|sum)",
    r"linalg_cross standard_gamma_grad dirichlet_grad add_relu is_all_true is_any_true allclose equal im2col",
    r"col2im unfold angle sgn",
)

# Allocation, views, copies, look-ups, order, random numbers, checks: no arithmetic on activations.
FREE: Final = _one_of(
    r"(new_)?(empty|zeros|ones|full)(_like|_strided|_permuted|_quantized)? scalar_tensor arange range linspace",
    r"logspace eye tri[lu](_indices)? clone copy(_from\w*|_sparse_to_sparse)? detach lift(_fresh)? lazy_clone fill",
    r"zero resize\w* set alias reshape(_alias)? view(_\w+)? unsafe_view as_strided(_scatter)? (un)?squeeze expand",
    r"repeat(_interleave)? t transpose permute flip rot90 roll stack (chunk_)?cat block_diag diag_embed",
    r"(diagonal|select|slice)(_scatter)? split unsafe_split(_with_sizes)? constant_pad_nd",
    r"(reflection|replication)_pad[123]d pixel_(un)?shuffle channel_shuffle",
    r"(unsafe_)?(masked_)?index(_put(_impl)?|_put|_select|_copy|_fill)? masked_(fill|select) gather scatter take",
    r"embedding nonzero(_static)? sort topk searchsorted bucketize unique\w*",
    r"(rand|randn|randint|randperm|bernoulli|binomial)(_like)? random normal uniform cauchy exponential geometric",
    r"log_normal multinomial poisson (sample_)?dirichlet standard_gamma philox\w* \w+_window",
    r"cudnn_init_dropout_state fill_mem_eff_dropout_mask fused_sdp_choice local_scalar_dense item is_\w+",
    r"(functional_)?(assert|sym_constrain)\w* has_same_storage_numel record_stream from_file",
    r"to_(mkldnn|dense|sparse(_(csr|csc|bsr|bsc|coo))?|sparse_semi_structured) sparse_resize\w* to_copy pin_memory",
    r"coalesced? sparse_mask\w* sparse_(coo|compressed|csr|csc|bsr|bsc)_tensor\w* sparse_coo_tensor\w*",
    r"(sparse|dense)_dim dim[IV] nnz crow_indices col_indices indices values convert_\w+ validate_\w+",
    r"efficientzerotensor spdiags hash_tensor empty_(affine|per_channel)\w* make_per_\w+ pack_padded_sequence",
    r"(jagged_to_padded_dense|padded_dense_to_jagged) to_padded_tensor nested_(?!sum|tensor_softmax)\w+",
    r"cslt_compress new_zeros_with_same_feature_meta linalg_check_errors lu_unpack test_\w+ foobar version sym_\w+",
    r"int_repr q_\w+ qscheme dyn_quant_pack_4bit_weight cudnn_rnn_flatten_weight size stride numel dim",
    r"mkldnn_(reshape|transpose|reorder_\w+) real imag conj neg_view to resolve_(conj|neg) getitem device layout",
)

# Other libraries: communication moves what is counted elsewhere; the profiler and the compiler compute nothing.
FREE_LIBRARIES: Final = frozenset({"c10d", "_c10d_functional", "c10d_functional", "profiler", "prim"})

REASONS: Final = {
    "fft": "fast Fourier transforms are no contractions; no formula",
    "linalg": "factorisations and solvers have no formula",
    "trilinear": "the order of a three-way product decides its cost",
    "cdist": "distances have no formula",
    "pdist": "distances have no formula",
}


def plain(name: str) -> str:
    """The name of an operator without library, underscores at its ends and what marks it as derived.

    >>> plain("aten::_softmax_backward_data"), plain("aten::relu_")
    ('softmax', 'relu')
    """
    return _DERIVED.sub("", _IN_A_NAME.sub("", name.partition("::")[2]))


def listed(name: str) -> Kind:
    """What the lists say about an operator such as `aten::relu_`.

    >>> listed("aten::native_layer_norm_backward"), listed("aten::_fft_r2c"), listed("aten::embedding")
    ('elementwise', 'unknown', 'free')
    """
    library = name.partition("::")[0]
    if library in FREE_LIBRARIES:
        return "free"
    if library != "aten":
        return "unknown"
    for candidate in (plain(name), _IN_A_NAME.sub("", name.partition("::")[2])):
        if FREE.fullmatch(candidate):
            return "free"
        if ELEMENTWISE.fullmatch(candidate):
            return "elementwise"
    return "unknown"


def reason(name: str) -> str:
    """Why an operator is not counted."""
    stem = plain(name)
    return next((text for start, text in REASONS.items() if stem.startswith(start)), "no formula knows this operator")
