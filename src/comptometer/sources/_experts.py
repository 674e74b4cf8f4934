"""Active parameters and mixture of experts: what a name and notes say about one model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from comptometer.sources._prose import NUMBER, sentences, value, written

_IN_NAME = re.compile(r"[-–]A(?P<digits>\d+(?:\.\d+)?)B\b")
_ACTIVE = (
    re.compile(
        NUMBER + r"[\s-]*(?:parameters?|params?|weights)?\s*[\[(]?\s*(?:that\s+|which\s+)?(?:are\s+|is\s+)?"
        r"\b(?:active|activated|activ|activation\s+parameters)\b",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:active|activated)\s+(?:parameters?|params?)\s*(?:[-–:=]|of|is|are)?\s*" + NUMBER, re.IGNORECASE),
    re.compile(
        r"\bactivat(?:es|ing)\s+(?:only\s+)?" + NUMBER + r"\s*(?:of\s+its\s+)?(?:parameters|params)", re.IGNORECASE
    ),
)
_RANGE = re.compile(
    r"\d[\d.]{0,12}\s{0,3}[a-z]{0,8}\s{0,3}(?:[-–~∼]|to)\s{0,3}\d[\d.]{0,12}\s{0,3}(?:B|billion)|averag", re.IGNORECASE
)
_HEDGED = re.compile(
    r"\b(suspect|guess|assum\w+ only|might|could|would|perhaps|probably|similar|sparsity)\b", re.IGNORECASE
)
_TOTAL = re.compile(NUMBER, re.IGNORECASE)
LEAST_ACTIVE = Decimal(10) ** 6


def active_parameters(model: str, parameters: str, *notes: str) -> str:
    """How many parameters one token uses, where the name or the notes say so, and say only one number.

    The name comes before the notes, and each of these before the next. Sentences that guess, and ranges, say nothing.
    Where several numbers stand, those beside a total that is the model's own are meant; if they still differ, none is.

    >>> active_parameters("Inkling", "975000000000.0", "975B total, 41B active")
    '41000000000'
    >>> active_parameters("o1-mini", "", "active parameters around 10B-30B")
    ''
    """
    if named := _IN_NAME.search(model):
        return written(Decimal(named["digits"]).scaleb(9))
    total = Decimal(parameters) if parameters else None
    for text in notes:
        stated = [(amount, line) for line in sentences(text) for amount in _active_in(line)]
        possible = [(amount, line) for amount, line in stated if total is None or amount <= total]
        values = {amount for amount, _ in possible}
        if len(values) > 1 and total is not None:
            values = {amount for amount, line in possible if _names(line, total)}
        if len(values) == 1:
            return written(values.pop())
    return ""


def _active_in(line: str) -> Sequence[Decimal]:
    if _RANGE.search(line) or _HEDGED.search(line):
        return []
    found = [value(match) for rule in _ACTIVE for match in rule.finditer(line)]
    return [amount for amount in found if amount >= LEAST_ACTIVE]


def _names(line: str, total: Decimal) -> bool:
    """Does a line name this total, within 3%?"""
    found = (value(match) for match in _TOTAL.finditer(line))
    return any(abs(amount - total) <= total * Decimal("0.03") for amount in found)


_MOE = r"(?:\bMoEs?\b|\bmixture[- ]?of[- ]?experts?\b)"
_MOE_NAME = re.compile(
    r"MoEs?(?![a-z])|\d+x\d+(?:\.\d+)?B\b|[-–]A\d+(?:\.\d+)?B\b|\bMixture[- ]of[- ]Experts", re.ASCII
)
_MOE_NOTES = re.compile(_MOE, re.IGNORECASE)
_NOT_THIS = re.compile(
    r"non[- ]?(mixture|moe)|not an? (moe|mixture)"
    r"|(moe|experts \(moe\)|experts) (version|variant|counterpart|models?,)s?"
    r"|corresponding (moe|mixture)|\bif\b|large neural networks|https?://\S*" + _MOE,
    re.IGNORECASE,
)
_MOE_ABSTRACT = re.compile(
    r"\b(we|our|is|are|employs?|uses?|using|leverag\w+|built on|based on|integrate\w*|with"
    r"|language model|architecture)\b",
    re.IGNORECASE,
)
_NOT_ALONE = re.compile(
    r"\bdense\b|\b(series|family|families|suite|variants?|including|other|others|similarit\w+|systems?|compared|unlike)\b",
    re.IGNORECASE,
)


def is_mixture_of_experts(model: str, notes: Sequence[str], abstract: str, share: float | None) -> bool:
    """Do the name, the notes or the abstract say that this model is a mixture of experts?

    Args:
        model: its name: "MoE", "8x7B" and "A22B" say so, "dense" says the opposite.
        notes: on parameters, compute and approach, and the task: a mention is enough, unless it is of another model.
        abstract: often about a family; counts only where a sentence is about one model and no dense one is mentioned.
        share: active over all parameters; below 0.95 says so too.

    >>> is_mixture_of_experts("Mixtral 8x7B", [], "", None)
    True
    >>> is_mixture_of_experts("Qwen3-4B", [], "a suite of dense and mixture-of-experts (MoE) models", None)
    False
    """
    if re.search(r"\bdense\b", model, re.IGNORECASE):
        return False
    sparse = any(
        "sparsity" in text.lower() for text in notes
    )  # of the weights: few are active, but there are no experts
    if _MOE_NAME.search(model) or (share is not None and share < 0.95 and not sparse):
        return True
    lines = [line for text in notes for line in sentences(text)]
    if any(_MOE_NOTES.search(line) and not _NOT_THIS.search(line) and not _HEDGED.search(line) for line in lines):
        return True
    if re.search(r"\bdense\b", abstract, re.IGNORECASE):
        return False
    said = [line for line in sentences(abstract) if _MOE_NOTES.search(line)]
    return any(
        _MOE_ABSTRACT.search(line) and not _NOT_ALONE.search(line) and not _NOT_THIS.search(line) for line in said
    )
