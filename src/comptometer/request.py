"""What a caller asks for: a model of the catalogue, a dossier file, figures of their own, or several of these.

Figures given by the caller are claims like all others; they outrank what a dossier says.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from comptometer import architecture, exact_counts, library
from comptometer.catalogue import Entry, entry
from comptometer.days import day
from comptometer.derivation import job
from comptometer.dossier_file import read_dossier
from comptometer.errors import NotationError, NotFound, Problem, UsageError
from comptometer.evidence import caller_claim
from comptometer.figures import (
    Figure,
    in_force,
    listed,
    on_the_same_chip,
    segments_of,
    spelled,
    staged,
    stated,
    tagged,
    twice_said,
    unknown,
)
from comptometer.files import Held, read_bytes
from comptometer.records import Claim, Dossier, Source, Stage
from comptometer.text import exact
from comptometer.vocabulary import DOMAINS, read

if TYPE_CHECKING:
    from comptometer.scenarios import Pass


def estimate(
    source: str | Path | Dossier | None = None,
    *,
    name: str | None = None,
    domain: str | Sequence[str] | None = None,
    as_of: date | str | None = None,
    chip: str | Sequence[str] | None = None,
    reported_as: str | None = None,
    config: str | Path | Mapping[str, object] | None = None,
    **figures: Figure | Sequence[Figure] | None,
) -> Entry:
    """Estimate training compute with every method that the evidence allows.

    Args:
        source: a model of the catalogue by any of its names, or the path of a dossier, of a `config.json` or of a
            folder with one; or a dossier.
        name: what to call the result; also names the unknowns: two results of one name share them.
        domain: what the model is for; language where only figures are given, tokens among them.
        as_of: refuse dates after this day; a month or a year ends with its last one.
        chip: the chip by any of its names; a list for several segments of the job, which add up.
        reported_as: what the reported figure counts: "model" FLOP, "hardware" FLOP with recomputation, or
            "derived-from-hardware" if it was worked out from the machines' time.
        config: a `config.json` (or a folder with one), a layer list (`.toml`) or a shipped one by its name, whose
            operations are counted, exactly, for method `operations`; or the fields of a `config.json`.
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
    config: str | Path | Mapping[str, object] | None = None,
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
    given = {key: value for key, value in (figures or {}).items() if listed(value)}
    chips = listed(chip)
    if source is None and not given and not chips and config is None:
        raise UsageError(
            "nothing to estimate: name a model, a dossier (.toml), or give figures such as params and tokens"
        )
    problems = [
        *unknown(given, prefix),
        *twice_said({**given, **({} if config is None else {"config": config})}, prefix),
    ]
    if name is not None and not name.isprintable():
        problems.append(f"{spelled('name', prefix)}: must be one line of printable characters")
    if isinstance(as_of, str):
        as_of = _day(as_of)
    domains = _domains(domain)
    base = _base(source, as_of) or _own(
        {**given, "chip": chips, **({} if config is None else {"config": _told(config)})}
    )
    base = replace(
        base, name=name or base.name, domain=domains or base.domain, id=_identifier(name) if name else base.id
    )
    segments = segments_of(chips, given, base.id, prefix, problems)
    claims = stated(given, base.id, prefix, problems)
    if config is not None:
        counted = _counted(config, base.id, prefix)
        claims.append(counted)
        base = replace(base, name=_called(base, counted, named=bool(source or name)))
    if reported_as is not None:
        claims = tagged(claims, reported_as, prefix, problems)
    if problems:
        raise UsageError("\n".join(problems))
    if len(segments) == 1:
        claims += segments[0]
    stages = staged(segments) if len(segments) > 1 else []
    new_chip = any(claim.chip for claim in [*claims, *(c for stage in stages for c in stage.claims)])
    if not new_chip:
        claims = on_the_same_chip(claims, base)
    kept = in_force(base.claims, claims, new_chip)
    older = [replace(stage, claims=in_force(stage.claims, claims, new_chip)) for stage in base.stages]
    whole = replace(base, claims=[*claims, *kept], stages=[*older, *stages])
    return replace(whole, domain=whole.domain or _counted_domain(whole)) if config is not None else whole


def _day(text: str) -> date:
    try:
        return day(text, last=True)
    except NotationError as error:
        raise UsageError.of([Problem("as_of", str(error))]) from None


