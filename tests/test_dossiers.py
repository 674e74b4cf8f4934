"""Reading dossiers: what is accepted, and that all that is wrong is said at once."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims import HEAD, claim
from comptometer.distribution import Point
from comptometer.dossier_file import read_dossier
from comptometer.dossiers import dossier, dossier_ids
from comptometer.errors import DataError, NotFound
from comptometer.library import dossier_named
from comptometer.records import Dossier


def problems(text: str | bytes, as_of: date | None = None) -> list[str]:
    raw = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(DataError) as caught:
        read_dossier(raw, "x.toml", "test/x", as_of)
    return list(caught.value.problems)


def outcome(raw: bytes) -> Dossier | list[str] | None:
    """A dossier, or the problems that were reported; anything else escapes."""
    try:
        return read_dossier(raw, "x.toml", "x")
    except DataError as error:
        return list(error.problems) or None


def test_a_dossier_is_read_with_its_claims_in_canonical_units() -> None:
    found = read_dossier((HEAD + claim("duration", "9 day")).encode(), "x.toml", "test/x")
    assert found.claims[0].belief == Point(9 * 86_400)
    assert found.claims[0].id == "test/x:duration@https://example.org"
    assert found.published == date(2024, 1, 1)


def test_a_byte_order_mark_does_no_harm() -> None:
    assert read_dossier(b"\xef\xbb\xbf" + HEAD.encode(), "x.toml", "x").name == "Model"


def test_all_problems_of_a_file_are_reported_at_once() -> None:
    text = HEAD + claim("tokns", "5T") + claim("tokens", "5 parsecs") + claim("mfu", "72") + claim("chips", "-3")
    found = problems(text)
    assert len(found) == 4
    assert "did you mean 'tokens'" in found[0]
    assert found[1].startswith("claims[2].value: tokens:")
    assert "72%" in found[2]
    assert "above 0" in found[3]


def test_wrong_shape_and_wrong_values_are_reported_together() -> None:
    found = problems('name = "X"\npublished = "soon"\nfoo = 3\n' + claim("tokens", "5 parsecs"))
    text = "\n".join(found)
    for part in ("published", "foo: unknown key", "parsecs"):
        assert part in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\xff\xfe\x00 not toml = [", "UTF-8"),
        ("name = ", "not TOML"),
        ("a = " + "[" * 5000, "nested too deeply"),
        ("#" + "x" * 4_000_001, "the limit is"),
        ("name = 5\npublished = 2024-01-01\n", "name: needs"),
        ('name = "x"\n', "published: is missing"),
        (HEAD.replace("language", "langage"), "domain"),
        (HEAD + 'nmae = "y"\n', "did you mean 'name'"),
        (HEAD + claim("chips", "5", chip="h9000"), 'no chip "h9000"'),
        (HEAD + claim("tokens", "5T", chip="h100-sxm"), "does not belong"),
        (HEAD + claim("tokens", "5T", tag="model"), "only a compute claim"),
        (HEAD + claim("tokens", "5T") + claim("tokens", "6T"), "two claims 'tokens@https://example.org'"),
        (HEAD + claim("tokens", "5T", source="openai-2018"), "did you mean"),
        (HEAD + claim("macs_per_example", "5e9 MAC") + claim("flop_per_example", "1e10 FLOP"), "say the same"),
        (HEAD + claim("recompute", "ful"), "not one of none, selective, full"),
        (HEAD + claim("duration", "30"), "needs a unit"),
        (HEAD + claim("duration", "75 to 54 days"), "upside down"),
        (HEAD + claim("compute", "3e23"), "needs a unit"),
        (HEAD + claim("compute", "3e23 FLOP/s"), "does not fit"),
        (HEAD + claim("tokens", "5T", kind="guessed"), "kind"),
        (HEAD + 'base_model = "Model"\n', "cyclic"),
        (HEAD.replace("2024", "1824"), "before 1940"),
    ],
)
def test_bad_files_say_what_is_wrong(text: str | bytes, said: str) -> None:
    assert said in "\n".join(problems(text))


def test_claims_worked_out_from_one_another_in_a_circle_are_refused() -> None:
    extra = {"from": "['tokens']"}
    text = HEAD + claim("compute", "1e24 FLOP", **extra) + claim("tokens", "1T", **{"from": "['compute']"})
    assert problems(text) == ["claims: compute ← tokens ← compute is cyclic (key 'from')"]


def test_a_date_after_the_day_asked_for_is_refused() -> None:
    assert "2024-01-01 lies after 2023-06-01" in problems(HEAD, date(2023, 6, 1))[0]
    assert read_dossier(HEAD.encode(), "x.toml", "x", date(2024, 1, 1)).name == "Model"


def test_stages_have_claims_of_their_own_and_unique_names() -> None:
    stage = "[[stages]]\nname = 'a'\n[[stages.claims]]\nabout = 'tokens'\nvalue = '1T'\nsource = 'https://x.org'\n"
    assert read_dossier((HEAD + stage).encode(), "x.toml", "x").stages[0].claims[0].about == "tokens"
    assert "two stages" in problems(HEAD + stage + stage)[0]
    assert "stages[1].claims[1].value" in problems(HEAD + stage.replace("1T", "-1T"))[0]


def test_sources_can_be_described_in_the_dossier() -> None:
    text = HEAD + '[sources.mine]\ntitle = "My report"\n' + claim("tokens", "1T", source="mine")
    assert read_dossier(text.encode(), "x.toml", "x").sources["mine"].title == "My report"


@given(st.binary(max_size=300))
def test_no_bytes_bring_down_the_reader(raw: bytes) -> None:
    assert outcome(raw) is not None


@given(st.text(max_size=80), st.text(max_size=40))
def test_no_claim_brings_down_the_reader(value: str, about: str) -> None:
    import json

    text = f"{HEAD}[[claims]]\nabout = {json.dumps(about)}\nvalue = {json.dumps(value)}\nsource = 'https://x.org'\n"
    assert outcome(text.encode(errors="replace")) is not None


@pytest.mark.parametrize("name", ["alexnet", "AlexNet", "university-of-toronto/alexnet", "ALEX NET"])
def test_a_model_answers_to_all_its_names(name: str) -> None:
    assert dossier_named(name).name == "AlexNet"


def test_an_unknown_model_comes_with_suggestions() -> None:
    with pytest.raises(NotFound, match=r"405"):
        dossier_named("llama3 405")


def test_names_that_are_paths_do_not_leave_the_data_folder() -> None:
    for name in ("../../../etc/passwd", "..", "a/../b", "openai/../openai/gpt-3", "\0"):
        with pytest.raises(NotFound):
            dossier(name)


def test_every_dossier_on_file_can_be_read() -> None:
    assert len(dossier_ids()) >= 38
    for name in dossier_ids():
        assert dossier(name).id == name
