"""What the pages say, and what they refuse."""

from collections.abc import Callable
from pathlib import Path

import pytest

from genesys.tables.lake import Lake
from genesys.viewer.markdown import SHOWN
from genesys.viewer.showing import MOST_TURNS
from tests.genesys.viewer.conftest import client_of, state_of
from tests.support.viewed import RUN, Viewed, program

Read = Callable[..., str]


def test_the_list_shows_traces_with_verdicts_prompts_and_what_dropped_them(viewed: Viewed, reading: Read) -> None:
    viewed.add("a1", prompt="Count the geese.")
    viewed.add("a2", score=0.0, step="verdict", reason="wrong answer")
    page = reading("/")
    assert "<strong>2</strong> of 2 traces" in page
    assert "Count the geese." in page
    assert "dropped: verdict (1)" in page
    assert page.count('class="badge accepted"') == page.count('class="badge rejected"') == 1


def test_pages_of_the_list_keep_the_query_in_their_addresses(viewed: Viewed, reading: Read) -> None:
    for number in range(60):
        viewed.add(f"r{number:02}", f"p{number}", tokens=number)
    page = reading("/?lane=math&sort=-length")
    assert "Page 1 of 2" in page
    assert '<a rel="next" href="/?lane=math&amp;sort=-length&amp;page=2">' in page
    assert "51 to 60" in reading("/?lane=math&sort=-length&page=2")
    assert "No trace fits" in reading("/?page=9")


def test_a_trace_leads_to_its_neighbours_in_the_list_that_it_was_opened_from(viewed: Viewed, reading: Read) -> None:
    for number in range(3):
        viewed.add(f"r{number}", f"p{number}", tokens=number, answer="said")
    page = reading("/trace?id=r1&sort=-length")
    assert '<a rel="prev" href="/trace?id=r2&amp;campaign=campaign-0001&amp;shard=math-00000&amp;sort=-length">' in page
    assert '<a rel="next" href="/trace?id=r0&amp;campaign=campaign-0001&amp;shard=math-00000&amp;sort=-length">' in page
    assert 'rel="prev"' not in reading("/trace?id=r1&words=said"), "nobody has searched for it yet"
    reading("/?words=said")
    assert 'rel="prev"' in reading("/trace?id=r1&words=said")


def test_a_trace_shows_thinking_folded_the_gold_and_the_verdict(viewed: Viewed, reading: Read) -> None:
    verdict = {"rule": "boxed/exact", "extracted_answer": "4", "canonical_answer": "04"}
    viewed.add("a1", thinking="**hm**", gold="$2+2$", verdict=verdict, info={"ground_truth": "5"}, system="Be brief.")
    page = reading("/trace?id=a1")
    assert '<details class="thinking">' in page
    assert "<strong>hm</strong>" in page
    assert "<math" in page.split('id="gold"')[1]
    assert all(said in page for said in ("boxed/exact", "<code>04</code>", "<code>5</code>", "Be brief.", "stop"))


def test_the_turns_of_an_exchange_are_all_shown(viewed: Viewed, reading: Read) -> None:
    viewed.add("a1", prompt="The prompt.", system="The system prompt.")
    page = reading("/trace?id=a1")
    assert page.index("<h2>system</h2>") < page.index("The system prompt.") < page.index('id="response"')
    assert page.count("The prompt.") == 1


def test_of_an_exchange_without_end_the_first_turns_are_shown(viewed: Viewed, reading: Read) -> None:
    viewed.add("a1", earlier=[{"role": "user", "content": f"turn number {n}.", "reasoning": None} for n in range(1000)])
    page = reading("/trace?id=a1")
    assert page.count("turn number") == MOST_TURNS
    assert "961 more turns are not shown" in page


def test_tests_stand_with_input_expected_got_end_and_time(viewed: Viewed, reading: Read) -> None:
    viewed.add(**program("d1", passes=False))
    table = reading("/trace?id=d1").split('id="tests"')[1]
    assert "1 of 2 passed" in table
    rows = table.split("<tr class=")[1:]
    assert rows[0].startswith('"passed"')
    assert rows[1].startswith('"failed"')
    assert all(
        said in rows[1] for said in ("wrong answer", "5\n", "10\n", "what-it-wrote", "a warning", "exit 0", "0.250")
    )


def test_tests_that_cannot_be_read_are_a_note_and_no_error(viewed: Viewed, reading: Read) -> None:
    viewed.add(**program("d1", passes=True, task={"verification_info": '{"language": "python"}'}))
    assert "The tests cannot be read" in reading("/trace?id=d1")


@pytest.mark.parametrize("info", [{"tests": "x"}, {"tests": [1]}, {"first_failure": 3}, {"votes": ["x"]}, {"votes": 3}])
def test_odd_verdicts_of_other_verifiers_do_not_break_a_page(viewed: Viewed, reading: Read, info: dict) -> None:
    viewed.add(**program("d1", passes=True) | {"info": info, "measured": {"wall_s": "x", "first_failure": 1}})
    reading("/trace?id=d1")


def test_votes_of_judges_stand_with_their_reasons(viewed: Viewed, reading: Read) -> None:
    votes = [{"judge": "judge-2", "model": "m", "order": "gold-first", "round": 0, "score": 0.25, "why": "Too short."}]
    viewed.add("c1", lane="stackexchange", shard="stackexchange-00000", info={"votes": votes}, score=0.25)
    page = reading("/trace?id=c1")
    assert "Too short." in page
    assert "judge-2" in page


