"""Mixtures of experts: a token uses some of the parameters only."""

from __future__ import annotations

from collections.abc import Iterator

from comptometer import text
from comptometer.bulk import PASSES
from comptometer.checks import Case, Sign, rule

CLOSE = 0.15
TYPICAL = 4.4  # total over active: median of 22 mixtures counted with both


@rule(
    "all-experts",
    severity="error",
    looks_at="compute of a mixture of experts that is six for each token and each of all its parameters",
    settles="the number of parameters that one token uses",
)
def all_experts(case: Case) -> Iterator[Sign]:
    """Counted with the total instead of the active parameters."""
    account = case.account
    if not account.experts or not account.parameters or not account.compute or account.base_models:
        return
    tokens = account.tokens or (account.size if account.unit == "tokens" else None)
    active = account.active_parameters
    if not tokens or (active and active > 0.9 * account.parameters):
        return
    total = PASSES * account.parameters * tokens
    if abs(account.compute / total - 1) > CLOSE:
        return
    share = active / account.parameters if active else 1 / TYPICAL
    yield Sign(
        text=f"the stated compute is {text.number(account.compute / total)} times 6 × all parameters × tokens of a "
        "mixture of experts"
        + (f", of which a token uses {text.percent(share)}" if active else "; how many a token uses is not said"),
        numbers={"compute": account.compute, "six_for_all": total, **({"active_share": share} if active else {})},
        about=("compute", "active_parameters", "parameters"),
        factor=share,
        severity="error" if active else "warning",
    )
