"""The filters that look at one trace or one problem at a time."""

import polars as pl
import pytest

from genesys.quality.text_faults import KINDS
from genesys.release.filters import difficulty, licences, personal
from genesys.release.filters import format as format_
from genesys.settings.release import DifficultySettings, FormatSettings, LicenceSettings, PeopleSettings
from tests.genesys.release.filters.traces_of import ends, traces

LICENSED = [
    {"problem_id": "a", "license": "MIT"},
    {"problem_id": "b", "license": "apache license, version 2.0"},
    {"problem_id": "c", "license": "CC BY-NC 4.0"},
    {"problem_id": "d", "license": None},
    {"problem_id": "e", "license": "MIT OR GPL-3.0"},
    {"problem_id": "f", "license": "MIT AND GPL-3.0"},
    {"problem_id": "g", "license": "our own"},
]
OF_EACH = [{"problem_id": name} for name in "abcdefg"]


def test_licences_are_known_in_every_spelling_and_others_go() -> None:
    found = ends(licences.filter_(LicenceSettings(allow=("mit", "Apache 2"))), traces(OF_EACH, LICENSED))
    not_allowed = "licence not allowed"
    assert found == {
        2: (not_allowed, "CC BY-NC 4.0"),
        5: (not_allowed, "MIT AND GPL-3.0"),
        6: (not_allowed, "our own"),
    }


def test_rows_without_a_licence_stay_unless_settings_say_otherwise() -> None:
    assert ends(licences.filter_(LicenceSettings()), traces(OF_EACH, LICENSED)) == {}
    found = ends(licences.filter_(LicenceSettings(unknown=False)), traces(OF_EACH, LICENSED))
    assert found == {3: ("no licence known", None)}


def test_an_allow_list_may_name_a_licence_of_ones_own() -> None:
    found = ends(licences.filter_(LicenceSettings(allow=("our own",), unknown=False)), traces(OF_EACH, LICENSED))
    assert sorted(found) == [0, 1, 2, 3, 4, 5]


FOUND = [
    {"findings": []},
    {"findings": ["personal: e-mail address", "personal: phone number"]},
    {"findings": ["personal: e-mail address", "secret: AWS key"]},
    {"findings": ["secret: AWS key", "secret: npm token"]},
]


def test_secrets_and_personal_data_go_and_their_kinds_are_told() -> None:
    assert ends(personal.filter_(PeopleSettings()), traces(FOUND)) == {
        1: ("holds personal data", "e-mail address, phone number"),
        2: ("holds a secret", "AWS key"),
        3: ("holds a secret", "AWS key, npm token"),
    }


@pytest.mark.parametrize(
    ("settings", "gone"),
    [
        (PeopleSettings(secrets="keep"), [1, 2]),
        (PeopleSettings(personal="keep"), [2, 3]),
        (PeopleSettings(secrets="keep", personal="keep"), []),
    ],
)
def test_settings_say_what_may_be_published(settings: PeopleSettings, gone: list[int]) -> None:
    assert sorted(ends(personal.filter_(settings), traces(FOUND))) == gone


FAULTY = [
    {"faults": []},
    {"faults": ["cut off: at the token limit", "empty answer"]},
    {"faults": ["empty answer"]},
    {"faults": ["broken Markdown: a: b"]},
]


def test_a_response_goes_for_its_first_fault() -> None:
    assert ends(format_.filter_(FormatSettings()), traces(FAULTY)) == {
        1: ("cut off", "at the token limit"),
        2: ("empty answer", None),
        3: ("broken Markdown", "a: b"),
    }


def test_faults_that_are_borne_with_drop_nothing() -> None:
    found = ends(format_.filter_(FormatSettings(tolerate=("cut off", "broken Markdown"))), traces(FAULTY))
    assert found == {1: ("empty answer", None), 2: ("empty answer", None)}
    assert ends(format_.filter_(FormatSettings(tolerate=KINDS)), traces(FAULTY)) == {}


def of(problem: str, teacher: str, *accepted: bool | None) -> list[dict[str, object]]:
    return [
        {
            "problem_id": problem,
            "teacher_id": teacher,
            "accepted": bool(one),
            "score": None if one is None else 1.0 * one,
        }
        for one in accepted
    ]


def test_pass_rates_are_over_all_samples_and_teachers() -> None:
    rows = of("a", "t", True, False, None) + of("a", "u", True) + of("b", "t", False)
    assert difficulty.judged(traces(rows).rows).rows() == [
        ("a", 3, 2, 2 / 3, '{"t": [2, 1], "u": [1, 1]}'),
        ("b", 1, 0, 0.0, '{"t": [1, 0]}'),
    ]


def test_a_response_in_two_campaigns_is_one() -> None:
    rows = [{"response_id": "r", "campaign": name} for name in "cd"]
    assert difficulty.judged(traces(rows).rows).rows() == [("p", 1, 1, 1.0, '{"t": [1, 1]}')]


@pytest.mark.parametrize(
    ("responses", "accepted", "band"),
    [
        (4, 0, "hopeless"),
        (10, 1, "hopeless"),
        (10, 2, "kept"),
        (10, 8, "kept"),
        (10, 9, "too easy"),
        (4, 4, "too easy"),
        (3, 3, "unknown"),
        (3, 0, "unknown"),
        (None, None, "unknown"),
    ],
)
def test_bands_go_by_the_pass_rate_and_want_enough_responses(
    responses: int | None, accepted: int | None, band: str
) -> None:
    frame = pl.DataFrame(
        {"responses": [responses], "accepted": [accepted]}, schema=dict.fromkeys(("responses", "accepted"), pl.Int64)
    )
    settings = DifficultySettings(least=0.2, most=0.8, samples=4)
    assert frame.select(difficulty.band(settings)).item() == band
    problems = [{"problem_id": "p", "responses": responses, "accepted": accepted}]
    found = ends(difficulty.filter_(settings), traces([{}], problems))
    told = (band, f"{accepted} of {responses} accepted")
    assert found == ({0: told} if band in ("hopeless", "too easy") else {})


def test_by_default_no_problem_with_an_accepted_response_goes() -> None:
    problems = [{"problem_id": "a", "responses": 9, "accepted": 9}, {"problem_id": "b", "responses": 9, "accepted": 1}]
    seen = traces([{"problem_id": "a"}, {"problem_id": "b"}], problems)
    assert ends(difficulty.filter_(DifficultySettings()), seen) == {}