def _base(source: str | Path | Dossier | None, as_of: date | None) -> Dossier | None:
    if source is None or isinstance(source, Dossier):
        return source
    found = located(source, as_of)
    if as_of and found.published and found.published > as_of:
        raise UsageError(f"{found.name} was published on {found.published}, after {as_of}, the day asked for")
    return found


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
        return library.dossier_named(text)
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
    """A dossier from a TOML file: as it stands, or what is counted where it is a stage list.

    Raises:
        NotFound, DataError: see `files.read_bytes`, `dossier_file.read_dossier` and `scenarios.scenario`.
        UsageError: a stage list whose models cannot be counted.
    """
    raw = read_bytes(path)
    if b"[[stages]]" in raw and _is_stage_list(path):
        return from_stages(path, _own_id(path.stem, raw))
    return read_dossier(raw, str(path), _own_id(path.stem, raw), as_of, folder=path.parent)


def _is_stage_list(path: Path) -> bool:
    from comptometer.scenarios import named_in

    return named_in(path)


def from_stages(path: Path, subject: str) -> Dossier:
    """What a stage list amounts to: a stage for each pass, with its model FLOP as evidence of method `operations`."""
    from comptometer.scenarios import scenario

    job = scenario(path)
    passes = [(f"{stage.name}: {one.what}", one) for stage in job.stages for one in stage.passes]
    source = Source(id="stages", title=f"stage list {path.name}")
    return Dossier(
        id=subject,
        name=job.name,
        domain=["language"],
        stages=[
            Stage(name=name, kind=one.activity, claims=_counted_pass(one, f"{subject}#{at}"))
            for at, (name, one) in enumerate(passes, 1)
        ],
        sources={source.id: source},
    )


def _counted_pass(one: Pass, subject: str) -> list[Claim]:
    """So many sequences, each at so many FLOP, gradients included."""
    values = {
        "flop_per_example": f"{exact(float(one.model_flop / one.sequences))} FLOP",
        "backward_factor": "1",
        "examples": f"{exact(float(one.sequences))} example",
    }
    return [
        Claim(
            id=f"{subject}:{about}@stages",
            about=about,
            value=value,
            belief=read(about, value),
            kind="derived",
            source="stages",
            where=one.what,
        )
        for about, value in values.items()
    ]


def from_bytes(raw: bytes, as_of: date | None = None) -> Dossier:
    """A dossier from standard input."""
    return read_dossier(raw, "standard input", _own_id("standard-input", raw), as_of)


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


def _counted(config: str | Path | Mapping[str, object], subject: str, prefix: str) -> Claim:
    """The caller's claim that a file is the architecture, or that these are its fields."""
    held = _held(config) if isinstance(config, Mapping) else None
    value = held.name if held else str(config)
    claim = caller_claim("architecture", value, None, spelled("config", prefix), subject)
    return replace(claim, file=held or architecture.located(value, Path()))


def _told(config: str | Path | Mapping[str, object]) -> str:
    """A configuration as a figure of the caller: other fields make another model."""
    return _held(config).content if isinstance(config, Mapping) else str(config)


def _held(fields: Mapping[str, object]) -> Held:
    """The fields of a configuration as its text.

    Raises:
        UsageError: they are not what JSON can say.
    """
    try:
        return Held("config.json", json.dumps(fields, sort_keys=True))
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"config: {error or 'is nested too deeply'}") from None


def _called(base: Dossier, counted: Claim, *, named: bool) -> str:
    """The name of the model: that of the file, where nobody gives it another."""
    if named or not isinstance(counted.file, Path):
        return base.name
    return (counted.file.parent.name if counted.file.stem == "config" else counted.file.stem) or base.name


def _counted_domain(dossier: Dossier) -> Sequence[str]:
    """What is counted in tokens is language, where nobody says otherwise."""
    found = exact_counts.counted(job(dossier).whole)
    return ["language"] if found and found.count.sequence_length else []


def _own(given: Mapping[str, object]) -> Dossier:
    """A model of which only the caller knows; other figures make another model, with unknowns of its own."""
    figures = repr(sorted((key, listed(value)) for key, value in given.items()))
    return Dossier(
        id=_own_id("custom", figures.encode()), name="custom", domain=["language"] if "tokens" in given else []
    )


def _domains(domain: str | Sequence[str] | None) -> list[str]:
    domains = listed(domain)
    for item in domains:
        if item not in DOMAINS:
            near = get_close_matches(item, DOMAINS, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(DOMAINS)}"
            raise UsageError(f"domain: no {item!r}{hint}")
    return domains
