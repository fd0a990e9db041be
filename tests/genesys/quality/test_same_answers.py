"""A verifier's own comparison of answers: asked where there is one, made once, shut down, and part of the version."""

from typing import Any

import pytest

from genesys.faults import InfrastructureFault
from genesys.quality.same_answers import SameAnswers
from genesys.settings import Settings


class Comparing:
    version = "1"
    made: list["Comparing"] = []
    settings: Settings | None = None
    is_shut_down = False

    def __init__(self) -> None:
        self.made.append(self)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Comparing":
        verifier = cls()
        verifier.settings = settings
        return verifier

    def same_answer(self, left: str, right: str) -> bool:
        return left.lower() == right.lower()

    async def shutdown(self) -> None:
        self.is_shut_down = True


class Plain:
    version = "1"


class Bare:
    """What a verifier of somebody else's has to have, and no more."""

    version = "1"

    def same_answer(self, left: str, right: str) -> bool:
        return left == right


class Broken(dict[str, type[Any]]):
    def __missing__(self, key: str) -> type[Any]:
        raise InfrastructureFault("the plug-in cannot be loaded")


def test_a_verifier_is_made_when_it_is_first_asked_and_shut_down_at_the_end() -> None:
    Comparing.made.clear()
    settings = Settings()
    with SameAnswers({"words": Comparing}, settings=settings) as same:
        compare = same.of("words")
        assert compare is not None
        assert Comparing.made == []
        assert compare("Yes", "yes")
        assert not compare("Yes", "no")
        assert same.of("words")("a", "A")  # type: ignore[misc]
        (verifier,) = Comparing.made
        assert verifier.settings is settings
        assert not verifier.is_shut_down
    assert verifier.is_shut_down


@pytest.mark.parametrize("settings", [None, Settings()])
def test_a_verifier_needs_no_settings_and_no_shutdown(settings: Settings | None) -> None:
    with SameAnswers({"words": Bare}, settings=settings) as same:
        compare = same.of("words")
        assert compare is not None
        assert compare("a", "a")
        assert not compare("a", "b")


def test_without_settings_each_finds_its_own() -> None:
    Comparing.made.clear()
    with SameAnswers({"words": Comparing}) as same:
        assert same.of("words")("a", "A")  # type: ignore[misc]
    assert [verifier.settings for verifier in Comparing.made] == [None]


def test_without_a_comparison_there_is_none() -> None:
    same = SameAnswers(Broken(plain=Plain))
    assert same.of("plain") is None
    assert same.of("unknown") is None
    assert same.versions(["plain", "unknown"]) == {}


def test_the_version_of_each_comparison_is_known() -> None:
    same = SameAnswers({"words": Comparing, "plain": Plain})
    assert same.versions(["words", "plain", "words"]) == {"words": "1"}
