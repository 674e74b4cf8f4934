"""How training compute was found: as the table states it, or as the notes on it read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from comptometer.sources._prose import sentences

METHODS = ("operation-counting", "hardware", "reported", "third-party", "comparison", "benchmark", "cost", "other")
STATED = {
    "operation counting": "operation-counting",
    "hardware": "hardware",
    "reported": "reported",
    "third-party estimation": "third-party",
    "comparison with other models": "comparison",
    "benchmarks": "benchmark",
    "cost": "cost",
    "other": "other",
}
_COUNTING = re.compile(  # operations times data
    r"""\b6\s*[*×x·]?\s*N\s*[*×x·]?\s*[DC]?\b | \bC\s*=\s*6 | \b6\s?[NP]D\b
    | FLOPs?\s*/\s*(token|param|pass|datapoint|image|sample|example|frame|forward) | FLOPs?\s+per\s+(token|param)
    | (^|[\s=~≈(*×])[26]\s*[*×x·]\s*[\d(] | [*×x·]\s*6\b | [*×x·]\s*2\s*[*×x·]\s*3\b
    | \b6[+\s]FLOPs?[+\s]*[*×x·] | ops_per_forward
    | \bmul(t|tiply)?[- ]?(add|accumulate)s?\b | \bG?MACs?\b | backprop | inference\s+(compute|FLOPs?)
    | forward\s+(and\s+backward\s+)?pass | forward\s+compute | operation[- ]count
    | (tokens?|images?|samples?|examples?|epochs?|steps?|iterations?|params?|parameters)\)?\s*[*×x·]\s*[\d(]
    | [*×x·]\s*[\d.,^]+\s*[BM]?\s*(params?|parameters|epochs?|tokens)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_TIMED = re.compile(  # chips times time times a rate, worked out
    r"""\b3600\b | \b60\s*[*×x·^]{1,2}\s*(60|2)\b | [*×x·]\s*0?\.[2-6]\d*\b(?!\d|\s*[*×]\s*10)
    | FLOPS[+\s]*\*.*hours | num\s+gpu | peak\s+flop | hardware\s+(method|estimate) | assumed\s+utili[sz]ation
    | FLOPS?\s*/\s*(GPU|sec|chip) | \d\s*%\s*(\w+\s+){0,2}utili[sz]ation
    | (GPU|TPU|chip|A100|H100|V100)[- ]?(hours?|days?)\s*[*×x·] | 86400""",
    re.IGNORECASE | re.VERBOSE,
)
_CONVERTED = re.compile(r"\b(1e|10\s*\^|10\s*\*\*\s*)15\b|days?\b[^=]*10\^15", re.IGNORECASE)  # petaFLOP/s-days to FLOP
_HARDWARE = re.compile(  # chips and time, mentioned
    r"""utili[sz]ation | \bMFU\b | \bHFU\b | FLOPS?\s*/\s*s\b | FLOPs?\s+per\s+second
    | (GPU|TPU|chip|core|A100|H100|V100)s?[- ]?(hours?|days?|weeks?|years?) | \d\s*hours?\s+on
    | (\b\d{1,9}|single|one|two|four|eight)x?\s+([\w-]+\s+){0,4}(GPU|TPU\w*|A100|H100|V100|P100|chip|core)s?\b
      [^.]{0,80}\b(hour|day|week|month)s?
    | (hour|day|week|month)s?\b[^.]{0,60}\b(GPU|TPU\w*|A100|H100|V100|P100)s?""",
    re.IGNORECASE | re.VERBOSE,
)
_RESULT = re.compile(  # the makers' own result
    r"""(?<!models\s)reported\s+(training\s+)?(compute|directly|by\s+the\s+(authors?|developers?)|in\s+(the\s+)?paper)
    | (stated|given|provided)\s+in\s+(the\s+)?paper | (authors?|developers?)\s+(calculate|report|state)
    | \b[ep]?(peta)?f(lops?)?(/s)?[- ]days?\b | \bPF-?days?\b""",
    re.IGNORECASE | re.VERBOSE,
)
_REPORTED = re.compile(
    r"""\breported\b | ["“][^"”]{0,250}\b(exa|zetta|peta|yotta)?FLOPs?\b[^"”]{0,150}["”]
    | \b(table|figure|fig\.?|appendix|section)\s+[\w.]+ | (exa|zetta|peta|yotta)-?FLOPs?\b
    | (according\s+to|from|in)\s+the\s+(paper|abstract|model\s+card|technical\s+report|authors)
    | \bpf-?days?\b | \bstated\b""",
    re.IGNORECASE | re.VERBOSE,
)
_THIRD_PARTY = re.compile(
    r"akronomicon|memory[ _]wall|third[- ]party|semianalysis|ai-and-compute|ai and compute\b", re.IGNORECASE
)
_ELSEWHERE = re.compile(r"docs\.google\.com|lesswrong\.com", re.IGNORECASE)
_COMPARISON = re.compile(
    r"(similar|comparable|same|equal) (amount of )?(training )?(compute|size|model|as|to)|compared (to|with)"
    r"|times (more|less|the)|more compute than|less compute than|\dx (more|less|the|as)",
    re.IGNORECASE,
)
_BENCHMARK = re.compile(r"benchmark|imput(ed|ation)|\bMMLU\b|\bECI\b", re.IGNORECASE)
_COST = re.compile(r"\$\s?\d[\d.,]*\s*(million|M|billion|k)?|\bUSD\b|€|\bcosts?\b", re.IGNORECASE)
_BARE = {
    "third-party": _ELSEWHERE, "benchmark": _BENCHMARK, "cost": _COST, "comparison": _COMPARISON,
    "reported": _REPORTED,
}  # fmt: skip


def stated_methods(cell: str) -> Sequence[str]:
    """The words of the column that states how compute was found, as ours."""
    named = {STATED.get(item.strip().lower(), "other") for item in cell.split(",") if item.strip()}
    return [method for method in METHODS if method in named]


def inferred_methods(notes: str) -> Sequence[str]:
    """How compute was found, as the notes on it read: workings first, a mere statement only where there are none.

    >>> inferred_methods("6ND = 41e9 active parameters * 45e12 tokens = 1.845e+24 FLOP")
    ['operation-counting']
    >>> inferred_methods("312 TFLOP/s * 96 servers * 8 GPU/server * 2 months * 32.5% utilization = 4.037e23")
    ['hardware']
    >>> inferred_methods("see the blog post")
    []
    """
    lines = [line for line in sentences(notes) if line]
    timed = any(_TIMED.search(line) and not _CONVERTED.search(line) for line in lines)
    counted = any(_COUNTING.search(line) and not _TIMED.search(line) for line in lines)
    found = {
        "operation-counting": counted,
        "hardware": timed or (not counted and bool(_HARDWARE.search(notes))),
        "reported": bool(_RESULT.search(notes)),
        "third-party": bool(_THIRD_PARTY.search(notes)),
    }
    named = [method for method in METHODS if found.get(method)]
    return named or next(([name] for name, rule in _BARE.items() if rule.search(notes)), [])
