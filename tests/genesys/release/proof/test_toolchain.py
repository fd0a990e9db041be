from genesys.release.proof.toolchain import toolchain_of
from genesys.schemas import as_text


def test_a_verdict_on_a_program_names_who_kept_it_in_and_its_compilers() -> None:
    info = {"rule": "tests", "isolation": "container", "toolchain": "ad8e12dd84897e0c"}
    assert toolchain_of({"verification_result_info": as_text(info)}) == "container:ad8e12dd84897e0c"
    assert toolchain_of({}, info) == "container:ad8e12dd84897e0c"


def test_a_judged_file_names_its_parser() -> None:
    info = {"rule": "judge", "parse": {"state": "parses", "by": "Python 3.11"}}
    assert toolchain_of({"verification_result_info": as_text(info)}) == "parser:Python 3.11"


def test_a_verdict_that_rests_on_no_program_has_no_toolchain() -> None:
    for info in ({"rule": "boxed/exact"}, {"rule": "tests", "reason": "no code", "code": "none"}, {"parse": None}, {}):
        assert toolchain_of({"verification_result_info": as_text(info)}) is None
    assert toolchain_of({"verification_result_info": None}) is None
