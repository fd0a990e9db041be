"""How verifiers are run: as Genesys' README promises, within their limits, and never turning trouble into a score."""

import asyncio
import subprocess
import sys
import textwrap
import threading
import time
from typing import ClassVar

import pytest

from genesys.faults import InfrastructureFault, ResponseFault, TaskFault
from genesys.schemas import Response
from genesys.verifiers.base_verifier import BaseVerifier
from genesys.verifiers.registry import VERIFIER_REGISTRY
from genesys.verifiers.runner import VerifierRunner

GOOD = {"score": 1.0, "verification_result_info": {}}


# As Genesys' README has it, the slip in a key included: such a class has to run unchanged.
class LengthVerifier(BaseVerifier):
    max_parallel = 30
    timeout = 10

    def verify(self, result: Response):
        response = result["llm_response"]
        threshold_small = result["verification_info"]["length_threshold_small"]
        threshold_large = result["verification_info"]["ength_threshold_large"]

        if len(response) > threshold_large:
            score = 1.0
        elif len(response) > threshold_small:
            score = 0.5
        else:
            score = 0.0

        return dict(score=score, verification_result_info={})


class AsyncLengthVerifier(LengthVerifier):
    async def verify(self, result: Response):
        await asyncio.sleep(0)
        return LengthVerifier.verify(self, result)


def record(text="abc", **fields):
    return {
        "problem_id": "p",
        "source": "s",
        "task_type": "t",
        "in_source_id": None,
        "prompt": "Write.",
        "gold_standard_solution": None,
        "verification_info": {"length_threshold_small": 2, "ength_threshold_large": 5},
        "metadata": {},
        "llm_response": text,
        "response_id": "r",
        "model_name": "m",
        "generation_config": {},
        **fields,
    }


async def verify(cls, item=None):
    async with VerifierRunner({"t": cls}) as runner:
        return await runner.verify(item or record())


@pytest.mark.parametrize("cls", [LengthVerifier, AsyncLengthVerifier])
@pytest.mark.parametrize(("text", "score"), [("a", 0.0), ("abc", 0.5), ("abcdef", 1.0)])
@pytest.mark.parametrize("form", [dict, Response.model_validate])
async def test_the_readme_example_verifies_dicts_and_responses(cls, text, score, form):
    assert await verify(cls, form(record(text))) == {"score": score, "verification_result_info": {}}


async def test_a_registered_class_is_used_for_its_task_type(monkeypatch):
    monkeypatch.setitem(VERIFIER_REGISTRY, "length_adherance", LengthVerifier)
    async with VerifierRunner() as runner:
        assert (await runner.verify(record(task_type="length_adherance")))["score"] == 0.5


async def test_one_instance_serves_all_records_and_task_types_of_its_class():
    made = []

    class Counting(BaseVerifier):
        def __init__(self):
            made.append(threading.current_thread())

        def verify(self, result):
            return GOOD

    async with VerifierRunner({"t": Counting, "u": Counting}) as runner:
        assert made == []
        await asyncio.gather(*(runner.verify(record(task_type=kind)) for kind in "tutu" * 5))
    assert len(made) == 1


@pytest.mark.parametrize("is_async", [False, True])
async def test_at_most_max_parallel_calls_are_in_flight(is_async):
    running, most, lock = 0, 0, threading.Lock()

    def enter():
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)

    def leave():
        nonlocal running
        with lock:
            running -= 1

    class Blocking(BaseVerifier):
        max_parallel = 3

        def verify(self, result):
            enter()
            time.sleep(0.02)
            leave()
            return GOOD

    class Awaiting(BaseVerifier):
        max_parallel = 3

        async def verify(self, result):
            enter()
            await asyncio.sleep(0.02)
            leave()
            return GOOD

    async with VerifierRunner({"t": Awaiting if is_async else Blocking}) as runner:
        await asyncio.gather(*(runner.verify(record()) for _ in range(12)))
    assert most == 3


async def test_the_time_limit_does_not_count_queueing():
    class Slow(BaseVerifier):
        max_parallel = 1
        timeout = 0.3

        def verify(self, result):
            time.sleep(0.1)
            return GOOD

    async with VerifierRunner({"t": Slow}) as runner:
        results = await asyncio.gather(*(runner.verify(record()) for _ in range(6)))
    assert len(results) == 6


async def test_a_sync_verify_that_hangs_costs_only_its_own_record():
    release = threading.Event()

    class Hanging(BaseVerifier):
        max_parallel = 1
        timeout = 0.2

        def verify(self, result):
            if result["llm_response"] == "hang":
                release.wait(60)
            return GOOD

    async with VerifierRunner({"t": Hanging}) as runner:
        texts = ["ok", "hang", "ok", "hang", "ok"]
        results = await asyncio.gather(*(runner.verify(record(text)) for text in texts), return_exceptions=True)
    release.set()
    faults = [result for result in results if isinstance(result, InfrastructureFault)]
    assert [result == GOOD for result in results] == [True, False, True, False, True]
    assert len(faults) == 2
    assert "Hanging took longer than its time limit of 0.2 s" in str(faults[0])


