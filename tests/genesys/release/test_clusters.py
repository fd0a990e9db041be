"""What hangs together is on one side of a split."""

from __future__ import annotations

from pathlib import Path

from genesys.release.clusters import clusters
from tests.support import planted
from tests.support.compared import traces_of

STORY = (
    "Kira paints 85 of the chairs blue and sells the other chairs at the market for 12 dollars each. How much money "
    "does Kira earn?"
)
OTHER = (
    "A pond freezes at night and thaws in the morning. After how many nights has the ice become 30 centimeters thick?"
)


def made(folder: Path, *rows: tuple[str, str, str]) -> list[str]:
    problems = [{"problem_id": name, "family_id": family, "prompt": prompt} for name, family, prompt in rows]
    return clusters(
        traces_of(problems, [{"response_id": "r", "problem_id": "p", "text": "x"}], folder).problems, folder
    ).to_list()


def test_alike_ones_have_the_least_family_of_them(tmp_path: Path) -> None:
    found = made(
        tmp_path,
        ("p1", "f9", STORY),
        ("p2", "f2", OTHER),
        ("p3", "f3", STORY.replace("85", "77").replace("12", "14")),
        ("p4", "f4", STORY.replace("blue", "green").upper()),
    )
    assert found == ["f3", "f2", "f3", "f3"]


def test_families_join_what_is_alike_with_any_of_their_problems(tmp_path: Path) -> None:
    french = "Combien d'argent gagne Kira au marché avec des chaises bleues, si elle en vend quarante ?"
    found = made(tmp_path, ("p1", "f1", STORY), ("p2", "f5", french), ("p3", "f5", STORY.lower()), ("p4", "f6", OTHER))
    assert found == ["f1", "f1", "f1", "f6"]


def test_the_contrary_is_another_problem_and_hangs_together_with_it(tmp_path: Path) -> None:
    asked = (
        "Among all rectangles with perimeter 40 and integer sides, which has the largest diagonal, and how long is it?"
    )
    assert made(tmp_path, ("p1", "f1", asked), ("p2", "f2", asked.replace("largest", "smallest"))) == ["f1", "f1"]


def test_what_says_next_to_nothing_hangs_together_only_with_the_same_numbers(tmp_path: Path) -> None:
    found = made(
        tmp_path,
        ("p1", "f1", "Simplify $\\frac{12}{30}$."),
        ("p2", "f2", "Simplify $7 + 15$."),
        ("p3", "f3", "Compute $12/30$."),
        ("p4", "f4", "Simplify \\(\\dfrac{12}{30}\\)!"),
    )
    assert found == ["f1", "f2", "f3", "f1"]


def test_stories_of_one_maker_do_not_become_one_heap(tmp_path: Path) -> None:
    rows = [(f"p{place:04}", f"f{place:04}", text) for place, text in enumerate(planted.problems(3, 400))]
    found = made(tmp_path, *rows)
    assert max(map(found.count, set(found))) < 100
