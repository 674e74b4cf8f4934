"""What stands only in the notes of a table: how compute was found, active parameters, mixture of experts, units.

Notes are prose, so these are rules of thumb: each says something only where the notes are plain, and stays silent
otherwise. `docs/howto/vintages.md` gives how often they agree with what the table states elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

SCALES = {
    "k": 3, "thousand": 3, "m": 6, "mn": 6, "million": 6, "b": 9, "bn": 9, "billion": 9, "t": 12, "tn": 12,
    "trillion": 12,
}  # fmt: skip
NUMBER = (
    r"(?P<digits>\d[\d,]*(?:\.\d+)?)\s*"
    r"(?:(?:[*×x]\s*10\s*\^?\s*|e\+?)(?P<power>\d{1,2})\b"
    r"|(?P<scale>thousand|million|billion|trillion|[kmbt]n?)(?![a-zA-Z0-9]))?"
)
SENTENCES = re.compile(r"(?<=[.!?;])\s+(?=[A-Z\"“(])|[\n\r|]+")


def sentences(notes: str) -> Sequence[str]:
    """The sentences of notes; a line break ends one too."""
    return [part.strip() for part in SENTENCES.split(notes) if part.strip()]


def _value(match: re.Match[str]) -> Decimal:
    power = int(match["power"] or SCALES.get((match["scale"] or "").lower(), 0))
    return Decimal(match["digits"].replace(",", "")).scaleb(power)


def _written(value: Decimal) -> str:
    return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"


# How compute was found

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
    | (\d+|single|one|two|four|eight)x?\s+([\w-]+\s+){0,4}(GPU|TPU\w*|A100|H100|V100|P100|chip|core)s?\b
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
    r"|times (more|less|the)|more compute than|less compute than|\d+(\.\d+)?x (more|less|the|as)",
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


# Active parameters and mixture of experts

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
_RANGE = re.compile(r"\d\s*[kmbt]?\w*\s*(?:[-–~∼]|to)\s*\d+(?:\.\d+)?\s*(?:B|billion)|averag", re.IGNORECASE)
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
        return _written(Decimal(named["digits"]).scaleb(9))
    total = Decimal(parameters) if parameters else None
    for text in notes:
        stated = [(value, line) for line in sentences(text) for value in _active_in(line)]
        possible = [(value, line) for value, line in stated if total is None or value <= total]
        values = {value for value, _ in possible}
        if len(values) > 1 and total is not None:
            values = {value for value, line in possible if _names(line, total)}
        if len(values) == 1:
            return _written(values.pop())
    return ""


def _active_in(line: str) -> Sequence[Decimal]:
    if _RANGE.search(line) or _HEDGED.search(line):
        return []
    found = [_value(match) for rule in _ACTIVE for match in rule.finditer(line)]
    return [value for value in found if value >= LEAST_ACTIVE]


def _names(line: str, total: Decimal) -> bool:
    """Does a line name this total, within 3%?"""
    values = (_value(match) for match in _TOTAL.finditer(line))
    return any(abs(value - total) <= total * Decimal("0.03") for value in values)


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


# What a dataset is counted in

UNITS = {
    "tokens": r"tokens?|residues?|nucleotides?|base pairs?|bp|amino acids?",
    "words": r"words?",
    "characters": r"char(?:acter)?s?",
    "pairs": r"pairs?",
    "images": r"images?|pictures?|photos?",
    "frames": r"frames?",
    "hours": r"hours?|h",
    "seconds": r"seconds?",
    "sentences": r"sentences?",
    "sequences": r"(?:sequences?|proteins?|structures?|molecules?|genomes?)",
    "videos": r"videos?|clips?",
    "games": r"(?:games?|positions?|episodes?)",
    "examples": r"(?:examples?|samples?|data ?points?|instances?|patterns?|transitions?|ratings?|events?|steps)",
    "bytes": r"bytes?",
}
_UNIT = "|".join(f"(?P<{name}>{words})" for name, words in UNITS.items())
_ANY_UNIT = "|".join(UNITS.values())
_STOP = "per|of|from|with|in|on|for|and|or|to|is|are|over|at|by|using|long|GB|TB|MB"
_COUNTED = re.compile(  # a number, at most five adjectives, and the noun that is counted
    NUMBER
    + rf"(?:\s+|-)(?:(?!(?:{_STOP})\b)[^\W\d][\w'’/()&+-]*\s+|\w+-){{0,5}}?"
    + rf"(?:{_UNIT})\b(?![-/]|\s+(?:{_ANY_UNIT})\b|\s*(?:/|per\b|each\b))",
    re.IGNORECASE,
)


def dataset_unit(size: str, notes: str) -> str:
    """What the stored size of a dataset counts, as the notes on it say; empty where they do not.

    A number of the notes within 2% of the stored one decides, by the noun that follows it; the last such number does,
    because a calculation ends with its result. Another number's noun says nothing: many sizes are converted ("1
    trillion tokens" stands beside a stored 750000000000, which are words).

    >>> dataset_unit("58320000.0", "450k sequences * 129.6 tokens per sequence = 58,320,000 tokens")
    'tokens'
    >>> dataset_unit("29600000", "from table 3: 29.6M images")
    'images'
    >>> dataset_unit("750000000000.0", "1 trillion tokens")
    ''
    """
    if not size:
        return ""
    stored = Decimal(size)
    units = [
        _unit(match)
        for line in sentences(notes)
        for match in _COUNTED.finditer(line)
        if abs(_value(match) - stored) <= stored * Decimal("0.02")
    ]
    return units[-1] if units else ""


def _unit(match: re.Match[str]) -> str:
    return next(name for name in UNITS if match[name])
