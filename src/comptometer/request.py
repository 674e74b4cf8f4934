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
from pathlib import Path

from comptometer import dossiers
from comptometer.catalogue import Entry, entry
from comptometer.counting import count
from comptometer.distribution import Point
from comptometer.errors import NotFound, UsageError
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
from comptometer.files import read_bytes
from comptometer.records import Claim, Dossier, Source
from comptometer.vocabulary import DOMAINS, read


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
    given = {key: value for key, value in (figures or {}).items() if listed(value)}
    chips = listed(chip)
    if source is None and not given and not chips and config is None:
        raise UsageError(
            "nothing to estimate: name a model, a dossier (.toml), or give figures such as params and tokens"
        )
    problems = [*unknown(given, prefix), *twice_said(given, prefix)]
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
    segments = segments_of(chips, given, base.id, prefix, problems)
    claims = stated(given, base.id, prefix, problems)
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
    return replace(base, claims=[*claims, *kept], stages=[*older, *stages])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"as_of: {text!r} is not a date; write year-month-day") from None


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
