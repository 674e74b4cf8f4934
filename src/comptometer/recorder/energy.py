"""Energy of a device since its driver was loaded, where NVML counts it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module


def joules(uuid: str) -> Callable[[], float] | None:
    """What reads the counter of a device, in J; None without NVML, or for a device that has no such counter."""
    if not uuid:
        return None
    try:
        nvml = import_module("pynvml")
        nvml.nvmlInit()
        name = uuid if uuid.startswith(("GPU-", "MIG-")) else f"GPU-{uuid}"
        handle = nvml.nvmlDeviceGetHandleByUUID(name)
        nvml.nvmlDeviceGetTotalEnergyConsumption(handle)
    except Exception:  # of the library's own kinds
        return None
    return lambda: nvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000.0  # it counts in mJ
