"""The peak of the device: dense, of one number format, from the catalogue. An unknown device has none."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from comptometer.errors import ComptometerError


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What a process computes on.

    Attributes:
        name: as its driver says; uuid: of its driver.
        chip: of the catalogue; empty where the name means none, or several whose peaks differ.
        peak: dense FLOP/s of one device in `precision`; None where there is no such figure, and `why` says why.
        source: where the peak was read.
    """

    name: str = ""
    uuid: str = ""
    chip: str = ""
    precision: str = ""
    peak: float | None = None
    source: str = ""
    why: str = ""


def device(name: str | None, precision: str | None, model: object) -> Device:
    """The device of this process, or the one that is named."""
    found, uuid = _cuda() if name is None else (name, "")
    fmt = precision or _precision(model)
    if not found:
        return Device(precision=fmt, why='the device is on no record: name it (device="h100-sxm") to get MFU')
    return with_peak(found, uuid, fmt)


def with_peak(name: str, uuid: str, precision: str) -> Device:
    """A named device with its peak, where the catalogue has exactly one chip of that name."""
    from comptometer import store

    try:
        chips = store.chips_named(name)
    except ComptometerError as error:
        return Device(name=name, uuid=uuid, precision=precision, why=str(error))
    if len(chips) != 1:
        near = ", ".join(chip.id for chip in chips)
        return Device(name=name, uuid=uuid, precision=precision, why=f"{name!r} may be {near}: name one")
    (chip,) = chips
    if not precision:
        return Device(name=name, uuid=uuid, chip=chip.id, why='the number format is unknown: give precision="bf16"')
    try:
        peak = chip.peak(precision)
    except ComptometerError as error:
        return Device(name=name, uuid=uuid, chip=chip.id, precision=precision, why=str(error))
    each = peak.value / chip.devices_per_unit
    source = f"{peak.source}, {peak.where}" if peak.where else peak.source
    return Device(name=name, uuid=uuid, chip=chip.id, precision=precision, peak=each, source=source)


def _cuda() -> tuple[str, str]:
    torch: Any = sys.modules.get("torch")  # a loop that does not use it computes on something else
    try:
        if torch is None or not torch.cuda.is_available():
            return "", ""
        properties = torch.cuda.get_device_properties(torch.cuda.current_device())
        return str(properties.name), str(getattr(properties, "uuid", ""))
    except Exception:  # a training run does not end because a driver does not answer
        return "", ""


def _precision(model: Any) -> str:
    """Of the parameters, where it decides; fp32 ones may be multiplied in any format, so that says nothing."""
    try:
        kinds = {str(parameter.dtype) for parameter in model.parameters()}
    except Exception:
        return ""
    return {"torch.bfloat16": "bf16", "torch.float16": "fp16"}.get(next(iter(kinds)), "") if len(kinds) == 1 else ""
