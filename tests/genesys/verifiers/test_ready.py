"""Whether a verifier can work is asked once, before any record; and a verifier gets the settings of its run."""

import asyncio
from typing import Any, ClassVar

import pytest

from genesys.faults import InfrastructureFault
from genesys.settings import SandboxSettings, Settings
from genesys.verifiers.base_verifier import BaseVerifier
from genesys.verifiers.registry import executes
from genesys.verifiers.runner import VerifierRunner

RECORD = {"task_type": "t", "llm_response": "x", "verification_info": {}}
MISSING = "no Docker engine answers; get one: apt-get install docker.io"


class Missing(BaseVerifier):
    """Counts how often it is asked; its records never reach it."""

    asked = 0

    def ready(self) -> str | None:
        type(self).asked += 1
        return MISSING

    def verify(self, result: Any) -> Any:
        raise AssertionError("a record reached a verifier that is not ready")


class Raises(Missing):
    def ready(self) -> str | None:
        raise InfrastructureFault(MISSING, final=True)


class Later(Missing):
    async def ready(self) -> str | None:  # type: ignore[override]
        return MISSING


class Ready(BaseVerifier):
    def __init__(self, slots: int = 0) -> None:
        self._slots = slots

    @classmethod
    def from_settings(cls, settings: Settings) -> "Ready":
        return cls(settings.sandbox.slots)

    def verify(self, result: Any) -> Any:
        return {"score": 1.0, "verification_result_info": {"slots": self._slots}}


class Foreign:
    """As written for Genesys: knows nothing of readiness or settings, nor of ours at all."""

    def verify(self, result: Any) -> Any:
        return {"score": 0.5, "verification_result_info": {}}


@pytest.mark.parametrize("cls", [Missing, Raises, Later])
async def test_what_is_missing_is_said_as_it_is_and_no_record_is_tried(cls: type[Any]) -> None:
    async with VerifierRunner({"t": cls}) as runner:
        assert await runner.ready("t") == MISSING
        for _ in range(3):
            with pytest.raises(InfrastructureFault) as caught:
                await runner.verify(RECORD)
            assert (str(caught.value), caught.value.final) == (MISSING, True)


async def test_it_is_asked_once_however_many_ask_and_however_many_records_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Missing, "asked", 0)
    async with VerifierRunner({"t": Missing}) as runner:
        await asyncio.gather(*(runner.ready("t") for _ in range(5)))
        await asyncio.gather(*(runner.verify(RECORD) for _ in range(5)), return_exceptions=True)
    assert Missing.asked == 1


async def test_a_verifier_is_made_from_the_settings_of_its_run() -> None:
    settings = Settings().model_copy(update={"sandbox": SandboxSettings(slots=7)})
    async with VerifierRunner({"t": Ready}, settings=settings) as runner:
        assert await runner.ready("t") is None
        assert (await runner.verify(RECORD))["verification_result_info"] == {"slots": 7}
    async with VerifierRunner({"t": Ready}) as runner:
        assert (await runner.verify(RECORD))["verification_result_info"] == {"slots": 0}


async def test_a_verifier_written_for_genesys_is_always_ready() -> None:
    async with VerifierRunner({"t": Foreign}, settings=Settings()) as runner:
        assert await runner.ready("t") is None
        assert (await runner.verify(RECORD))["score"] == 0.5


class Broken(BaseVerifier):
    def __init__(self) -> None:
        raise RuntimeError("no luck")


@pytest.mark.parametrize("registry", [{}, {"t": Broken}])
async def test_what_is_wrong_with_a_verifier_is_its_records_matter(registry: dict[str, type[Any]]) -> None:
    async with VerifierRunner(registry) as runner:
        assert await runner.ready("t") is None
        with pytest.raises(InfrastructureFault, match=r"No verifier is registered|no luck"):
            await runner.verify(RECORD)


def test_which_verifiers_execute_programs() -> None:
    class Runs(Ready):
        executes = True

    registry: dict[str, type[Any]] = {"runs": Runs, "reads": Ready, "foreign": Foreign}
    assert [name for name in (*registry, "unknown") if executes(name, registry)] == ["runs"]
    assert not executes("verifiable_math")


class NoCobol(BaseVerifier):
    """Counts how often it is asked for each language."""

    asked: ClassVar[list[str]] = []

    def lacks(self, language: str) -> str | None:
        self.asked.append(language)
        return "there is no cobol compiler" if language == "cobol" else None

    def verify(self, result: Any) -> Any:
        return {"score": 1.0, "verification_result_info": {}}


async def test_it_is_asked_for_the_languages_that_are_needed_alone() -> None:
    async with VerifierRunner({"t": NoCobol, "foreign": Foreign, "missing": Missing}) as runner:
        assert await runner.ready("t") is None
        assert NoCobol.asked == [], "nobody needs a language"
        assert await runner.ready("t", ("latin",)) is None
        assert await runner.ready("t", ("latin", "cobol")) == "there is no cobol compiler"
        assert NoCobol.asked == ["latin", "latin", "cobol"]
        assert (await runner.verify(RECORD))["score"] == 1.0, "records of other languages are verified"
        assert await runner.ready("foreign", ("cobol",)) is None
        assert await runner.ready("missing", ("latin",)) == MISSING


async def test_a_verifier_that_cannot_say_what_it_lacks_is_tried() -> None:
    class Broken(NoCobol):
        def lacks(self, language: str) -> str | None:
            raise OSError("a mistake of the verifier")

    async with VerifierRunner({"t": Broken}) as runner:
        assert await runner.ready("t", ("latin",)) is None
