"""What a caller asks for: a model of the catalogue, a dossier file, figures of their own, or several of these.

Figures given by the caller are claims like all others; they outrank what a dossier says.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from numbers import Real
from pathlib import Path
from typing import cast, get_args

from comptometer import dossiers, store
from comptometer.catalogue import Entry, entry
from comptometer.counting import count
from comptometer.distribution import Point
from comptometer.errors import ComptometerError, NotFound, UsageError
from comptometer.evidence import caller_claim
from comptometer.files import read_bytes
from comptometer.records import Claim, Dossier, Source, Stage
from comptometer.vocabulary import ABOUTS, DOMAINS, Tag, is_word, read

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
# What a figure of the caller puts out of force in a dossier besides claims about the same thing: other ways to say it.
REPLACED: Mapping[str, frozenset[str]] = {
    "parameters": frozenset({"active_parameters", "macs_per_example", "flop_per_example"}),
    "active_parameters": frozenset({"macs_per_example", "flop_per_example"}),
    "tokens": frozenset({"examples", "updates", "batch_size", "epochs"}),
    "macs_per_example": frozenset({"flop_per_example"}),
    "flop_per_example": frozenset({"macs_per_example"}),
    "examples": frozenset({"updates", "batch_size"}),
    "updates": frozenset({"examples", "epochs"}),
    "batch_size": frozenset({"examples"}),
    "precision": frozenset({"utilization", "mfu", "hfu"}),
    "chips": frozenset({"chip_hours"}),
    "duration": frozenset({"chip_hours"}),
    "chip_hours": frozenset({"chips", "duration"}),
    "utilization": frozenset({"mfu", "hfu"}),
    "mfu": frozenset({"utilization", "hfu"}),
    "hfu": frozenset({"utilization", "mfu"}),
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


def estimate(
    source: str | Path | None = None,
    *,
    name: str | None = None,
    domain: str | Sequence[str] | None = None,
    as_of: date | str | None = None,
    chip: str | Sequence[str] | None = None,
    reported_as: str | None = None,
    config: str | Path | None = None,
    **figures: Figure | Sequence[Figure] | None,
) -> Entry:
    """Estimate training compute with every method that the evidence allows.

    Args:
        source: a model of the catalogue by any of its names, or the path of a dossier, of a `config.json` or of a
            folder with one.
        name: what to call the result; also names the unknowns: two results of one name share them.
        domain: what the model is for; language where only figures are given, tokens among them.
        as_of: refuse dates after this day.
        chip: the chip by any of its names; a list for several segments of the job, which add up.
        reported_as: what the reported figure counts: "model" FLOP, "hardware" FLOP with recomputation, or
            "derived-from-hardware" if it was worked out from the machines' time.
        config: a `config.json` (or a folder with one) whose operations are counted, exactly, for method `operations`.
        figures: any of `params, active_params, experts, tokens, examples, epochs, updates, batch_size,
            macs_per_example, flop_per_example, backward_factor, sequence_length, recompute, scale_up, reported,
            chips, time, chip_hours, precision, peak, utilization, mfu, hfu`, as numbers or as people write them
            ("405B", "54 to 75 days", "38% to 43%"). An interval is a 90% interval.

    Returns:
        the model with its training compute in FLOP, every method, their agreement and the evidence.

    Raises:
        UsageError: a figure that cannot be read, or an unknown name of one; says all that is wrong.
        NotFound: no such model, file or chip.
        DataError: a dossier with problems, all of them.
        NotEnoughEvidence: no method could run; names what is missing.

    >>> estimate("alexnet").compute.verdict
    'consistent'
    >>> estimate(chip="h100-sxm", chips=16384, time="54 to 75 days", utilization="38% to 43%")
    <custom: 3.6e25 FLOP (90%: 2.9e25 to 4.5e25)>
    """
    return entry(
        dossier(
            source,
            name=name,
            domain=domain,
            as_of=as_of,
            chip=chip,
            reported_as=reported_as,
            config=config,
            figures=figures,
        )
    )


def dossier(
    source: str | Path | Dossier | None = None,
    *,
    name: str | None = None,
    domain: str | Sequence[str] | None = None,
    as_of: date | str | None = None,
    chip: str | Sequence[str] | None = None,
    reported_as: str | None = None,
    config: str | Path | None = None,
    figures: Mapping[str, Figure | Sequence[Figure] | None] | None = None,
    prefix: str = "",
) -> Dossier:
    """The dossier that a request amounts to; arguments as for `estimate`.

    Args:
        figures: what the caller states, by the names that `estimate` knows.
        prefix: what stands before the name of a figure in messages ("--" for flags).
    """
    if config is None and not isinstance(source, Dossier) and source is not None and is_config(str(source)):
        source, config = None, source
    given = {key: value for key, value in (figures or {}).items() if _listed(value)}
    chips = _listed(chip)
    if source is None and not given and not chips and config is None:
        raise UsageError(
            "nothing to estimate: name a model, a dossier (.toml), or give figures such as params and tokens"
        )
    problems = [*_unknown(given, prefix), *_twice_said(given, prefix)]
    if name is not None and not name.isprintable():
        problems.append(f"{spelled('name', prefix)}: must be one line of printable characters")
    if isinstance(as_of, str):
        as_of = _day(as_of)
    domains = _domains(domain)
    base = _base(source, as_of) or _own({**given, "chip": chips, **({"config": str(config)} if config else {})})
    if config is not None:
        length = given.get("sequence_length") or _stated_length(base)
        base = _counted(base, Path(config), length, named=source is not None)
    base = replace(
        base, name=name or base.name, domain=domains or base.domain, id=_identifier(name) if name else base.id
    )
    segments = _segments(chips, given, base.id, prefix, problems)
    claims = _figures(given, base.id, prefix, problems)
    if reported_as is not None:
        claims = _tagged(claims, reported_as, prefix, problems)
    if problems:
        raise UsageError("\n".join(problems))
    if len(segments) == 1:
        claims += segments[0]
    stages = _staged(segments) if len(segments) > 1 else []
    new_chip = any(claim.chip for claim in [*claims, *(c for stage in stages for c in stage.claims)])
    if not new_chip:
        claims = _on_the_same_chip(claims, base)
    kept = _in_force(base.claims, claims, new_chip)
    older = [replace(stage, claims=_in_force(stage.claims, claims, new_chip)) for stage in base.stages]
    return replace(base, claims=[*claims, *kept], stages=[*older, *stages])


def _in_force(claims: Sequence[Claim], given: Sequence[Claim], new_chip: bool) -> list[Claim]:
    """The claims of a dossier that the caller's figures leave in force.

    A chip of theirs has a peak of its own, and what another one was used to says nothing about it.
    """
    out = {name for claim in given for name in REPLACED.get(claim.about, ())}
    out |= {"peak", "precision", "utilization", "mfu", "hfu"} if new_chip else set()
    return [claim for claim in claims if claim.about not in out]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"as_of: {text!r} is not a date; write year-month-day") from None


SAME_THING = (("utilization", "mfu", "hfu"), ("examples", "updates"), ("macs_per_example", "flop_per_example"))


def _twice_said(given: Mapping[str, object], prefix: str) -> list[str]:
    found = []
    for names in SAME_THING:
        both = [spelled(name, prefix) for name in names if name in given]
        if len(both) > 1:
            found.append(f"{' and '.join(both)} say the same; give one")
    return found


def _base(source: str | Path | Dossier | None, as_of: date | None) -> Dossier | None:
    if source is None or isinstance(source, Dossier):
        return source
    found = located(source, as_of)
    if as_of and found.published and found.published > as_of:
        raise UsageError(f"{found.name} was published on {found.published}, after {as_of}, the day asked for")
    return found


def _unknown(given: Mapping[str, object], prefix: str) -> list[str]:
    known = {**FIGURES, **SEGMENT_FIGURES}
    found = []
    for key in given:
        if key not in known:
            near = get_close_matches(key, known, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
            found.append(f"{prefix}{key}: no such figure{hint}")
    return found


def _on_the_same_chip(given: Sequence[Claim], base: Dossier) -> list[Claim]:
    """More of the machines that the dossier names: the caller's numbers are of the same chip."""
    chip = next((claim.chip for claim in base.all_claims() if claim.chip), None)
    machines = {"chips", "duration", "chip_hours"}
    return [replace(claim, chip=chip) if claim.about in machines and not claim.chip else claim for claim in given]


