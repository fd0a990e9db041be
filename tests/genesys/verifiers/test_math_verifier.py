"""verifiable_math from end to end: what the field got wrong, and what answers do to the process that checks them."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from genesys.faults import InfrastructureFault, TaskFault
from genesys.schemas import Response
from genesys.verifiers.math.pool import WorkerPool
from genesys.verifiers.math_verifier import MathVerifier
from genesys.verifiers.runner import VerifierRunner
from tests.support.processes import descendants, still_alive

MEMORY = 1 << 30
HANGING = r"\int_0^1 9^{9^{9^{9}}} dx"
"""What only computer algebra reads, and does not come back from."""


class QuickMathVerifier(MathVerifier):
    """With a limit short enough for tests."""

    cpu_limit_s = 2
    max_parallel = 2
    workers = 2


@pytest.fixture(scope="module")
def verifier():
    verifier = QuickMathVerifier()
    yield verifier
    verifier.shutdown()


@pytest.fixture
def pool():
    pool = WorkerPool(1, 1, MEMORY)
    yield pool
    pool.close()


def item(gold, response, **fields):
    return {"verification_info": {"ground_truth": gold}, "llm_response": response, **fields}


def boxed(answer):
    return rf"<think>Perhaps \boxed{{17}}? No, 18.</think>So it is $\boxed{{{answer}}}$."


RIGHT = [
    ("42", "$42$"),
    (r"\boxed{5}", "5"),
    ("10000", "10{,}000"),
    ("A", r"\text{A}"),
    (r"50\%", r"50\%"),
    ("50%", r"50\%"),
    (r"x \geq 3", r"x \ge 3"),
    (r"x>3", r"(3,\infty)"),
    (r"(3,\infty)", "x>3"),
    (r"\frac52", r"2\frac12"),
    ("2x^2+3x", "x(2x+3)"),
    ("x(2x+3)", "2x^2+3x"),
    (r"\{2,1\}", r"\{1,2\}"),
    ("5 km", "5000 m"),
    ("5", r"5\text{ cm}"),
    ("x^2-1", "(x-1)(x+1)"),
    ("y = 2x + 1", "y=1+2x"),
    ("f(x)=x+1", "x+1"),
    ("5", "x=5"),
    (r"\frac13", "0.3333333"),
    (r"\sqrt{8}", r"2\sqrt{2}"),
    (r"\frac12", r"\sin 30^\circ"),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix}1 & 2 \\ 3 & 4\end{pmatrix}"),
]
WRONG = [
    ("1,2", "1,3"),
    ("1", r"2\frac12"),
    ("5 cm", "5 km"),
    (r"5\text{ cm}", r"5\text{ km}"),
    ("x(2x+3)", "2x^2+3"),
    ("(1,2)", "(2,1)"),
    ("(1,2)", r"\{1,2\}"),
    (r"\{1,2\}", r"\{1,3\}"),
    (r"x \ge 3", r"x > 3"),
    (r"50\%", r"51\%"),
    ("3", r"\pm 3"),
    (r"\pm 3", "3"),
    (r"\pi", "3.14"),
    ("5", r"5, \text{garbage}"),
    ("5", r"5 \text{ or } 6"),
    ("x=1", "y=1"),
    (r"[0,1)", "[0,1]"),
    (r"\frac{2}{0}", r"\frac{1}{0}"),
    (r"\infty", r"-\infty"),
    ("10^{-8}", r"2\cdot 10^{-8}"),
]


@pytest.mark.parametrize(("gold", "answer"), RIGHT)
def test_right_answers(verifier, gold, answer):
    result = verifier.verify(item(gold, boxed(answer)))
    assert result["score"] == 1.0, result


@pytest.mark.parametrize(("gold", "answer"), WRONG)
def test_wrong_answers(verifier, gold, answer):
    result = verifier.verify(item(gold, boxed(answer)))
    assert result["score"] == 0.0, result


def test_the_info_says_how_it_was_read_and_what_decided(verifier):
    info = verifier.verify(item("0.5", boxed(r"\frac{1}{2}")))["verification_result_info"]
    assert info == {
        "extracted_answer": r"\frac{1}{2}",
        "canonical_answer": "1/2",
        "rule": "boxed/number",
        "ground_truth": "0.5",
    }


@pytest.mark.parametrize(
    ("gold", "response", "rule"),
    [
        ("5", boxed("5"), "boxed/exact"),
        ("x+1", "The answer is $1+x$.", "phrase/formula"),
        ("7", "So there are 7 of them.", "last/exact"),
        ("7", "<think>It is 7", "none/no-answer"),
        ("7", "<think>It is 7</think>", "none/no-answer"),
        ("7", "", "none/no-answer"),
    ],
)
def test_rules(verifier, gold, response, rule):
    info = verifier.verify(item(gold, response))["verification_result_info"]
    assert info["rule"] == rule
    assert (info["extracted_answer"] is None) == (rule == "none/no-answer")


def test_any_of_several_golds_may_match_and_is_named(verifier):
    result = verifier.verify(item(["x+1", "", "x-1"], boxed("-1+x")))
    assert result["score"] == 1.0
    assert result["verification_result_info"]["ground_truth"] == "x-1"
    assert verifier.verify(item(["x+1", "x-1"], boxed("x+2")))["score"] == 0.0


@pytest.mark.parametrize("gold", ["", "  ", None, [], ["", " "], {}, r"\boxed{}"])
def test_an_empty_gold_is_the_tasks_fault(verifier, gold):
    for response in ("", boxed("5"), boxed("")):
        with pytest.raises(TaskFault, match="no usable gold"):
            verifier.verify(item(gold, response))


def test_a_response_that_was_cut_off_in_its_box_has_no_answer(verifier):
    assert verifier.verify(item(r"\frac12", r"\boxed{\frac{1}{2}"))["score"] == 1.0
    assert verifier.verify(item(r"\frac12", r"\boxed{\frac{1}{2}", finish_reason="length"))["score"] == 0.0


async def test_it_verifies_responses_through_the_runner():
    record = Response(
        problem_id="p",
        source="s",
        task_type="verifiable_math",
        prompt="?",
        verification_info={"ground_truth": "x+1"},
        llm_response=boxed("1+x"),
        response_id="r",
        model_name="m",
        generation_config={},
    )
    async with VerifierRunner() as runner:
        assert (await runner.verify(record))["score"] == 1.0


def test_easy_answers_start_no_process():
    verifier = MathVerifier()
    before = descendants(os.getpid())
    for gold, answer in (("42", "42"), ("42", "41"), ("1,000", "1000"), (r"\frac12", "0.5")):
        verifier.verify(item(gold, boxed(answer)))
    assert descendants(os.getpid()) == before


@pytest.mark.parametrize("answer", [HANGING, r"\lim_{n \to 3} (10^9)!"])
def test_an_answer_that_hangs_is_wrong_and_nobody_waits_for_it(verifier, answer):
    results = {}

    def hang():
        results["hang"] = verifier.verify(item("5", boxed(answer)))

    thread = threading.Thread(target=hang)
    thread.start()
    start = time.monotonic()
    for number in range(20):
        assert verifier.verify(item(f"x+{number}", boxed(f"{number}+x")))["score"] == 1.0
    assert time.monotonic() - start < 8
    thread.join(60)
    assert results["hang"]["score"] == 0.0
    assert results["hang"]["verification_result_info"]["rule"] == "boxed/time-limit"


@pytest.mark.parametrize("answer", ["needs memory", "overflows the stack", "aborts"])
def test_an_answer_that_fells_its_worker_twice_is_wrong_and_the_next_is_not(pool, monkeypatch, answer):
    monkeypatch.setattr("genesys.verifiers.math.pool.WORKER_MODULE", "tests.genesys.verifiers.math.frail_worker")
    before = own_workers()
    assert pool.compare([("a", answer)]).kind == "worker-died"
    assert pool.compare([("a", "a")]).kind == "equal"
    assert len(own_workers().keys() - before.keys()) == 1


def test_a_worker_that_fell_once_gets_its_answer_a_second_chance(pool, monkeypatch, tmp_path):
    monkeypatch.setattr("genesys.verifiers.math.pool.WORKER_MODULE", "tests.genesys.verifiers.math.frail_worker")
    outcome = pool.compare([("b", "other"), (f"once {tmp_path / 'seen'}", f"once {tmp_path / 'seen'}")])
    assert (outcome.kind, outcome.match) == ("equal", 1)


def own_workers():
    return descendants(os.getpid())


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def asked(pool, pairs):
    """The outcome or the fault of a question, from a thread of its own."""
    box = []

    def ask():
        try:
            box.append(pool.compare(pairs))
        except InfrastructureFault as fault:
            box.append(fault)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread, box


def test_a_worker_killed_from_outside_is_no_verdict(pool):
    others = own_workers()
    assert pool.compare([("x+1", "1+x")]).kind == "equal"
    (idle,) = own_workers().keys() - others.keys()
    os.kill(idle, signal.SIGKILL)
    assert pool.compare([("x+1", "1+x")]).kind == "equal"
    (busy,) = own_workers().keys() - others.keys()
    thread, box = asked(pool, [("5", HANGING)])
    time.sleep(0.3)
    os.kill(busy, signal.SIGKILL)
    thread.join(60)
    assert box[0].kind == "time-limit"  # from two tries of its own, not from the kill


def test_hard_answers_do_not_hold_up_easy_ones():
    class OneWorker(MathVerifier):
        cpu_limit_s = 2
        workers = 1

    kind = "verifiable_math"

    async def run():
        async with VerifierRunner({kind: OneWorker}) as runner:
            hard = [
                asyncio.ensure_future(runner.verify(item("5", boxed(HANGING), task_type=kind)))
                for _ in range(MathVerifier.workers)
            ]
            await asyncio.sleep(0)
            easy = await runner.verify(item("7", boxed("7"), task_type=kind))
            waiting = [task for task in hard if not task.done()]
            for task in hard:
                task.cancel()
            await asyncio.gather(*hard, return_exceptions=True)
            return easy["score"], len(waiting)

    assert asyncio.run(run()) == (1.0, MathVerifier.workers)


def test_workers_killed_again_and_again_are_a_fault_and_no_verdict():
    pool = WorkerPool(1, 30, MEMORY)
    thread, box = asked(pool, [("5", HANGING)])
    while thread.is_alive():
        for process in own_workers():
            os.kill(process, signal.SIGKILL)
        time.sleep(0.02)
    pool.close()
    assert isinstance(box[0], InfrastructureFault)


def test_closing_ends_all_workers_and_frees_who_waits():
    pool = WorkerPool(2, 60, MEMORY)
    before = own_workers()
    pool.compare([("x+1", "1+x")])
    thread, box = asked(pool, [("5", HANGING)])
    wait_until(lambda: len(own_workers()) > len(before))
    time.sleep(0.3)
    workers = {pid: start for pid, start in own_workers().items() if pid not in before}
    pool.close()
    thread.join(20)
    assert not thread.is_alive()
    assert isinstance(box[0], InfrastructureFault)
    assert workers
    assert not still_alive(workers)


def test_a_shut_down_verifier_can_be_used_again():
    verifier = QuickMathVerifier()
    for _ in range(2):
        assert verifier.verify(item("x+1", boxed("1+x")))["score"] == 1.0
        verifier.shutdown()


def test_a_worker_that_cannot_start_says_why(monkeypatch):
    monkeypatch.setattr("genesys.verifiers.math.pool.WORKER_MODULE", "genesys.verifiers.no_such_worker")
    with pytest.raises(InfrastructureFault, match="no_such_worker"):
        WorkerPool(1, 1, MEMORY).compare([("a", "b")])


def test_workers_do_not_see_the_keys_of_their_parent(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    pool = WorkerPool(1, 1, MEMORY)
    before = own_workers()
    pool.compare([("x+1", "1+x")])
    (worker,) = own_workers().keys() - before.keys()
    environment = open(f"/proc/{worker}/environ", "rb").read()  # noqa: PTH123, SIM115
    pool.close()
    assert b"PATH=" in environment
    assert b"sk-secret" not in environment


HOST = """
    import sys, threading, time
    from genesys.verifiers.math_verifier import MathVerifier
    MathVerifier.cpu_limit_s = 1
    verifier = MathVerifier()
    verifier.verify({"verification_info": {"ground_truth": "x+1"}, "llm_response": r"\\boxed{1+x}"})
    hang = {"verification_info": {"ground_truth": "5"}, "llm_response": r"\\boxed{\\int_0^1 9^{9^{9^{9}}} dx}"}
    threading.Thread(target=verifier.verify, args=(hang,), daemon=True).start()
    time.sleep(0.5)
    verifier.verify({"verification_info": {"ground_truth": "x+1"}, "llm_response": r"\\boxed{1+x}"})
    print("ready", flush=True)
    time.sleep(float(sys.argv[1]))
"""


def host(seconds):
    """A process with one busy and one idle worker, in a script without a guard for its main module."""
    command = [sys.executable, "-c", textwrap.dedent(HOST), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    workers = descendants(process.pid)
    assert len(workers) == 2
    return process, workers


def test_no_worker_outlives_a_host_that_is_killed():
    process, workers = host(60)
    process.kill()
    process.wait()
    process.stdout.close()
    wait_until(lambda: not still_alive(workers))


def test_no_worker_outlives_a_host_that_ends_without_shutdown():
    process, workers = host(0)
    assert process.wait(20) == 0
    process.stdout.close()
    wait_until(lambda: not still_alive(workers))


async def test_many_records_side_by_side_in_threads():
    async with VerifierRunner({"verifiable_math": MathVerifier}) as runner:
        records = [item(f"x+{n}", boxed(f"{n + n % 2}+x"), task_type="verifiable_math") for n in range(60)]
        results = await asyncio.gather(*(runner.verify(record) for record in records))
    assert [result["score"] for result in results] == [1.0 - n % 2 for n in range(60)]
