"""Figures that a caller states, as flags or arguments → claims.

They are claims like all others, with the caller as their source; they outrank what a dossier says, and put out of force
its other ways to say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from numbers import Real
from typing import cast, get_args

from comptometer import store
from comptometer.distribution import Point
from comptometer.errors import ComptometerError, NotFound, UsageError
from comptometer.evidence import caller_claim
from comptometer.records import Claim, Dossier, Stage
from comptometer.vocabulary import ABOUTS, Tag, is_word, read

Figure = str | int | float

# Flag or argument → what it is about. Those of the machines may be repeated, once for each segment of the job.
FIGURES: Mapping[str, str] = {
    "params": "parameters",
    "active_params": "active_parameters",
    "experts": "experts",
    "tokens": "tokens",
    "examples": "examples",
    "epochs": "epochs",
    "updates": "updates",
    "batch_size": "batch_size",
    "macs_per_example": "macs_per_example",
    "flop_per_example": "flop_per_example",
    "backward_factor": "backward_factor",
    "sequence_length": "sequence_length",
    "recompute": "recompute",
    "scale_up": "scale_up",
    "reported": "compute",
}
SEGMENT_FIGURES: Mapping[str, str] = {
    "chips": "chips",
    "time": "duration",
    "chip_hours": "chip_hours",
    "precision": "precision",
    "peak": "peak",
    "utilization": "utilization",
    "mfu": "mfu",
    "hfu": "hfu",
}
COUNTERS = ("ofu", "tensor_active")  # what counters of chips say of utilization
# What a figure of the caller puts out of force in a dossier besides claims about the same thing: other ways to say it.
REPLACED: Mapping[str, frozenset[str]] = {
    "architecture": frozenset({"parameters", "active_parameters", "experts", "macs_per_example", "flop_per_example"}),
    "parameters": frozenset({"active_parameters", "architecture", "macs_per_example", "flop_per_example"}),
    "active_parameters": frozenset({"architecture", "macs_per_example", "flop_per_example"}),
    "tokens": frozenset({"examples", "updates", "batch_size", "epochs"}),
    "macs_per_example": frozenset({"architecture", "flop_per_example"}),
    "flop_per_example": frozenset({"architecture", "macs_per_example"}),
    "examples": frozenset({"updates", "batch_size"}),
    "updates": frozenset({"examples", "epochs"}),
    "batch_size": frozenset({"examples"}),
    "precision": frozenset({"utilization", "mfu", "hfu", *COUNTERS}),
    "chips": frozenset({"chip_hours"}),
    "duration": frozenset({"chip_hours"}),
    "chip_hours": frozenset({"chips", "duration"}),
    "utilization": frozenset({"mfu", "hfu", *COUNTERS}),
    "mfu": frozenset({"utilization", "hfu", *COUNTERS}),
    "hfu": frozenset({"utilization", "mfu", *COUNTERS}),
}
ONE_PER_SEGMENT = ("time", "chip_hours")  # never shared: it would count the same hours twice

_SYNONYMS = {
    "float32": "fp32",
    "float16": "fp16",
    "half": "fp16",
    "bfloat16": "bf16",
    "float8": "fp8",
    "float64": "fp64",
}


def in_force(claims: Sequence[Claim], given: Sequence[Claim], new_chip: bool) -> list[Claim]:
    """The claims of a dossier that the caller's figures leave in force.

    A chip of theirs has a peak of its own, and what another one was used to says nothing about it.
    """
    out = {name for claim in given for name in REPLACED.get(claim.about, ())}
    out |= {"peak", "precision", "utilization", "mfu", "hfu", *COUNTERS} if new_chip else set()
    return [claim for claim in claims if claim.about not in out]


SAME_THING = (
    ("utilization", "mfu", "hfu"),
    ("examples", "updates"),
    ("config", "macs_per_example", "flop_per_example"),
)


def twice_said(given: Mapping[str, object], prefix: str) -> list[str]:
    """Figures that say the same thing in two ways."""
    found = []
    for names in SAME_THING:
        both = [spelled(name, prefix) for name in names if name in given]
        if len(both) > 1:
            found.append(f"{' and '.join(both)} say the same; give one")
    return found


def unknown(given: Mapping[str, object], prefix: str) -> list[str]:
    """Names that are no figure, with the nearest that is."""
    known = {**FIGURES, **SEGMENT_FIGURES}
    found = []
    for key in given:
        if key not in known:
            near = get_close_matches(key, known, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
            found.append(f"{prefix}{key}: no such figure{hint}")
    return found


def on_the_same_chip(given: Sequence[Claim], base: Dossier) -> list[Claim]:
    """More of the machines that the dossier names: the caller's numbers are of the same chip."""
    chip = next((claim.chip for claim in base.all_claims() if claim.chip), None)
    machines = {"chips", "duration", "chip_hours"}
    return [replace(claim, chip=chip) if claim.about in machines and not claim.chip else claim for claim in given]