# A model, a file


def located(source: str | Path, as_of: date | None = None) -> Dossier:
    """A dossier from a file, or from the catalogue by name.

    Raises:
        NotFound: with the nearest names.
        DataError: everything that is wrong with the file.
    """
    text = str(source)
    if not text.strip():
        raise UsageError("the name of the model is empty")
    path = Path(text)
    if isinstance(source, Path) or path.suffix in {".toml", ".json"}:
        return from_file(path, as_of)
    try:
        return dossiers.dossier_named(text)
    except NotFound:
        if _exists(path):
            return from_file(path, as_of)
        raise


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def from_file(path: Path, as_of: date | None = None) -> Dossier:
    """A dossier from a TOML file.

    Raises:
        NotFound, DataError: see `files.read_bytes` and `dossiers.read_dossier`.
    """
    raw = read_bytes(path)
    return dossiers.read_dossier(raw, str(path), _own_id(path.stem, raw), as_of)


def from_bytes(raw: bytes, as_of: date | None = None) -> Dossier:
    """A dossier from standard input."""
    return dossiers.read_dossier(raw, "standard input", _own_id("standard-input", raw), as_of)


def _own_id(name: str, content: bytes) -> str:
    """An id that another file of the same name does not have: what is unknown of each is drawn by it."""
    return f"{_identifier(name)}-{hashlib.blake2b(content, digest_size=4).hexdigest()}"


