"""What decides a table has one name for ever: with another, all that stands would be made, and paid for, once more."""

from genesys.recipe import Recipe

RECIPE = Recipe({"generate": "2"}, {"samples": [0, 4]})


def test_finished_work_is_known_by_the_fingerprint_that_earlier_versions_wrote() -> None:
    assert RECIPE.fingerprint({"sums/tasks/sums-00000": "abc"}) == "3098028935e76b0bd48cce38d98e965d"


def test_a_code_version_that_is_shown_stays_what_it_was() -> None:
    assert RECIPE.code_version == "76cf16602416908d"
