"""What a response votes for, by what its verdict says."""

import json
from typing import Any

import pytest

from genesys.quality.votes import Vote, vote_of
from genesys.verifiers.code_output_prediction_verifier import CodeUnderstandingVerifier
from genesys.verifiers.math_verifier import MathVerifier
from tests.support.local_code_verifier import LocalCodeVerifier

MATH, CODE, JUDGED = "verifiable_math", "verifiable_code", "llm_judgeable_groundtruth_similarity"
PREDICTION = "code_output_prediction"


def math_verdict(**more: Any) -> dict[str, Any]:
    info = {"extracted_answer": "\\frac12", "canonical_answer": "1/2", "rule": "boxed/exact"} | more
    return {"score": 0.0, "verification_result_info": info}


def test_an_answer_votes_by_its_canonical_spelling_and_is_shown_as_written() -> None:
    assert vote_of(math_verdict(), MATH) == Vote("1/2", "\\frac12")
    assert vote_of(math_verdict(canonical_answer=None), MATH) == Vote("\\frac12", "\\frac12")
    assert vote_of(math_verdict(canonical_answer=None, extracted_answer=" x\n"), MATH) == Vote("x", " x\n")


def test_a_row_of_a_table_reads_like_a_record_of_a_file() -> None:
    info = math_verdict()["verification_result_info"]
    text = {"score": 0.0, "verification_result_info": json.dumps(info)}
    assert vote_of(text, MATH) == vote_of({"score": 0.0, **info}, MATH) == vote_of(math_verdict(), MATH)


@pytest.mark.parametrize(
    "verdict",
    [
        math_verdict(extracted_answer=None, canonical_answer=None, rule="none/no-answer"),
        math_verdict(rule="boxed/time-limit"),
        math_verdict(rule="phrase/worker-died"),
        math_verdict(canonical_answer=None, extracted_answer="  "),
        math_verdict() | {"score": None},
        {"score": 0.0, "verification_result_info": {}},
    ],
)
def test_who_gave_no_answer_or_was_not_compared_has_no_vote(verdict: dict[str, Any]) -> None:
    assert vote_of(verdict, MATH) is None


def test_a_response_that_was_cut_off_has_no_vote() -> None:
    assert vote_of(math_verdict(), MATH, "length") is None
    assert vote_of(math_verdict(), MATH, "stop") is not None


def test_a_judged_text_has_no_vote_whatever_its_info_holds() -> None:
    assert vote_of(math_verdict(), JUDGED) is None


def test_verdicts_as_math_and_output_prediction_give_them() -> None:
    verifier = MathVerifier()
    try:
        task = {"verification_info": {"ground_truth": "12"}, "finish_reason": "stop"}
        votes = [
            vote_of(verifier.verify(task | {"llm_response": text}), MATH)
            for text in ("So it is \\boxed{1/2}.", "So it is \\boxed{0.5}.", "I cannot tell.", "Empty: \\boxed{}")
        ]
    finally:
        verifier.shutdown()
    assert votes[0] is not None
    assert votes[1] is not None
    assert votes[0].answer == votes[1].answer
    assert votes[2:] == [None, None]
    nothing = CodeUnderstandingVerifier().verify(
        {"llm_response": '{"output": ""}', "verification_info": {"ground_truth": "1"}}
    )
    assert vote_of(nothing, PREDICTION) == Vote("", ""), "a program may print nothing"


def code_verdict(*verdicts: str, **more: Any) -> dict[str, Any]:
    info = {"tests": [{"verdict": verdict} for verdict in verdicts], "total": len(verdicts)} | more
    return {"score": verdicts.count("passed") / len(verdicts), "verification_result_info": info}


def test_a_program_votes_by_the_tests_it_fails_where_it_passes_most() -> None:
    vote = vote_of(code_verdict("passed", "wrong_answer", "passed"), CODE)
    assert vote == Vote("2", "other output on test 2 of 3, right on the rest")
    many = vote_of(code_verdict(*["wrong_answer"] * 8, *["passed"] * 10), CODE)
    assert many is not None
    assert many.answer == "1,2,3,4,5,6,7,8"
    assert many.written == "other output on tests 1, 2, 3, 4, 5, 6 and 2 more of 18, right on the rest"


@pytest.mark.parametrize(
    "verdict",
    [
        code_verdict("wrong_answer", "wrong_answer", "passed"),  # has most of it wrong
        code_verdict("wrong_answer", "passed"),
        code_verdict("wrong_answer"),
        code_verdict("passed", "passed", "runtime_error"),
        code_verdict("passed", "passed", "wrong_answer", "time_limit"),
        code_verdict("passed", "passed", "wrong_answer", "not_run"),
        code_verdict("passed", "passed", "wrong_answer", total=2000),
        {
            "score": 0.0,
            "verification_result_info": {"reason": "no code", "tests": [{"verdict": "not_run"}], "total": 1},
        },
        {"score": 0.0, "verification_result_info": {"reason": "compile error", "total": 3}},
    ],
)
def test_other_programs_have_no_vote(verdict: dict[str, Any]) -> None:
    assert vote_of(verdict, CODE) is None


def test_a_verdict_as_the_code_verifier_gives_it() -> None:
    tests = [{"type": "stdin_stdout", "input": f"{n}\n", "output": f"{2 * n if n != 3 else 7}\n"} for n in range(5)]
    record = {
        "verification_info": {"language": "python", "test_cases": tests},
        "llm_response": "```python\nprint(2 * int(input()))\n```",
    }
    assert vote_of(LocalCodeVerifier().verify(record), CODE) == Vote(
        "4", "other output on test 4 of 5, right on the rest"
    )
