"""Worker processes by themselves; what answers of mathematics do to them stands with the math verifier."""

import os
import signal
import sys

import pytest

from genesys.faults import InfrastructureFault
from genesys.workers import serving
from genesys.workers.pool import Job, Pool, WorkerDeath

ECHO = Job("echoing", lambda: "tests.genesys.test_workers", "these tests")


def echo(question, cpu_s):
    """What a worker of these tests does."""
    match question["do"]:
        case "echo":
            return {"said": question["text"], "limit": cpu_s}
        case "spin":
            while True:
                pass
        case "grow":
            return {"said": bytearray(64 << 30).hex()}
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
    return {}


@pytest.fixture(scope="module")
def pool():
    pool = Pool(ECHO, 1, 1, 1 << 30)
    yield pool
    pool.close()


def test_a_reply_is_the_workers_and_a_worker_serves_many_questions(pool):
    texts = ["", "ä\n\u2028", "x" * 300_000]
    assert [pool.ask({"do": "echo", "text": text}) for text in texts] == [{"said": t, "limit": 1} for t in texts]


@pytest.mark.parametrize(("do", "cause"), [("spin", "time-limit"), ("grow", "worker-died"), ("crash", "worker-died")])
def test_a_question_that_fells_its_worker_twice_says_how_and_the_next_is_answered(pool, do, cause):
    with pytest.raises(WorkerDeath) as death:
        pool.ask({"do": do})
    assert death.value.cause == cause
    assert pool.ask({"do": "echo", "text": "on"})["said"] == "on"


def test_a_worker_that_cannot_start_names_what_it_is_for_and_what_it_needs():
    job = Job("reading runes", lambda: "genesys.no_such_worker", "runes and staves")
    with pytest.raises(InfrastructureFault, match=r"for reading runes did not start.*runes and staves.*no_such_worker"):
        Pool(job, 1, 1, 1 << 30).ask({})


if __name__ == "__main__":
    assert len(sys.argv) == 4
    serving.main(echo)
