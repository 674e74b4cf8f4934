"""Six operations per parameter and token: the usual short cut for transformers."""

from __future__ import annotations

from comptometer import text
from comptometer.evidence import Evidence
from comptometer.methods import method
from comptometer.quantity import Estimate
from comptometer.vocabulary import TEXT_DOMAINS

SMALL = 1e9  # parameters; below, embeddings and attention are a large part
LONG_CONTEXT = 0.10  # share of attention in the forward pass from which 6ND should not be used


def caveats(evidence: Evidence) -> list[str]:
    """Where the short cut does not hold."""
    found = []
    parameters, tokens = evidence.value("active_parameters"), evidence.value("tokens")
    if _counts_all_experts(evidence):
        found.append("a mixture of experts with total parameters only: 6ND needs the active ones (median error 4.4×)")
    if parameters and parameters < SMALL:
        found.append("below 1e9 parameters embeddings and attention weigh: 6ND is 5% to 25% low")
    if (share := _attention_share(evidence)) and share > LONG_CONTEXT:
        found.append(
            f"context long against the width: attention adds about {text.percent(share)}, which 6ND leaves out"
        )
    if _not_text(evidence):
        found.append("not a language model: are these really tokens, and does each pass through all parameters?")
    if evidence.best("epochs") and evidence.best("tokens"):
        found.append("tokens are taken as seen, epochs included; the epochs claim is not applied again")
    if parameters and tokens and tokens < parameters:
        found.append("fewer tokens than parameters: is this the size of the data set, with the epochs missing?")
    return found


def _not_text(evidence: Evidence) -> bool:
    return bool(evidence.dossier.domain) and not TEXT_DOMAINS & set(evidence.dossier.domain)


def _counts_all_experts(evidence: Evidence) -> bool:
    """Are there experts, and does nobody say how many parameters one token uses?"""
    total, active = evidence.value("parameters"), evidence.value("active_parameters")
    experts = (evidence.value("experts") or 1) > 1 or evidence.word("mixture_of_experts") == "yes"
    return experts and evidence.best("active_parameters") is None and active == total


def _attention_share(evidence: Evidence) -> float | None:
    """Causal attention over the products with weights, S / 12d, the width guessed from the size.

    Layers of 12 d² parameters and a width of about 128 per layer give d = (128 N / 12)^(1/3).
    """
    length, parameters = evidence.value("sequence_length"), evidence.value("active_parameters")
    if not length or not parameters:
        return None
    return float(length / (12 * (128 * parameters / 12) ** (1 / 3)))


def _error(evidence: Evidence) -> str:
    if _counts_all_experts(evidence):
        return "model-error/parameters-tokens/all-experts"
    if _not_text(evidence):
        return "model-error/parameters-tokens/not-language"
    if (tokens := evidence.best("tokens")) and evidence.grade(tokens) != "primary":
        return "model-error/parameters-tokens/table"
    if (evidence.value("active_parameters") or SMALL) < SMALL:
        return "model-error/parameters-tokens/small"
    return "model-error/parameters-tokens"


@method(
    "parameters-tokens",
    formula="2 FLOP × {backward_factor} × {active_parameters} × {tokens}",
    witness="count",
    error=_error,
    caveats=caveats,
)
def parameters_tokens(backward_factor: Estimate, active_parameters: Estimate, tokens: Estimate) -> Estimate:
    """Two operations per parameter and token, times forward and backward: C = 6 N D.

    Each parameter of a dense layer takes part in one multiply-add per token. Left out are attention scores (a
    share of about S / 12d of a causal forward pass) and everything that is not a product with weights; counted
    too much are embeddings, which are looked up. On 43 language models above 1e9 parameters the exact causal
    count is 0.93 to 1.22 times this, median 1.02.

    Args:
        backward_factor: forward and backward over forward.
        active_parameters: parameters that one token uses.
        tokens: tokens seen, epochs included.

    Returns:
        training compute in FLOP.

    Source: Kaplan et al. 2020, section 2.1 (arXiv 2001.08361).

    >>> parameters_tokens(*(Estimate.exact(*x) for x in [(3,), (405e9, "parameter"), (15.6e12, "token")]))
    <Estimate 3.79e25 FLOP>
    """
    return Estimate.exact(2, "FLOP/parameter/token") * backward_factor * active_parameters * tokens
