"""The preflight of each task type, with the real verifiers: a gold that holds passes, one that does not is dropped."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.context import Calls, Roles
from genesys.calls.journal import Journal
from genesys.curation.preflight import text_mutants, try_gold, try_wrong
from genesys.outcomes import Outcome
from genesys.settings import Settings
from genesys.verifiers.runner import VerifierRunner

STDIN = [{"type": "stdin_stdout", "input": f"{n}\n", "output": f"{n * n}\n"} for n in (2, 3, 10)]
SQUARE = "n = int(input())\nprint(n * n)\n"
EVEN_OR_ODD = "import sys\nexpected, output = (open(name).read().strip() for name in sys.argv[2:4])\nprint(int({}))"


def tried(folder: Path, *tasks: dict[str, Any]) -> list[dict[str, Any] | Outcome]:
    async def run() -> list[dict[str, Any] | Outcome]:
        settings = Settings(sandbox={"isolation": "process"})
        with Journal(folder) as journal:
            async with VerifierRunner(settings=settings) as runner:
                found = []
                for number, task in enumerate(tasks):
                    calls = Calls(f"row{number}", journal.segment("test"), Roles(verifiers=runner))
                    whole = {"prompt": "?", "gold_standard_solution": None, "metadata": {}, **task}
                    trial = await try_gold(whole, f"row{number}", calls)
                    end = trial if isinstance(trial, Outcome) else await try_wrong(trial, calls)
                    found.append(end if isinstance(end, Outcome) else end.found)
                return found

    return asyncio.run(run())


def code(gold: str | None, *, language: str = "python", metadata: Any = None, **info: Any) -> dict[str, Any]:
    return {
        "task_type": "verifiable_code",
        "gold_standard_solution": gold,
        "verification_info": {"language": language, "test_cases": STDIN, **info},
        "metadata": metadata or {},
    }


def words(found: list[dict[str, Any] | Outcome]) -> list[str | None]:
    return [end.reason if isinstance(end, Outcome) else end["preflight"] for end in found]


def test_answers(tmp_path: Path) -> None:
    def math(truth: Any) -> dict[str, Any]:
        return {"task_type": "verifiable_math", "verification_info": {"ground_truth": truth}}

    def output(truth: Any) -> dict[str, Any]:
        return {"task_type": "code_output_prediction", "verification_info": {"ground_truth": truth}}

    found = tried(
        tmp_path,
        math("12"),
        math(["\\frac{1}{2}", "0.5"]),
        math("We add and get \\boxed{7}."),
        math(3),
        math("yes"),
        output("olleh"),
        output("7"),
        output("x"),
        output(" \n"),
        output([1, 2]),
        output(""),
    )
    assert words(found) == ["passed"] * 11


def test_programs(tmp_path: Path) -> None:
    asked = [
        code(f"Like so:\n```python\n{SQUARE}```"),
        code(SQUARE, metadata={"time_limit": "2 seconds"}),
        code(SQUARE, test_cases=json.dumps({"inputs": ["2", "5"], "outputs": ["4", "25"]})),
        code(
            "def square(n):\n    return n * n\n",
            test_cases=[
                {"fn_name": "square", "input": "[3]", "output": "9"},
                {"fn_name": "square", "input": "[4]", "output": "16"},
            ],
        ),
        code(None),
        code("```python\nprint(4)\n```"),
        code("print(int(input()) ** 2"),
        code("```text\nsquare it\n```"),
        code(SQUARE, test_cases=[{"input": "", "output": ""}]),
    ]
    found = tried(tmp_path, *asked)
    assert words(found) == [
        *["passed"] * 4,
        "no gold",
        "gold fails its own verifier",
        "gold fails its own verifier",
        "gold holds no program",
        "gold fails its own verifier",
    ]
    assert isinstance(found[0], dict)
    assert found[0]["test_strength"] > 0.5
    assert isinstance(found[4], dict)
    assert found[4]["test_strength"] is None


def test_tests_that_let_every_mutant_pass_and_a_checker_that_takes_anything(tmp_path: Path) -> None:
    says_ok = "print('ok')\n"
    careless = code("n = 5\nm = n + 1\nprint('ok')\n", test_cases=[{"input": "1", "output": "ok"}])
    takes_all = code(SQUARE, checker={"language": "python", "source": EVEN_OR_ODD.format("True")})
    takes_right = code(SQUARE, checker={"language": "python", "source": EVEN_OR_ODD.format("expected == output")})
    found = tried(
        tmp_path, careless, takes_all, takes_right, code(says_ok, test_cases=[{"input": "1", "output": "ok"}])
    )
    assert words(found)[1:3] == ["its checker takes anything", "passed"]
    assert words(found)[0] in ("tests are too weak", "passed")


def test_what_is_not_tried_says_so(tmp_path: Path) -> None:
    judged = {
        "task_type": "llm_judgeable_groundtruth_similarity",
        "verification_info": {},
        "gold_standard_solution": "g",
    }
    own = {"task_type": "length_adherance", "verification_info": {}}
    assert words(tried(tmp_path, judged, own)) == [
        "not tried: a judge decides",
        "not tried: the verifier of a plug-in decides",
    ]


@pytest.mark.parametrize("text", ["", "a", "aa", "12", "a1b9", "  ", "x\ny\n", "ß\U0001f600"])
def test_mutants_of_a_text_differ_from_it_and_from_each_other(text: str) -> None:
    mutants = text_mutants(text)
    assert mutants
    assert text not in mutants
    assert len(set(mutants)) == len(mutants)
