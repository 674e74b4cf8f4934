"""Claims, methods and drivers of uncertainty in the words of a language, by their ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comptometer import labels
from comptometer.records import Claim
from comptometer.web.wording import Wording


def about(key: str, say: Wording) -> str:
    """A key of the vocabulary: "chip hours" or "芯片小时"."""
    return say(f"about.{key}") if say.has(f"about.{key}") else labels.about(key)


def method(name: str, say: Wording) -> str:
    """A method; one of another package keeps its name."""
    return say(f"method.{name}") if say.has(f"method.{name}") else name


def driver(name: str, say: Wording) -> str:
    """What a share of the uncertainty comes from, by the id of its claim."""
    if say.has(f"driver.{name}"):
        return say(f"driver.{name}")
    if name.startswith("assumption:"):
        key = "assumed." + name.removeprefix("assumption:").partition("#")[0]
        return say(key) if say.has(key) else labels.driver(name)
    if name.startswith("chip:"):
        chips, formats = labels.chips_of(name)
        choice = say("model.or")
        key = "driver.peak-in" if formats else "driver.peak"
        return say(key, chips=choice.join(chips), formats=choice.join(formats))
    key, kind, stage = labels.parts_of(name)
    called = say("driver.compute") if key == "compute" else about(key, say)
    if kind.startswith("counted"):
        kind = "counted"
    said = say(f"driver.{kind}", name=called) if say.has(f"driver.{kind}") else called
    return say("driver.of-stage", name=said, stage=stage) if stage else said


def title(claim: Claim, say: Wording) -> str:
    """What a claim is about; of a default or a record, which one."""
    return driver(claim.id, say) if claim.id.startswith(("assumption:", "chip:")) else about(claim.about, say)


def need(key: str, say: Wording) -> str:
    """What a method lacks; a stage in brackets stays as it is.

    >>> need("chip_hours", Wording("en")), need("flop", Wording("zh"))
    ('chip-hours', '公布的计算量')
    """
    name, bracket, stage = key.partition(" (")
    return (say(f"need.{name}") if say.has(f"need.{name}") else about(name, say)) + bracket + stage


def needs(missing: Mapping[str, Sequence[str]], say: Wording) -> list[tuple[str, str]]:
    """Each method with what it lacks."""
    return [
        (method(name, say), say("model.list").join(need(key, say) for key in keys)) for name, keys in missing.items()
    ]