def _identifier(stem: str) -> str:
    return re.sub(r"[^\w.-]+", "-", stem) or "dossier"


# A configuration


def is_config(source: str) -> bool:
    """Is it a configuration that is meant: a JSON file, or a folder?"""
    path = Path(source)
    return bool(source.strip()) and (path.suffix == ".json" or (_exists(path) and path.is_dir()))


def _stated_length(base: Dossier) -> str | None:
    return next((claim.value for claim in base.claims if claim.about == "sequence_length"), None)


def _counted(base: Dossier, path: Path, length: object, *, named: bool) -> Dossier:
    """A dossier with the exact count of a configuration, one example being one sequence.

    The count is of the pairs that a causal mask keeps. It replaces what the dossier says of the same.
    """
    stated = read("sequence_length", str(length)) if length is not None else None
    if stated is not None and not (isinstance(stated, Point) and stated.value >= 1 and stated.value % 1 == 0):
        raise UsageError(f"sequence_length: {length!r} must be one whole number, to count a configuration")
    found = count(path, sequence_length=int(stated.value) if isinstance(stated, Point) else None, attention="causal")
    source = Source(id="config", title=f"model configuration {found.target}")
    size = found.parameters
    values = {"flop_per_example": f"{found.forward} FLOP", "sequence_length": f"{found.sequence_length} token"}
    if size:
        values |= {"parameters": f"{size.total} parameter", "active_parameters": f"{size.active} parameter"}
    claims = [
        Claim(
            id=f"{base.id}:{about}@config",
            about=about,
            value=value,
            belief=read(about, value),
            kind="derived",
            source=source.id,
            where=f"{found.backend}, attention causal, {found.sequence_length} tokens",
        )
        for about, value in values.items()
    ]
    replaced = {*values, "macs_per_example"}
    kept = [claim for claim in base.claims if claim.about not in replaced]
    name = base.name if named or base.name != "custom" else path.stem if path.stem != "config" else path.parent.name
    return replace(
        base,
        name=name or base.name,
        domain=base.domain or ["language"],
        claims=[*claims, *kept],
        sources={**base.sources, source.id: source},
    )


# Figures


def _own(given: Mapping[str, object]) -> Dossier:
    """A model of which only the caller knows; other figures make another model, with unknowns of its own."""
    figures = repr(sorted((key, _listed(value)) for key, value in given.items()))
    return Dossier(
        id=_own_id("custom", figures.encode()), name="custom", domain=["language"] if "tokens" in given else []
    )


def _domains(domain: str | Sequence[str] | None) -> list[str]:
    domains = _listed(domain)
    for item in domains:
        if item not in DOMAINS:
            near = get_close_matches(item, DOMAINS, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(DOMAINS)}"
            raise UsageError(f"domain: no {item!r}{hint}")
    return domains


def _listed(value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    if isinstance(value, str | Real):
        return [str(value)]
    raise UsageError(f"a number or a text is wanted, got {type(value).__name__}: {str(value)[:40]!r}")


def _figures(given: Mapping[str, object], subject: str, prefix: str, problems: list[str]) -> list[Claim]:
    claims: list[Claim | None] = []
    for key, about in FIGURES.items():
        claims += [_claim(key, about, value, subject, prefix, problems) for value in _listed(given.get(key))]
    found = [claim for claim in claims if claim is not None]
    sizes = {claim.about: claim.belief.value for claim in found if isinstance(claim.belief, Point)}
    if sizes.get("active_parameters", 0) > sizes.get("parameters", float("inf")):
        problems.append(f"{spelled('active_params', prefix)}: more than {spelled('params', prefix)}")
    if sizes.get("backward_factor", 1) < 1:
        problems.append(f"{spelled('backward_factor', prefix)}: forward and backward cannot be less than forward (1)")
    return found


def _tagged(claims: Sequence[Claim], tag: str, prefix: str, problems: list[str]) -> list[Claim]:
    flag = spelled("reported_as", prefix)
    if not any(claim.about == "compute" for claim in claims):
        problems.append(f"{flag}: says what {spelled('reported', prefix)} counts; give that too")
    if tag not in get_args(Tag):
        problems.append(f"{flag}: {tag!r} is not one of {', '.join(get_args(Tag))}")
    return [replace(claim, tag=cast(Tag, tag)) if claim.about == "compute" else claim for claim in claims]


def _segments(
    chips: Sequence[str], given: Mapping[str, object], subject: str, prefix: str, problems: list[str]
) -> list[list[Claim]]:
    values = {key: _listed(given[key]) for key in SEGMENT_FIGURES if key in given}
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
                raise NotFound("chip", name, error.suggestions) from None
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


def _staged(segments: Sequence[Sequence[Claim]]) -> list[Stage]:
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
