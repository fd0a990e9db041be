"""Values go through a harness and come back as they were, in the real sandbox."""

import json
import math
import random
from collections.abc import Iterator
from typing import Any

import pytest

from genesys.curation.translated_coding.harness import harness
from genesys.curation.translated_coding.signature import Call, Signature, signature_of
from genesys.sandbox.sandbox import Sandbox
from genesys.verifiers.code_test_verifier import CodeVerifier
from tests.support.sandbox import opened

pytestmark = pytest.mark.docker

ODD = ['a"b\\/', "\n\r\t\b\f\0\x1f\x7f", "é ß", "\U0001f600\u2028\ud7ff\uffff", "", "\\u0041", "{[,:]}"]
FLOATS = [0.0, -1.5, 1e300, 5e-324, -1e22, 3, math.inf, -math.inf, math.nan, 1.7976931348623157e308, 0.1]
INTS = [0, -1, (1 << 63) - 1, -(1 << 63), 10, 7]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with opened("docker") as box:
        yield box


def values(number: int) -> tuple[Any, ...]:
    """Arguments of every type; among the first ones are the empty ones."""
    order = random.Random(number)

    def many(make: Any) -> list[Any]:
        return [make() for _ in range(0 if number == 0 else order.randint(0, 4))]

    def text() -> str:
        return order.choice(ODD)

    def integer() -> int:
        return order.choice(INTS)

    return (
        bool(number % 2),
        INTS[number % len(INTS)],
        FLOATS[number % len(FLOATS)],
        ODD[number % len(ODD)],
        many(lambda: many(integer)),
        {text(): many(lambda: order.random() < 0.5) for _ in range(number % 3)},
        [integer(), text(), None if number % 3 == 0 else order.choice([0.5, 2, -1e-9])],
        None if number % 4 == 1 else many(lambda: [text(), many(lambda: None if order.random() < 0.5 else integer())]),
    )


def verdict(sandbox: Sandbox, signature: Signature, program: str, calls: list[Call]) -> dict[str, Any]:
    class Verifier(CodeVerifier):
        def open_sandbox(self) -> Sandbox:
            return sandbox

    tests = [
        {"type": "function_call", "fn_name": signature.name, "input": list(call.args), "output": call.returned}
        for call in calls
    ]
    return Verifier().verify(
        {
            "source": "test",
            "llm_response": f"```{signature.language}\n{program}\n```",
            "verification_info": {
                "language": signature.language,
                "test_cases": tests,
                "harness": harness(signature),
            },
            "metadata": {},
        }
    )


def told(found: dict[str, Any]) -> str:
    return json.dumps(found["verification_result_info"], default=repr)[:2000]


NOISE = {
    # A solution that prints, has a main and names of its own, and macros that change what words mean.
    "cpp": (
        "#include <iostream>\n#define int long long\n#define all(x) x.begin(), x.end()\n#define first second\n"
        "using namespace std;\nstruct Reader {{}};\nint serve = 3;\n"
        '{head} {{ cout << "[5]" << endl; printf("no end of line"); return {{{names}}}; }}\n'
        "int main() {{ return 1; }} //"
    ),
    "rust": (
        "#![allow(dead_code)]\nuse std::collections::HashMap;\nstruct Reader;\nmod genesys_harness {{}}\n"
        "type Result<T> = Option<T>;\n"
        '{head} {{ println!("[5]"); print!("no end of line"); ({names}) }}\nfn main() {{}} //'
    ),
}


@pytest.mark.parametrize("language", ["cpp", "rust"])
def test_values_of_every_type_come_back_as_they_were(sandbox: Sandbox, language: str) -> None:
    calls = [Call(args, list(args)) for args in map(values, range(24))]
    signature = signature_of(language, "echo", calls)
    names = ", ".join(each.name for each in signature.parameters)
    found = verdict(sandbox, signature, NOISE[language].format(head=signature.text, names=names), calls)
    assert found["score"] == 1.0, told(found)
    # And what differs is seen: a verdict that takes everything would pass the above as well.
    wrong = [*calls[:3], Call(calls[3].args, [*calls[3].returned[:4], [[5]], *calls[3].returned[5:]])]
    found = verdict(sandbox, signature, NOISE[language].format(head=signature.text, names=names), wrong)
    assert found["verification_result_info"]["passed"] == 3, told(found)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("int total(const vector<long long>& v) { int s = 0; for (int x : v) s += x; return s; }", "passed"),
        ("double total(vector<long long> v) { return 0.5; }", "wrong answer"),
        ("long long total(vector<long long> v) { throw 5; }", "runtime error"),
        ("long long total(std::string v) { return 5; }", "compile error"),
        ("long long sum(vector<long long> v) { return 6; }", "compile error"),
    ],
)
def test_a_solution_in_cpp_may_take_and_give_what_converts(sandbox: Sandbox, program: str, reason: str) -> None:
    calls = [Call(([1, 2, 3],), 6)]
    signature = signature_of("cpp", "total", calls)
    found = verdict(sandbox, signature, f"#include <vector>\n#include <string>\nusing namespace std;\n{program}", calls)
    assert found["verification_result_info"]["reason"] == reason, told(found)


@pytest.mark.parametrize("name", ["gcd", "sort", "count", "read"])
def test_names_that_the_library_has_too_are_the_solutions_in_cpp(sandbox: Sandbox, name: str) -> None:
    calls = [Call((4, 6), 20)]
    signature = signature_of("cpp", name, calls)
    program = f"#include <bits/stdc++.h>\nusing namespace std;\n{signature.text} {{ return 2 * (arg1 + arg2); }}"
    found = verdict(sandbox, signature, program, calls)
    assert found["score"] == 1.0, told(found)