def listed(value: object) -> list[str]:
    """One figure or several, as texts.

    Raises:
        UsageError: something that is neither a number nor a text.
    """
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    if isinstance(value, str | Real):
        return [str(value)]
    raise UsageError(f"a number or a text is wanted, got {type(value).__name__}: {str(value)[:40]!r}")


def stated(given: Mapping[str, object], subject: str, prefix: str, problems: list[str]) -> list[Claim]:
    """The caller's figures about the model and its data as claims; what is wrong is added to `problems`."""
    claims: list[Claim | None] = []
    for key, about in FIGURES.items():
        claims += [_claim(key, about, value, subject, prefix, problems) for value in listed(given.get(key))]
    found = [claim for claim in claims if claim is not None]
    sizes = {claim.about: claim.belief.value for claim in found if isinstance(claim.belief, Point)}
    if sizes.get("active_parameters", 0) > sizes.get("parameters", float("inf")):
        problems.append(f"{spelled('active_params', prefix)}: more than {spelled('params', prefix)}")
    if sizes.get("backward_factor", 1) < 1:
        problems.append(f"{spelled('backward_factor', prefix)}: forward and backward cannot be less than forward (1)")
    return found


def tagged(claims: Sequence[Claim], tag: str, prefix: str, problems: list[str]) -> list[Claim]:
    """The stated compute, with what it counts."""
    flag = spelled("reported_as", prefix)
    if not any(claim.about == "compute" for claim in claims):
        problems.append(f"{flag}: says what {spelled('reported', prefix)} counts; give that too")
    if tag not in get_args(Tag):
        problems.append(f"{flag}: {tag!r} is not one of {', '.join(get_args(Tag))}")
    return [replace(claim, tag=cast(Tag, tag)) if claim.about == "compute" else claim for claim in claims]


def segments_of(
    chips: Sequence[str], given: Mapping[str, object], subject: str, prefix: str, problems: list[str]
) -> list[list[Claim]]:
    """The caller's figures about machines as claims, once for each segment of the job."""
    values = {key: listed(given[key]) for key in SEGMENT_FIGURES if key in given}
    count = max([len(chips), *(len(items) for items in values.values())], default=0)
    if chips and not {"chips", "time", "chip_hours"} & set(values):
        problems.append(
            f"{spelled('chip', prefix)}: also give {spelled('chip_hours', prefix)}, or "
            f"{spelled('chips', prefix)} and {spelled('time', prefix)}"
        )
    for key, items in {"chip": list(chips), **values}.items():
        if len(items) not in {0, 1, count}:
            problems.append(f"{spelled(key, prefix)}: given {len(items)} times for {count} segments")
        elif count > 1 and len(items) == 1 and key in ONE_PER_SEGMENT:
            problems.append(f"{spelled(key, prefix)}: give it once for each of the {count} segments")
    for name in chips:
        try:
            store.chips_named(name)
        except NotFound as error:
            problems.append(f"{prefix}chip: {error}")
            if len(problems) == 1 and len(chips) == 1:
                raise NotFound("chip", name, error.suggestions, error.hint) from None
    if problems:
        count = min(count, 1)
    return [
        _segment(
            at,
            count,
            chips,
            values,
            f"{subject}:segment {at + 1}" if count > 1 else subject,
            prefix,
            problems,
        )
        for at in range(count)
    ]


def _segment(
    at: int,
    count: int,
    chips: Sequence[str],
    values: Mapping[str, Sequence[str]],
    subject: str,
    prefix: str,
    problems: list[str],
) -> list[Claim]:
    chip = (chips[at] if len(chips) == count else chips[0]) if chips else None
    claims = []
    for key, items in values.items():
        value = items[at] if len(items) == count else items[0]
        if claim := _claim(key, SEGMENT_FIGURES[key], value, subject, prefix, problems):
            claims.append(replace(claim, chip=chip) if key in {"chips", "time", "chip_hours"} else claim)
    return claims


def staged(segments: Sequence[Sequence[Claim]]) -> list[Stage]:
    """Segments as stages, which add up."""
    return [Stage(name=f"segment {at}", claims=claims) for at, claims in enumerate(segments, 1)]


def spelled(key: str, prefix: str) -> str:
    """A figure's name as the caller wrote it: `chip_hours`, or the flag `--chip-hours`."""
    return prefix + key.replace("_", "-") if prefix else key


def _claim(key: str, about: str, value: str, subject: str, prefix: str, problems: list[str]) -> Claim | None:
    flag = spelled(key, prefix)
    try:
        if is_word(about):
            word = _SYNONYMS.get(value.lower(), value.lower())
            if word not in ABOUTS[about].words:
                raise UsageError(f"{value!r} is not one of {', '.join(ABOUTS[about].words)}")
            return caller_claim(about, word, None, flag, subject)
        return caller_claim(about, value, read(about, value, bare=key not in {"time", "peak"}), flag, subject)
    except ComptometerError as error:
        problems.append(f"{flag}: {error}")
        return None
