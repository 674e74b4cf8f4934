"""What the page says: the same in both languages, nothing that no page says, and nothing missing that one asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import pytest

pytest.importorskip("jinja2", reason="the extra web is not installed")

from comptometer import law, records, scorecard, shapes, store, studies, thresholds, vocabulary
from comptometer.charts import Language
from comptometer.checks import RULES, Severity
from comptometer.chip_facts import Taken
from comptometer.collection import Models
from comptometer.hypotheses import HYPOTHESES
from comptometer.limit_files import limits, preset_ids
from comptometer.methods import METHODS
from comptometer.regulations import regulations
from comptometer.selection import VERDICTS
from comptometer.studies import STUDIES
from comptometer.web import SECTIONS
from comptometer.web.sections import calculator, chips, methods, models, outlook, replications, trend
from comptometer.web.wording import LANGUAGES, messages

WEB = Path(str(files("comptometer.web")))
FOLDERS = {language: WEB / "words" / language for language in LANGUAGES}
FILES = sorted(path.name for path in FOLDERS["en"].iterdir())


def said(language: Language, name: str) -> Mapping[str, str]:
    found: Mapping[str, str] = json.loads((FOLDERS[language] / name).read_text("utf-8"))
    return found


def blanks(message: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(message) if name is not None)


# Both languages


def test_the_languages_have_the_same_files() -> None:
    assert sorted(path.name for path in FOLDERS["zh"].iterdir()) == FILES


@pytest.mark.parametrize("name", FILES)
def test_the_languages_have_the_same_keys_in_the_same_order(name: str) -> None:
    assert list(said("en", name)) == list(said("zh", name))


@pytest.mark.parametrize("name", FILES)
def test_the_languages_have_the_same_blanks(name: str) -> None:
    other = said("zh", name)
    assert {key: blanks(text) for key, text in said("en", name).items()} == {
        key: blanks(text) for key, text in other.items()
    }


# Names, units, signs and numbers are written alike in both languages.
NAMES = {
    "GPU",
    "TPU",
    "CPU",
    "MFU",
    "HFU",
    "FLOP",
    "FLOP/s",
    "TFLOP/s",
    "TPP",
    "n",
    "h100-sxm",
    "x/÷",
    "pfs-day",
    "petaFLOP/s-day",
}


def is_name(text: str) -> bool:
    """Has it no word that somebody could translate?"""
    return all(word in NAMES or not re.search("[^\\W\\d_]{2,}", word) for word in text.split())


def test_everything_but_names_is_translated() -> None:
    chinese = messages("zh")
    assert [key for key, text in messages("en").items() if text == chinese[key] and not is_name(text)] == []


def test_chinese_is_written_in_chinese() -> None:
    latin = {key: text for key, text in messages("zh").items() if not re.search("[一-鿿]", text)}
    plain = {key: re.sub(r"\{\w+\}", "", text) for key, text in latin.items()}
    assert [key for key, text in plain.items() if not is_name(text) and text != messages("en")[key]] == []


def test_no_message_holds_markup() -> None:
    for language in LANGUAGES:
        assert [key for key, text in messages(language).items() if re.search(r"<[a-z/]", text)] == []


# What is asked for


@cache
def sources(*endings: str) -> Mapping[str, str]:
    found = [path for path in WEB.rglob("*") if path.suffix in endings and path.is_file()]
    return {str(path.relative_to(WEB)): path.read_text("utf-8") for path in found}


@cache
def literals(*endings: str) -> frozenset[str]:
    """Every text in quotes, of either kind."""
    whole = "\n".join(sources(*endings).values())
    return frozenset(re.findall(r'"([^"\n]*)"', whole)) | frozenset(re.findall(r"'([^'\n]*)'", whole))


def words_in(name: str) -> frozenset[str]:
    """The texts in quotes of one file: what its loops go through."""
    return frozenset(re.findall(r'"([^"\n]*)"', (WEB / name).read_text("utf-8")))


def asked_by_the_calculator() -> set[str]:
    return {name for _, first, more in calculator.PARTS for name in (*first, *more)}


def models_with(column: str) -> set[str]:
    return {part for row in Models().rows() for part in str(row[column] or "").split("; ") if part}


def tables() -> list[studies.Table]:
    return [table for name in STUDIES for table in replications._replicated(name).tables]


def verdicts_of_studies() -> set[str]:
    """The first word of each verdict in these tables."""
    found = [str(row[at]) for table in tables() for at in replications._verdicts(table) for row in table.rows]
    return {replications._word(verdict) for verdict in found}


def choices(shape: type[Any], field: str) -> tuple[str, ...]:
    """What a field of a file can be."""
    return get_args(shape.model_fields[field].annotation)


MADE = ("epochs-omitted", "epochs-twice", "hours-per-trillion-tokens")  # hypotheses made for a model
CAUSES = (*(one.id for one in HYPOTHESES), *MADE)

# Messages that are asked for by a key made of parts: what the key begins with → what it goes on with. A message for
# each of these must be there.
WHOLE: Mapping[str, Callable[[], Iterable[str]]] = {
    "about.": lambda: vocabulary.ABOUTS,
    "activity.": lambda: get_args(law.Activity),
    "basis.": lambda: ("computed", "judged"),
    "calculator.example.": lambda: asked_by_the_calculator() - set(calculator.CHOICES),
    "calculator.figure.": lambda: asked_by_the_calculator(),
    "calculator.method.": lambda: METHODS,
    "calculator.part.": lambda: [part for part, _, _ in calculator.PARTS],
    "chips.column.": lambda: [name for name, _ in chips.COLUMNS],
    "claim.": lambda: get_args(vocabulary.Kind),
    "confidence.": lambda: ("Confident", "Likely", "Speculative"),
    "convention.": lambda: [name + end for name in methods.CONVENTIONS for end in ("", ".text")],
    "counted.": lambda: {one.quantity for one in regulations()},
    "country.": lambda: models_with("country"),
    "domain.": lambda: [name or "any" for name in trend.DOMAINS],
    "error.": lambda: methods.ERRORS,
    "formula.": lambda: METHODS,
    "how.": lambda: [
        name + end for name in ("what", "fit", "against", "interval", "missing", "month") for end in ("", ".text")
    ],
    "kind.": lambda: (*vocabulary.DOMAINS, *{one.source_kind for one in regulations()}),
    "likelihood.": lambda: get_args(thresholds.Likelihood),
    "links.": lambda: get_args(records.Directions),
    "method.": lambda: METHODS,
    "methods.": lambda: METHODS,
    "models.column.": lambda: [name for name, _ in models.COLUMNS],
    "nav.": lambda: [name for name, section in SECTIONS.items() if section.place],
    "outlook.path.": lambda: ("trend", "soft", "hard"),
    "outlook.kind.": lambda: ("soft", "hard"),
    "overlay.": lambda: ("thresholds", "line-2018", "eras"),
    "period.": lambda: trend.PERIODS,
    "place.": lambda: get_args(law.Jurisdiction),
    "preset.": lambda: outlook.PRESETS,
    "price.": lambda: get_args(records.PriceKind),
    "quantity.": lambda: (*trend.QUANTITIES, "date"),
    "reading.": lambda: get_args(law.Reading),
    "rule.": lambda: RULES,
    "hypothesis.": lambda: CAUSES,
    "selection.": lambda: trend.SELECTIONS,
    "severity.": lambda: get_args(Severity),
    "sort.": lambda: {store.chip_record(name).kind for name in store.chip_ids()},
    "status.": lambda: get_args(law.RegulationStatus),
    "study.": lambda: STUDIES,
    "taken.": lambda: [name for name in get_args(Taken) if name],
    "verdict.": lambda: (*VERDICTS, *[f"{name}.means" for name in VERDICTS], *get_args(scorecard.Verdict)),
    "js.calculator-method-": lambda: METHODS,
    "js.calculator-verdict-": lambda: [name for name in VERDICTS if name != "none"],
    "js.calculator-means-": lambda: [name for name in VERDICTS if name != "none"],
    "js.models-verdict-": lambda: VERDICTS,
    "js.models-kind-": lambda: vocabulary.DOMAINS,
    "js.calculator-why-": lambda: why(),
    "js.models-": lambda: compared(),
}
# Those that have another text, or none, where there is no message.
SOME: Mapping[str, Callable[[], Iterable[str]]] = {
    "assumed.": lambda: store.assumptions(),
    "between.": lambda: ("hardware-time / count", "reported / count", "reported utilization / implied"),
    "calculator.cause.": lambda: CAUSES,
    "calculator.choice.": lambda: [value for values in calculator.CHOICES.values() for value in values],
    "calculator.unsaid.": lambda: calculator.CHOICES,
    "chip.": lambda: words_in("chip_page.py"),
    "clock.": lambda: words_in("chip_page.py"),
    "column.": lambda: {name for table in tables() for name in table.columns},
    "cost.": lambda: ("acquisition", "amortised", "cloud", "power", "co2", *(f"energy.{b}" for b in boundaries())),
    "driver.": lambda: ("counted", *get_args(vocabulary.Tag), "which-witness", "interaction"),
    "experiment.": lambda: [one.id for one in methods._calibration().experiments],
    "forecast.": lambda: [one.id for one in scorecard.forecasts().forecasts],
    "group.": lambda: {line.group for one in methods._calibration().experiments for line in one.lines},
    "limit.": lambda: {name for preset in preset_ids() for name in limits(preset).limits},
    "methods.column.": lambda: words_in_template("methods.html"),
    "methods.method.": lambda: METHODS,
    "methods.part.": lambda: words_in_template("methods.html"),
    "model.": lambda: ("claims", "taken", "aside"),
    "need.": lambda: {name for one in METHODS.values() for name in re.findall(r"\{(\w+)\}", one.formula)}
    | {one.about for name in ("assumptions", "cost-assumptions") for one in store.assumptions(name).values()}
    | {*vocabulary.ABOUTS, "chip", "flop", "model_compute", "peak", "flop_per_example", "tokens", "examples"},
    "origin.": lambda: models_with("origin"),
    "outcome.": lambda: (*verdicts_of_studies(), "unexpected"),
    "outlook.": lambda: words_in("outlook.py") | {f"{name}.note" for name in words_in("outlook.py")},
    "path.": lambda: choices(shapes.PeakRow, "path"),
    "thresholds.column.": lambda: words_in_template("thresholds.html"),
    "title.": lambda: {table.title for table in tables()},
    "unit.": lambda: {store.chip_record(name).unit for name in store.chip_ids()} | {r.unit for r in regulations()},
    "js.calculator-about-": lambda: [
        *vocabulary.ABOUTS, "model-error", "recompute", "which-witness", "interaction", "peak", "goodput",
    ],
    "js.calculator-unit-": lambda: vocabulary.ABOUTS,
}  # fmt: skip


def boundaries() -> tuple[str, ...]:
    return ("chip", "server", "facility")


def words_in_template(name: str) -> frozenset[str]:
    return words_in(f"templates/{name}")


def scripts() -> str:
    return "\n".join(sources(".js").values())


def why() -> set[str]:
    """Why the script of the calculator cannot read something."""
    found = re.findall(r'refuse\("([a-z]+)"', (WEB / "assets/notation.js").read_text())
    found += re.findall(r'refuse\([^,]+, "([a-z]+)"', (WEB / "assets/calculation.js").read_text())
    return set(found) | set(re.findall(r'why: "([a-z]+)"', scripts()))


def compared() -> list[str]:
    """The rows of the table in which models are compared."""
    listed = re.search(r"COMPARED = \[(.*?)\]", (WEB / "assets/models.js").read_text(), re.DOTALL)
    assert listed
    return re.findall(r'"(\w+)"', listed[1])


def families(which: Mapping[str, Callable[[], Iterable[str]]]) -> set[str]:
    return {prefix + rest for prefix, values in which.items() for rest in values()}


def asked_in_full() -> set[str]:
    """Keys that stand whole where they are asked for."""
    asked = r"""\b(?:say|words)\((["'])([\w.-]+)\1(?=[,)]| if )"""
    python = {found[1] for text in sources(".py", ".html").values() for found in re.findall(asked, text)}
    script = {
        found[1]
        for text in sources(".js").values()
        for found in re.findall(r"""page\.say\((["'])([\w-]+)\1[,)]""", text)
    }
    own = re.findall(r"""(?<![.\w])say\((["'])([\w-]+)\1[,)]""", sources(".js")["assets/calculator.js"])
    return python | {f"js.{key}" for key in script} | {f"js.calculator-{key}" for _, key in own}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_that_is_asked_for_is_there(language: Any) -> None:
    wanted = asked_in_full() | families(WHOLE)
    assert len(asked_in_full()) > 250
    assert sorted(wanted - messages(language).keys()) == []


def test_every_message_is_used() -> None:
    used = literals(".py", ".html") | asked_in_full() | families(WHOLE) | families(SOME)
    assert sorted(messages("en").keys() - used) == []


def test_every_key_that_is_made_of_parts_is_listed() -> None:
    """What stands before a blank in a key, wherever one is put together."""
    keys = messages("en").keys()
    made = {
        prefix
        for text in sources(".py", ".html").values()
        for pattern in (r'f"([a-z][\w.-]*\.)\{', r'"([a-z][\w.-]*\.)" ~', r"'([a-z][\w.-]*\.)' ~", r', "([a-z]+\.)"\)')
        for prefix in re.findall(pattern, text)
        if any(key.startswith(prefix) for key in keys)
    }
    made |= {f"js.{prefix}" for prefix in re.findall(r'(?:page\.say|words?)\("([\w-]+-)"[,)]? ?[+\w]', scripts())}
    made |= {f"js.calculator-{prefix}" for prefix in re.findall(r'(?<![.\w])say\("([\w-]+-)" \+', scripts())}
    listed = {*WHOLE, *SOME, "js.calculator-"}  # the last is what the calculator's own script puts before all
    assert sorted(made - listed) == []
    assert sorted(prefix for prefix in listed if not any(key.startswith(prefix) for key in keys)) == []
