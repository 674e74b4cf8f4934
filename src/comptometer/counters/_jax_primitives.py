"""The primitives of JAX by name: a contraction, element-wise, free, or unknown. Nothing is missing silently.

A primitive that holds a program of its own (`scan`, `jit`, …) is none of these: the program is walked. Work that is
linear in the size of its operands and no product with a sum (sorting, pooling, random bits, gathering) is element-wise.
"""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal["contraction", "elementwise", "free", "unknown"]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


CONTRACTIONS: Final = frozenset(
    {"dot_general", "ragged_dot_general", "conv_general_dilated", "scaled_dot", "scaled_matmul_wrapper"}
)

# Only shapes, types or places change: what a parameter goes through and is still that parameter.
SHAPING: Final = _names(
    """
    all_gather all_gather_invariant all_gather_reduced bitcast_convert_type broadcast_in_dim broadcast_to
    convert_element_type copy device_put dynamic_slice layout_constraint optimization_barrier pbroadcast pvary
    reduce_precision reshape reshard rev sharding_constraint slice split squeeze stop_gradient tie transpose
    unstack with_memory_space_constraint
    """
)

# What the gradient of a parameter goes through on its way out: the transposes of the above, and sums of gradients.
SUMMING: Final = SHAPING | _names(
    """
    add_any concatenate dynamic_update_slice pad psum psum_invariant reduce_scatter reduce_sum scatter-add stack
    unreduced_psum
    """
)

FREE: Final = SHAPING | _names(
    """
    after_all all_to_all axis_index check concatenate create_token debug_callback debug_print delay dim_as_value
    dimension_size dynamic_update_slice empty empty2 empty_ref free_ref freeze from_edtype gather get
    inspect_sharding iota iota_2x32_shape masked_load masked_swap multiple_of name new_ref num_programs pad
    platform_index ppermute precv preduced program_id psend ragged_all_to_all random_clone random_unwrap
    random_wrap reduced_vary_cast_p scatter shape_assertion stack swap to_edtype vary_unreduced_cast_p
    zeros_like
    """
)

ELEMENTWISE: Final = _names(
    """
    abs accum_grad_in_ref acos acosh add add_any addupdate and approx_top_k argmax argmin asin asinh atan atan2
    atanh bessel_i0e bessel_i1e cbrt ceil clamp clz complex conj cos cosh cumlogsumexp cummax cummin cumprod
    cumsum digamma div eq eq_to erf erf_inv erfc exp exp2 expm1 floor ge gt igamma igamma_grad_a igammac imag
    integer_pow is_finite le le_to lgamma log log1p logistic lt lt_to lu_pivots_to_permutation max min mul mulhi
    ne neg nextafter not or philox2x32 philox4x32 pmax pmin polygamma population_count pow psum psum_invariant
    random_bits random_fold_in random_gamma random_seed random_split real reciprocal reduce reduce_and
    reduce_max reduce_min reduce_or reduce_prod reduce_scatter reduce_sum reduce_window reduce_window_max
    reduce_window_min reduce_window_sum reduce_xor regularized_incomplete_beta rem rng_bit_generator rng_uniform
    round rsqrt scatter-add scatter-max scatter-min scatter-mul scatter-sub select_and_gather_add
    select_and_scatter select_and_scatter_add select_n shift_left shift_right_arithmetic shift_right_logical
    sign sin sinh sort sqrt square sub tan tanh threefry2x32 threefry4x32 tile top_k unreduced_psum
    unreduced_reduce_scatter xor zeta
    """
)

_DENSE: Final = "dense linear algebra has no formula here"
_SPARSE: Final = "its work depends on the positions of the entries, which are values"
_OPAQUE: Final = "a program outside of JAX, whose work is not visible"

REASONS: Final = {
    **dict.fromkeys(
        _names(
            """
            cholesky cholesky_update custom_linear_solve eig eigh geqp3 geqrf hessenberg householder_product lu
            ormqr qr schur svd symmetric_product triangular_solve tridiagonal tridiagonal_solve
            """
        ),
        _DENSE,
    ),
    **dict.fromkeys(
        _names(
            """
            bcoo_dot_general bcoo_dot_general_sampled bcoo_spdot_general bcsr_dot_general coo_matmat coo_matvec
            coo_spmm coo_spmv csr_matmat csr_matvec csr_spmm csr_spmv spsolve
            """
        ),
        _SPARSE,
    ),
    **dict.fromkeys(("ffi_call", "io_callback", "pure_callback", "call_exported"), _OPAQUE),
    "fft": "a fast Fourier transform is no contraction, and has no formula here",
    "pallas_call": "a kernel: what it forms depends on its grid, and is not counted",
}


def classify(name: str) -> Kind:
    """What a primitive is.

    >>> classify("dot_general"), classify("tanh"), classify("reshape"), classify("fft")
    ('contraction', 'elementwise', 'free', 'unknown')
    """
    name = name.removesuffix("_start").removesuffix("_done")  # communication that does not wait
    if name in CONTRACTIONS:
        return "contraction"
    if name in FREE:
        return "free"
    return "elementwise" if name in ELEMENTWISE else "unknown"


def reason(name: str) -> str:
    """Why a primitive is not counted."""
    if name.startswith("dot_product_attention"):
        return "an attention kernel of a device library, which is not read"
    return REASONS.get(name, "no formula knows this primitive")