async def test_an_async_verify_that_ignores_its_cancellation_is_left_behind():
    class Stubborn(BaseVerifier):
        timeout = 0.1

        async def verify(self, result):
            end = time.monotonic() + 1.0
            while time.monotonic() < end:
                try:
                    await asyncio.sleep(0.2)
                except asyncio.CancelledError:
                    continue
            return GOOD

    start = time.monotonic()
    with pytest.raises(InfrastructureFault, match="time limit"):
        await verify(Stubborn)
    assert time.monotonic() - start < 0.6


async def test_a_verifier_that_always_hangs_is_stopped_before_it_fills_the_process_with_threads():
    release = threading.Event()

    class AlwaysHanging(BaseVerifier):
        max_parallel = 40
        timeout = 0.05

        def verify(self, result):
            release.wait(60)

    async with VerifierRunner({"t": AlwaysHanging}) as runner:
        results = await asyncio.gather(*(runner.verify(record()) for _ in range(300)), return_exceptions=True)
    release.set()
    assert all(isinstance(result, InfrastructureFault) for result in results)
    assert any(result.final and "never came back" in str(result) for result in results)
    assert sum("never came back" not in str(result) for result in results) <= 120


def test_a_hanging_verify_does_not_keep_the_process_from_ending():
    code = """
        import asyncio, time
        from genesys.verifiers.base_verifier import BaseVerifier
        from genesys.verifiers.runner import VerifierRunner
        class Hanging(BaseVerifier):
            timeout = 0.1
            def verify(self, result):
                time.sleep(600)
        async def main():
            async with VerifierRunner({"t": Hanging}) as runner:
                try:
                    await runner.verify({"task_type": "t"})
                except Exception as error:
                    print(error)
        asyncio.run(main())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], timeout=30, capture_output=True, text=True, check=True
    )
    assert "time limit" in done.stdout


class Boom(Exception):
    pass


def raising(error):
    class Raising(BaseVerifier):
        def verify(self, result):
            raise error

    return Raising


@pytest.mark.parametrize(
    "error", [Boom("no oil"), KeyError("no oil"), TimeoutError("no oil"), SystemExit("no oil"), StopIteration("no oil")]
)
async def test_an_exception_of_verify_is_a_fault_that_names_it(error):
    with pytest.raises(InfrastructureFault, match="Verifier Raising raised .*no oil"):
        await verify(raising(error))


async def test_the_faults_a_verifier_raises_on_purpose_pass_through():
    for fault in (TaskFault("no gold"), ResponseFault("gibberish"), InfrastructureFault("later", retry_after=3)):
        with pytest.raises(type(fault)) as caught:
            await verify(raising(fault))
        assert caught.value is fault


async def test_an_exception_in_the_loop_is_a_fault_too():
    class Raising(BaseVerifier):
        async def verify(self, result):
            raise Boom("no oil")

    class SelfCancelling(BaseVerifier):
        async def verify(self, result):
            raise asyncio.CancelledError

    with pytest.raises(InfrastructureFault, match="Raising raised Boom: no oil"):
        await verify(Raising)
    with pytest.raises(InfrastructureFault, match="cancelled itself"):
        await verify(SelfCancelling)


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        (None, "NoneType"),
        (1.0, "instead of a dict"),
        ({}, "without score and verification_result_info"),
        ({"score": 1.0}, "without verification_result_info"),
        ({"score": True, "verification_result_info": {}}, "not a number"),
        ({"score": "1", "verification_result_info": {}}, "not a number"),
        ({"score": float("nan"), "verification_result_info": {}}, "not from 0 to 1"),
        ({"score": 1.01, "verification_result_info": {}}, "not from 0 to 1"),
        ({"score": -0.5, "verification_result_info": {}}, "not from 0 to 1"),
        ({"score": 150, "verification_result_info": {}}, "not from 0 to 1"),
        ({"score": 1, "verification_result_info": None}, "not a dict"),
        ({"score": 1, "verification_result_info": {"x": {1, 2}}}, "written as JSON"),
    ],
)
async def test_what_is_no_verdict_is_a_fault(result, problem):
    class Wrong(BaseVerifier):
        def verify(self, _):
            return result

    with pytest.raises(InfrastructureFault, match=f"Verifier Wrong returned .*{problem}") as caught:
        await verify(Wrong)
    assert caught.value.final


@pytest.mark.parametrize(("score", "given"), [(1, 1.0), (0, 0.0), (0.25, 0.25), (None, None)])
async def test_scores_from_0_to_1_and_none_are_verdicts(score, given):
    class Scoring(BaseVerifier):
        def verify(self, _):
            return {"score": score, "verification_result_info": {"why": "so"}}

    assert await verify(Scoring) == {"score": given, "verification_result_info": {"why": "so"}}


async def test_half_a_character_in_a_verdict_is_replaced():
    class Quoting(BaseVerifier):
        def verify(self, _):
            return {
                "score": 0.0,
                "verification_result_info": {"extracted_answer": "x \ud835", "of": ["\udc00", "\\ud835"]},
            }

    info = (await verify(Quoting))["verification_result_info"]
    assert info == {"extracted_answer": "x \ufffd", "of": ["\ufffd", "\\ud835"]}


async def test_an_unknown_task_type_names_itself_and_what_is_known():
    with pytest.raises(InfrastructureFault, match="'poetry'.*known: t") as caught:
        await verify(LengthVerifier, record(task_type="poetry"))
    assert caught.value.final
    with pytest.raises(InfrastructureFault, match="no task_type"):
        await verify(LengthVerifier, {"llm_response": "x"})


async def test_a_verifier_that_cannot_be_made_is_tried_once_and_named():
    tries = []

    class Unmakeable(BaseVerifier):
        def __init__(self):
            tries.append(1)
            raise Boom("no server")

    async with VerifierRunner({"t": Unmakeable, "u": LengthVerifier}) as runner:
        for _ in range(3):
            with pytest.raises(InfrastructureFault, match="Unmakeable could not be made: Boom: no server"):
                await runner.verify(record())
        assert (await runner.verify(record(task_type="u")))["score"] == 0.5
    assert len(tries) == 1


async def test_limits_that_make_no_sense_are_named():
    class Zero(LengthVerifier):
        max_parallel = 0

    class Never(LengthVerifier):
        timeout = 0

    for cls, word in ((Zero, "max_parallel is 0"), (Never, "timeout is 0")):
        with pytest.raises(InfrastructureFault, match=word) as caught:
            await verify(cls)
        assert caught.value.final, "the next record would meet the same"


async def test_a_plain_function_that_hands_on_a_coroutine_is_awaited():
    class Decorated(BaseVerifier):
        timeout = 0.3

        def verify(self, result):
            async def later():
                await asyncio.sleep(float(result["llm_response"]))
                return GOOD

            return later()

    assert await verify(Decorated, record("0.01")) == GOOD
    with pytest.raises(InfrastructureFault, match="time limit"):
        await verify(Decorated, record("5"))


async def test_a_cancelled_record_frees_its_place():
    class Slow(BaseVerifier):
        max_parallel = 1
        seen: ClassVar[list[str]] = []

        def verify(self, result):
            self.seen.append(result["llm_response"])
            time.sleep(0.3 if result["llm_response"] == "slow" else 0)
            return GOOD

    async with VerifierRunner({"t": Slow}) as runner:
        waiting = asyncio.ensure_future(runner.verify(record("slow")))
        while not Slow.seen:
            await asyncio.sleep(0.01)
        waiting.cancel()
        start = time.monotonic()
        assert await runner.verify(record("next")) == GOOD
        assert time.monotonic() - start < 0.25


async def test_every_shutdown_is_called_once_also_when_one_fails(caplog):
    calls = []

    class Failing(BaseVerifier):
        def verify(self, result):
            return GOOD

        def shutdown(self):
            calls.append("failing")
            raise Boom("stuck")

    class Quiet(BaseVerifier):
        async def verify(self, result):
            return GOOD

        async def shutdown(self):
            calls.append("quiet")

    class Plain:
        """Neither a subclass nor a shutdown: the README asks for verify alone."""

        def verify(self, result):
            return GOOD

    class Unused(Failing):
        pass

    runner = VerifierRunner({"f": Failing, "q": Quiet, "p": Plain, "u": Unused})
    for kind in "fqpfqp":
        await runner.verify(record(task_type=kind))
    problems = await runner.aclose()
    assert await runner.aclose() == []
    assert sorted(calls) == ["failing", "quiet"]
    assert problems == ["Failing.shutdown() raised Boom: stuck; what it holds may be left over."]
    assert "stuck" in caplog.text
    with pytest.raises(InfrastructureFault, match="shut down"):
        await runner.verify(record(task_type="f"))


async def test_the_threads_of_a_closed_runner_end():
    async with VerifierRunner({"t": LengthVerifier}) as runner:
        await asyncio.gather(*(runner.verify(record()) for _ in range(10)))
    end = time.monotonic() + 5
    while any(thread.name == "verify-LengthVerifier" for thread in threading.enumerate()):
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_the_identity_of_a_verifier_is_its_name_and_version():
    async with VerifierRunner({"t": LengthVerifier, "u": AsyncLengthVerifier}) as runner:
        name, version = runner.identity("t")
        assert name == "LengthVerifier"
        assert version == runner.identity("t")[1] != runner.identity("u")[1]
        with pytest.raises(InfrastructureFault, match="poetry"):
            runner.identity("poetry")


async def test_a_verifier_that_rests_on_what_is_not_installed_has_no_identity():
    class Resting(LengthVerifier):
        rests_on = ("dist:no-such-distribution",)

    async with VerifierRunner({"t": Resting}) as runner:
        with pytest.raises(InfrastructureFault, match="Resting has no version: .*no-such-distribution") as caught:
            runner.identity("t")
    assert caught.value.final