def test_siblings_are_listed_and_compared_side_by_side(viewed: Viewed, reading: Read) -> None:
    viewed.add("a1", answer="One way.")
    viewed.add("a2", answer="Another way.", score=0.0)
    viewed.add("b1", "p2")
    page = reading("/trace?id=a1")
    assert "/compare?id=a1&amp;campaign=campaign-0001&amp;shard=math-00000&amp;other_id=a2" in page
    assert "b1" not in page.split('id="siblings"')[1].split("</section>")[0]
    both = reading("/compare?id=a1&other_id=a2")
    assert both.index("One way.") < both.index("Another way.")


def test_a_response_that_a_filter_named_is_a_click_away(viewed: Viewed, reading: Read) -> None:
    first = "0123456789abcdef01234567"
    viewed.add(first)
    viewed.add("a2", step="near-duplicate responses", reason=f"of {first}, likeness 0.93")
    page = reading("/trace?id=a2")
    assert (
        f'href="/compare?id=a2&amp;campaign=campaign-0001&amp;shard=math-00000&amp;other_id={first}"'
        in page.split('id="filters"')[1]
    )


def test_steps_lead_to_their_runs_and_partitions_in_the_ui(viewed: Viewed, reading: Read) -> None:
    viewed.add("a1")
    page = reading("/trace?id=a1")
    assert f'href="http://127.0.0.1:3000/runs/{RUN}"' in page
    assert "http://127.0.0.1:3000/assets/math/verifications?view=partitions&amp;partition=math-00000" in page


def test_without_a_ui_there_are_no_links_to_runs(viewed: Viewed) -> None:
    viewed.add("a1")
    assert "/runs/" not in client_of(state_of(viewed.write(), ui="")).get("/trace?id=a1").text


def test_the_lineage_has_every_step_with_its_checks(viewed: Viewed, reading: Read) -> None:
    viewed.add("a1")
    page = reading("/lineage?id=a1")
    assert [page.index(f"<h2>{step}</h2>") for step in ("source row", "ledger", "task", "generation", "verdict")]
    assert "differs" in page, "tables written by hand have no calls in the journal"


def test_a_long_text_is_cut_with_a_link_to_the_whole_of_it(viewed: Viewed, reading: Read) -> None:
    viewed.add("a1", answer="word " * 2_000_000)
    page = reading("/trace?id=a1")
    assert len(page) < 3 * SHOWN
    assert "10,000,000 characters in all" in page
    assert len(reading("/raw?id=a1&part=response")) == 10_000_000


def test_the_source_is_a_link_only_where_it_is_of_the_web(viewed: Viewed, reading: Read) -> None:
    viewed.add("a1", task={"source_url": "https://x.example/q/1"})
    viewed.add("b1", "p2", task={"source_url": "javascript:alert(1)"})
    assert '<a href="https://x.example/q/1" rel="noopener noreferrer nofollow">' in reading("/trace?id=a1")
    assert 'href="javascript:' not in reading("/trace?id=b1")


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/trace?id=nobody", 404, "No trace here has the id"),
        ("/trace", 404, "No trace here has the id"),
        ("/compare?id=a1", 404, "No trace here has the id"),
        ("/raw?id=a1&part=../../etc/passwd", 404, "no text of that kind"),
        ("/?page=x", 400, "it has to be a number"),
        ("/trace?id=a1&page=x&least=y", 503, "it has to be a number"),
        ("/nowhere", 404, "no such page"),
        ("/static/../app.py", 404, "no such"),
        ("/static/app.py", 404, "no such file"),
    ],
)
def test_what_is_not_there_is_said(viewed: Viewed, reading: Read, address: str, status: int, says: str) -> None:
    viewed.add("a1")
    assert says in reading(address, status)


def test_a_table_that_vanished_is_named(viewed: Viewed, reading: Read, tmp_path: Path) -> None:
    viewed.add("a1")
    reading("/")
    for file in (tmp_path / "lake/math/generations/math-00000").glob("*.parquet"):
        file.unlink()
    assert ".parquet" in reading("/trace?id=a1")


def test_an_empty_state_has_a_page(tmp_path: Path) -> None:
    page = client_of(state_of(Lake(tmp_path / "lake"))).get("/")
    assert page.status_code == 200
    assert "There are none in" in page.text


def test_the_tables_are_read_again_on_request_of_the_page_itself_alone(viewed: Viewed) -> None:
    viewed.add("a1")
    client = client_of(state_of(viewed.write()))
    client.get("/")
    viewed.add("a2")
    viewed.write()
    assert client.post("/again", headers={"origin": "https://evil.example"}).status_code == 403
    assert client.get("/again").status_code == 405
    assert "of 1 traces" in client.get("/").text
    page = client.post("/again", headers={"origin": "http://127.0.0.1"})
    assert "of 2 traces" in page.text


def test_every_address_works_with_every_query_at_once(viewed: Viewed, reading: Read) -> None:
    viewed.add("a1", answer="said", tokens=10)
    asked = "words=said&place=response&ident=a&lane=math&type=verifiable_math&source=tiny/set&teacher=a/teacher"
    more = "&verdict=accepted&step=kept&least=0.1&most=1&shortest=1&longest=99&sort=-score"
    assert "<strong>1</strong> found in 1 traces." in reading(f"/?{asked}{more}")
