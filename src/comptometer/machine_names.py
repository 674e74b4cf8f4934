"""Names of several chips together: slices of a TPU pod, servers, "8xH100"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# Slices of these are named by their cores, two to a chip: "v3-8" is four chips; those of others by their chips.
# https://docs.cloud.google.com/tpu/docs/system-architecture-tpu-vm
NAMED_BY_CORES = frozenset({"TPU v2", "TPU v3", "TPU v4", "TPU v5p"})
CORES_PER_CHIP = 2
# A DGX with these has eight on one board, with SXM modules: https://docs.nvidia.com/dgx/
IN_EIGHTS = frozenset({"a100", "a800", "h100", "h200", "h800", "b200", "b300"})
DGX = 8

_SLICE = re.compile(r"(?:google\s+|cloud\s+)*(?:tpu[\s-]*)?(?P<version>v\d+[a-z]*)-(?P<size>\d{1,7})")
_SERVER = re.compile(r"(?:nvidia\s+)?dgx[\s-]*(?P<chip>[a-z]\d+)(?:[\s-]*\d+\s*gb)?")
_TIMES = (
    re.compile(r"(?P<count>\d[\d,]{0,11})\s*(?:[x×*]\s*|\s)(?P<chip>\S.*)"),
    re.compile(r"(?P<chip>.*\S)(?:\s+x\s*|x|\s*[×*]\s*)(?P<count>\d[\d,]{0,11})"),
)

Lookup = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """What such a name means.

    Attributes:
        chips: how many.
        ids: what each of them may be.
        name: what they are called together, where they may be several.
        why: how the number follows, in a few words.
    """

    chips: int
    ids: Sequence[str]
    name: str = ""
    why: str = ""

    def __str__(self) -> str:
        why = f" ({self.why})" if self.why else ""
        plural = "s" * (self.chips != 1)
        chip = self.ids[0] if len(self.ids) == 1 else f'"{self.name}"'
        return f"that is {self.chips} chip{plural} of {' or '.join(self.ids)}{why}: use chip={chip} chips={self.chips}"


def several(name: str, lookup: Lookup) -> Several | None:
    """Read a name of several chips; nothing where it is not one.

    Args:
        name: as somebody wrote it.
        lookup: the ids of the chips that a spelling may mean, none where it is no chip.

    >>> tpus = {"tpu v3": ["google/tpu-v3"], "tpu v5e": ["google/tpu-v5e"]}
    >>> print(several("v3-8", lambda name: tpus.get(name, [])))
    that is 4 chips of google/tpu-v3 (8 cores, 2 to a chip): use chip=google/tpu-v3 chips=4
    >>> print(several("TPU v5e-16", lambda name: tpus.get(name, [])))
    that is 16 chips of google/tpu-v5e: use chip=google/tpu-v5e chips=16
    """
    text = " ".join(name.casefold().split())
    if found := _SLICE.fullmatch(text):
        return _slice(found["version"], int(found["size"]), lookup)
    if (found := _SERVER.fullmatch(text)) and found["chip"] in IN_EIGHTS:
        on_boards = [one for one in lookup(found["chip"]) if "-pcie" not in one and "-nvl" not in one]
        name = f"{found['chip']} sxm"
        return Several(chips=DGX, ids=on_boards, name=name, why=f"a server with {DGX}") if on_boards else None
    for pattern in _TIMES:
        if found := pattern.fullmatch(text):
            count, chip = int(found["count"].replace(",", "")), found["chip"].strip()
            if count and (ids := lookup(chip) or lookup(chip.removesuffix("s"))):
                return Several(chips=count, ids=ids, name=chip)
    return None


def _slice(version: str, size: int, lookup: Lookup) -> Several | None:
    ids = lookup(f"tpu {version}") or [one for one in lookup(version) if "/tpu-" in one]
    if not ids or not size:
        return None
    if f"TPU {version}" not in NAMED_BY_CORES:
        return Several(chips=size, ids=ids)
    if size % CORES_PER_CHIP:
        return None  # no slice has half a chip
    return Several(chips=size // CORES_PER_CHIP, ids=ids, why=f"{size} cores, {CORES_PER_CHIP} to a chip")
