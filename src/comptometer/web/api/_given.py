"""What a caller may give to be estimated: the figures of `comptometer.estimate`, and nothing that names a file.

A model is looked up among the names of the catalogue; a configuration comes as its fields. So there is no text here
that could be taken for a path.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, create_model

from comptometer.errors import NotFound, UsageError
from comptometer.figures import FIGURES, SEGMENT_FIGURES
from comptometer.vocabulary import ABOUTS

if TYPE_CHECKING:
    from comptometer.catalogue import Entry
    from comptometer.records import Dossier

DEEPEST: Final = 40  # levels of a configuration
MOST_SEGMENTS: Final = 20

Text = Annotated[str, Field(max_length=400)]  # one that is too long to be a number is refused by name, not here
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Name = Annotated[str, Field(max_length=120)]
Figure = Text | Number
Figures = Figure | Annotated[list[Figure], Field(max_length=MOST_SEGMENTS)]


class _Closed(BaseModel):
    """An object with these keys and no others."""

    model_config = ConfigDict(extra="forbid")


def _said(about: str) -> str:
    return f"{about.replace('_', ' ')}, e.g. {ABOUTS[about].example!r}"


def _fields(one: Any, several: Any) -> dict[str, Any]:
    """A field for each figure: one value, or one for each segment of the job."""
    singles = {name: (one | None, Field(None, description=_said(about))) for name, about in FIGURES.items()}
    repeated = {
        name: (several | None, Field(None, description=_said(about))) for name, about in SEGMENT_FIGURES.items()
    }
    return {**singles, **repeated}


class _Beside(_Closed):
    """What is given besides figures."""

    source: Name | None = Field(None, description="a model of the catalogue, by any of its names")
    name: Name | None = Field(None, description="what to call the result")
    reported_as: Name | None = Field(None, description="model, hardware or derived-from-hardware")


class _Posted(_Beside):
    """The same where it comes as JSON."""

    domain: Name | list[Name] | None = Field(None, description="what the model is for; language where tokens are given")
    chip: Name | Annotated[list[Name], Field(max_length=MOST_SEGMENTS)] | None = Field(
        None, description="the chip by any of its names; one for each segment of the job"
    )
    config: dict[str, Any] | None = Field(None, description="the fields of a config.json, whose operations are counted")


class _Queried(_Beside):
    """The same where it comes in an address."""

    domain: Annotated[list[Name], Field(max_length=MOST_SEGMENTS)] | None = None
    chip: Annotated[list[Name], Field(max_length=MOST_SEGMENTS)] | None = None


if TYPE_CHECKING:

    class EstimateRequest(BaseModel): ...

    class EstimateQuery(BaseModel): ...
else:
    EstimateRequest = create_model("EstimateRequest", __base__=_Posted, **_fields(Figure, Figures))
    EstimateQuery = create_model(
        "EstimateQuery",
        __base__=_Queried,
        **_fields(Text, Annotated[list[Text], Field(max_length=MOST_SEGMENTS)]),
    )


def estimated(given: BaseModel) -> Entry:
    """The estimate that is asked for.

    Raises:
        UsageError: figures that cannot be read, each by its name.
        NotFound: no such model.
        NotEnoughEvidence: no method could run.
    """
    from comptometer import request
    from comptometer.catalogue import entry

    said = {name: value for name, value in given.model_dump().items() if value is not None and value != []}
    beside = {name: said.pop(name, None) for name in ("name", "domain", "chip", "reported_as", "config")}
    if beside["config"] is not None:
        check_depth(beside["config"])
    source = said.pop("source", None)
    try:
        return entry(request.dossier(_on_file(source), figures=said, **beside))
    except NotFound as error:
        if error.asked[0] == "chip":  # a figure that cannot be read, like others
            raise UsageError(f"chip: {error}") from None
        raise


def _on_file(name: str | None) -> Dossier | None:
    """A model of the catalogue: names are compared with the names on file, never with those of files."""
    from comptometer.library import library

    return None if name is None else library().item(name).dossier()


def check_depth(config: Mapping[str, Any]) -> None:
    """Refuse what is nested deeper than any configuration.

    Raises:
        UsageError: says how deep it may be.
    """
    level: list[Any] = [config]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)]
        if not level:
            return
    raise UsageError(f"config: is nested deeper than {DEEPEST} levels, which no configuration is")


def _inside(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value
