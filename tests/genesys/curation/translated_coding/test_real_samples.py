"""Functions that people wrote, with the calls that they assert: how many get a signature, and whether it is theirs."""

import ast
import json
from collections import Counter, defaultdict

from genesys.curation.translated_coding.signature import Call, NoSignature, Signature, signature_of
from genesys.curation.translated_coding.spelling import spelled
from tests.support.shared_data import needs_shared_data, read

IN_CPP = {"int": "long long", "str": "std::string", "bool": "bool", "float": "double"}


def functions() -> list[tuple[ast.FunctionDef, list[Call], str]]:
    """Right functions of HumanEvalPack in Python, with the calls whose values stand in their tests."""
    found = []
    for row in read("cases/code_humanevalpack_python.jsonl"):
        source = row["llm_response"].rpartition("```python")[2].rpartition("```")[0]
        if row["expected_score"] != 1:
            continue
        tree = ast.parse(source)
        calls: dict[str, list[Call]] = defaultdict(list)
        for node in ast.walk(tree):
            test = node.test if isinstance(node, ast.Assert) else None
            if (
                isinstance(test, ast.Compare)
                and isinstance(test.left, ast.Call)
                and isinstance(test.left.func, ast.Name)
            ):
                try:
                    values = [ast.literal_eval(each) for each in (*test.left.args, test.comparators[0])]
                    *args, wanted = json.loads(json.dumps(values))
                except (ValueError, TypeError):
                    continue
                calls[test.left.func.id].append(Call(tuple(args), wanted))
        if calls:
            name = max(calls, key=lambda each: len(calls[each]))
            heads = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name]
            found.append((heads[0], calls[name], source))
    return found


def annotated(head: ast.FunctionDef, made: Signature) -> list[tuple[str, str]]:
    """(what the person annotated, what was told) for parameters and results with a plain annotation."""
    nodes = [*(each.annotation for each in head.args.args), head.returns]
    pairs = zip(nodes, made.kinds, strict=True)
    return [(ast.unparse(node), spelled(kind, "cpp")) for node, kind in pairs if node is not None]


def in_cpp(annotation: str) -> str:
    inner = annotation.removeprefix("List[").removesuffix("]")
    return f"std::vector<{IN_CPP[inner]}>" if annotation.startswith("List[") else IN_CPP.get(annotation, annotation)


@needs_shared_data
def test_nearly_all_functions_get_the_signature_that_people_gave_them() -> None:
    reasons: Counter[str] = Counter()
    same, other = 0, []
    all_functions = functions()
    for head, calls, source in all_functions:
        try:
            made = signature_of("cpp", head.name, calls, source)
        except NoSignature as trouble:
            reasons[trouble.reason] += 1
            continue
        for said, told in annotated(head, made):
            if in_cpp(said) == told:
                same += 1
            elif said != "list":  # which says nothing of the elements
                other.append((head.name, said, told))
    assert len(all_functions) == 65
    assert reasons == {"no type for what it returns": 1, "no type for its arguments": 1}
    # A pair of two numbers is a list of them: the tests hold lists, and any solution's list passes.
    assert other == [
        ("sum_product", "Tuple[int, int]", "std::vector<long long>"),
        ("longest", "Optional[str]", "std::optional<std::string>"),
    ]
    assert same >= 25
