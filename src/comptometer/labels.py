"""What claims are called where people read: words of the field in place of the ids that machines get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comptometer import store
from comptometer.records import Claim

ERRORS: Mapping[str, str] = {  # of the methods, by what follows "model-error/"
    "operations": "error of the count",
    "parameters-tokens": "error of 6ND",
    "parameters-tokens/small": "error of 6ND below 1e9 parameters",
    "parameters-tokens/not-language": "error of 6ND outside language",
    "parameters-tokens/table": "error of 6ND from a table's columns",
    "parameters-tokens/all-experts": "error of 6ND with all experts",
    "hardware-time": "error of chips and hours",
    "hardware-time/table": "error of chips and hours from a table's columns",
    "reported/primary": "error of a figure stated by its makers",
    "reported/secondary": "error of a figure stated by others",
    "reported/tertiary": "error of a figure stated at third hand",
}
TOGETHER: Mapping[str, str] = {  # drivers that are no claim
    "which-witness": "which of the methods is right",
    "interaction": "several of them together",
}
KINDS: Mapping[str, str] = {  # what follows "#" in the id of a claim, or its tag
    "model": "",
    "hardware": ", of the hardware",
    "derived-from-hardware": ", worked out from the hardware",
}
OF_A_CHIP = frozenset({"chips", "chip_hours", "duration", "peak"})  # claims that say little without their chip
NEEDS: Mapping[str, str] = {"flop": "compute as somebody states it", "chip": "which chip it was"}
SPELLED: Mapping[str, str] = {"mfu": "MFU", "hfu": "HFU", "ofu": "OFU", "flop": "FLOP", "macs": "multiply-adds"}


def about(key: str) -> str:
    """A key of the vocabulary as people write it.

    >>> about("chip_hours"), about("macs_per_example"), about("mfu")
    ('chip hours', 'multiply-adds per example', 'MFU')
    """
    return " ".join(SPELLED.get(word, word) for word in key.split("_"))


def need(key: str) -> str:
    """What a method lacks, as people write it; a stage in brackets is left as it is.

    >>> need("flop"), need("chip_hours"), need("tokens (stage 'main')")
    ('compute as somebody states it', 'chip hours', "tokens (stage 'main')")
    """
    name, bracket, stage = key.partition(" (")
    return NEEDS.get(name, about(name)) + bracket + stage


def needs(missing: Mapping[str, Sequence[str]]) -> str:
    """What each method lacks, in one line."""
    return "; ".join(f"{name} needs {', '.join(map(need, lacking))}" for name, lacking in missing.items())


def driver(name: str) -> str:
    """What a share of the uncertainty comes from, by the id of its claim.

    >>> driver("assumption:model-error/operations"), driver("assumption:utilization/small#widened")
    ('error of the count', 'utilization (below 1e9 parameters)')
    >>> driver("chip:nvidia/v100-sxm#fp16"), driver("openai/gpt-3:compute#model@brown-2020-gpt-3")
    ('peak of nvidia/v100-sxm in fp16', 'stated compute')
    >>> driver("stability-ai/sdxl:base, 256 pixels:flop_per_example#counted-77@podell-2023-sdxl")
    'FLOP per example, counted (base, 256 pixels)'
    """
    if name in TOGETHER:
        return TOGETHER[name]
    if name.startswith("assumption:"):
        return _assumed(name.removeprefix("assumption:").partition("#")[0])
    if name.startswith("chip:"):
        return _peak(name)
    key, kind, stage = parts_of(name)
    said = ", counted" if kind.startswith("counted") else KINDS.get(kind, "")
    return ("stated compute" if key == "compute" else about(key)) + said + (f" ({stage})" if stage else "")


def parts_of(name: str) -> tuple[str, str, str]:
    """What the id of a claim of a dossier says: key of the vocabulary, kind, and stage.

    >>> parts_of("stability-ai/sdxl:base, 256 pixels:flop_per_example#counted-77@podell-2023-sdxl")
    ('flop_per_example', 'counted-77', 'base, 256 pixels')
    """
    path, _, kind = name.partition("@")[0].partition("#")
    *owner, key = path.split(":")
    return key, kind, ":".join(owner[1:])


def chips_of(name: str) -> tuple[list[str], list[str]]:
    """The chips whose peak a claim is, and the number formats, by its id: of one chip, or of all that are possible.

    >>> chips_of("chip:nvidia/v100-sxm#fp16")
    (['nvidia/v100-sxm'], ['fp16'])
    """
    parts = [part.partition("#") for part in name.removeprefix("chip:").split("|")]
    chips = list(dict.fromkeys(chip for chip, _, _ in parts))
    return chips, list(dict.fromkeys(precision for _, _, precision in parts if precision))


def taken_for(default: str) -> str:
    """For which runs a default is taken, by the id of its assumption: beside others of its kind.

    >>> taken_for("utilization/small"), taken_for("utilization/default")
    ('below 1e9 parameters', 'all other runs')
    """
    if default.endswith("/default"):
        return "all other runs"
    return store.assumptions()[default].where


def _assumed(assumption_id: str) -> str:
    kind, _, rest = assumption_id.partition("/")
    if kind == "model-error":
        return ERRORS.get(rest, f"error of {rest}")
    assumption = store.assumptions().get(assumption_id)
    word = about(assumption.about) if assumption else kind.replace("-", " ")
    if kind == "utilization" and assumption:
        return f"{word} ({assumption.where})"
    return f"{word} ({rest})" if rest else word


def _peak(name: str) -> str:
    chips, formats = chips_of(name)
    return f"peak of {' or '.join(chips)}" + (f" in {' or '.join(formats)}" if formats else "")


def title(claim: Claim) -> str:
    """What a claim is about: the words of the vocabulary; of a default or a record, which one."""
    return driver(claim.id) if claim.id.startswith(("assumption:", "chip:")) else about(claim.about)


def value(claim: Claim) -> str:
    """The value of a claim as written, with the chip that it is of.

    >>> from comptometer.dossiers import dossier
    >>> [value(claim) for claim in dossier("openai/gpt-3").claims if claim.about in {"chips", "tokens"}]
    ['300B token', '10000 chip (nvidia/v100-sxm)']
    """
    named = claim.chip and claim.about in OF_A_CHIP and not claim.id.startswith("chip:")
    return f"{claim.value} ({claim.chip})" if named else claim.value
