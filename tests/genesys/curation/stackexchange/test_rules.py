"""Rules on posts: what they certainly drop, and what looks like it and is fine."""

import pytest

from genesys.curation.stackexchange import rules
from genesys.curation.stackexchange.markdown import to_markdown
from genesys.curation.stackexchange.rules import Limits
from genesys.curation.stackexchange.sites import SITES, why_not

FILL = "Let a and b be two numbers that have no common divisor, and think of what follows from that. "


def alone(said: str, title: str = "") -> str | None:
    found = rules.question_alone(title, to_markdown(f"<p>{FILL}</p>{said}"))
    return found and found[0]


def objective(said: str, title: str = "") -> str | None:
    found = rules.question_objective(title, to_markdown(f"<p>{FILL}</p>{said}"), Limits())
    return found and found[0]


def gold(said: str) -> str | None:
    found = rules.gold_usable(to_markdown(said), Limits())
    return found and found[0]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("<p>As in my previous post, a is odd.</p>", "refers to another post"),
        ("<p>This is a follow-up to my question on primes.</p>", "refers to another post"),
        ("<p>This question is a continuation.</p>", "refers to another post"),
        ("<p>As suggested in the comments, I tried a = 2.</p>", "refers to another post"),
        ("<p>I already asked a similar question.</p>", "refers to another post"),
        ("<p>Related to <a href='/q/1'>this question</a>.</p>", "refers to another post"),
        ("<p>Thanks to @Jana for the hint.</p>", "refers to another post"),
        ("<p>@Jana: it is odd.</p>", "refers to another post"),
        ("<p><strong>EDIT:</strong> a is odd.</p>", "edited in reply to others"),
        ("<p>Update 2: a is odd.</p>", "edited in reply to others"),
        ("<h2>EDIT</h2><p>a is odd</p>", "edited in reply to others"),
        ("<p>Edit - it is odd</p>", "edited in reply to others"),
        ("<p>Never mind, it works now.</p>", "holds its own answer"),
        ("<p>I finally found the solution: it is 7.</p>", "holds its own answer"),
        ("<p><strong>Solution:</strong> it is 7</p>", "holds its own answer"),
        ("<blockquote><p><strong>Possible Duplicate:</strong></p></blockquote>", "closed or duplicate"),
        ("<p><img src='x.png'></p>", "needs an image"),
        ("<p><a href='https://i.imgur.com/x'>the plot</a></p>", "needs an image"),
        ("<p>The previous line shows that a is odd. How is the last question of Fermat put today?</p>", None),
        ("<p>How do I edit the first line, and update the second? Editing: what is it?</p>", None),
        ("<p>I solved the equation for a, and found that the solution is not unique.</p>", None),
        ("<p>Which comments does the compiler see below this line?</p>", None),
        ("<p>The decorator @property and the annotation @Override are read by whom?</p>", None),
        ("<pre><code>EDIT: see my previous post\n@Jana: solved it</code></pre>", None),
        ("<p>Is a duplicate of an entry in a set kept?</p>", None),
    ],
)
def test_a_question_that_does_not_stand_alone(said: str, reason: str | None) -> None:
    assert alone(said) == reason


def test_a_title_counts_as_well() -> None:
    assert alone("<p>x</p>", "Why is it odd? [closed]") == "closed or duplicate"
    assert objective("<p>x</p>", "Reference request: primes") == "asks for recommendations"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("<p>Can anyone recommend a good book on this?</p>", "asks for recommendations"),
        ("<p>I am looking for a reference on these.</p>", "asks for recommendations"),
        ("<p>What is the best library for it?</p>", "asks for recommendations"),
        ("<p>Is there a good tutorial?</p>", "asks for recommendations"),
        ("<p>What do you think about it?</p>", "asks for opinions"),
        ("<p>What is your favourite proof?</p>", "asks for opinions"),
        ("<p>Which would you prefer?</p>", "asks for opinions"),
        ("<p>Is Haskell worth learning?</p>", "asks for opinions"),
        ("<pre><code>" + "x = x + 1\n" * 700 + "</code></pre>", "mostly code"),
        ("<pre><code>" + "x = x + 1\n" * 300 + "</code></pre>", "mostly code"),
        ("<p>" + FILL * 4 + "</p><pre><code>" + "x = x + 1\n" * 300 + "</code></pre>", None),
        ("<p>Is there a function that suggests a word for a prefix? Which books does the query return?</p>", None),
        ("<p>What is the best running time for it? Which tool marks does a lathe leave?</p>", None),
        ("<p>What do you get if you think about the limit?</p>", None),
    ],
)
def test_a_question_of_taste(said: str, reason: str | None) -> None:
    assert objective(said) == reason


LONG = (
    "<p>Since a and b have no common divisor, some combination of them is one, and so c divides every term of it.</p>"
)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (LONG, None),
        ("<p>Yes.</p>", "gold too short"),
        ("<p>" + "It follows. " * 2000 + "</p>", "gold too long"),
        (LONG + "<p><img src='x.png'></p>", "gold needs an image"),
        (
            '<p>See <a href="https://e.org">the manual, which has a long chapter on exactly this</a>.</p>',
            "gold is a link",
        ),
        (LONG + '<p>See <a href="https://e.org">the manual</a> for more.</p>', None),
        ('<p>See <a href="https://e.org">it</a>:</p><pre><code>' + "f(x) = x + 1\n" * 9 + "</code></pre>", None),
        (LONG + "<p>The other answers are wrong.</p>", "gold refers to others"),
        (LONG + "<p>As @Jana says, it is odd.</p>", "gold refers to others"),
        (LONG + "<p>Robert's excellent answer shows the rest.</p>", "gold refers to others"),
        (LONG + "<p>See the comments below.</p>", "gold refers to others"),
        (LONG + "<p>As was said in the comments, it is odd.</p>", "gold refers to others"),
        ("<p>I have the same problem.</p>" + LONG, "gold is no answer"),
        ("<p>Please post your code.</p>" + LONG, "gold is no answer"),
        (LONG + "<p>Euler's formula gives the answer 7; the above argument is Gauss's proof.</p>", None),
        (LONG + "<p>Then add your code, and comments on it, to the file. I don't know of a shorter way.</p>", None),
        (LONG + "<p>EDIT: a sign was wrong.</p>", None),
    ],
)
def test_a_gold_that_can_be_compared_with(said: str, reason: str | None) -> None:
    assert gold(said) == reason


@pytest.mark.parametrize(
    ("text", "is_english"),
    [
        ("How can I find the largest number of a list without sorting all of it first?", True),
        ("¿Por que?", False),
        ("Como posso encontrar o maior valor de uma lista sem ordenar todos os elementos dela antes?", False),
        ("Wie finde ich den größten Wert in einer Liste, wenn ich sie nicht vorher sortieren will und kann?", False),
        ("Comment est-ce que je trouve la plus grande valeur dans une liste sans la trier avec une fonction?", False),
        ("Как найти самое большое число в списке, если не сортировать его целиком перед этим совсем?", False),
        ("如何 在 不 排序 的 情况 下 找到 列表 中 最大 的 数 呢 谢谢 大家", False),
        ("NullPointerException, ArrayList, HashMap, StringBuilder", True),
        ("Der Satz", True),
        ("Let naïve Bézout coefficients of Gödel and Erdős be given. What is the value of the sum?", True),
    ],
)
def test_a_language_is_told_where_it_is_certain(text: str, is_english: bool) -> None:
    assert (rules.english(text) is None) is is_english


def test_a_question_with_its_gold_in_it() -> None:
    answer = to_markdown(LONG)
    assert rules.question_holds(to_markdown(f"<p>Why is it so?</p><p>Found it:</p>{LONG}"), answer) is not None
    assert rules.question_holds(to_markdown("<p>Why does c divide every term? " + FILL + "</p>"), answer) is None
    program = "<pre><code>" + "".join(f"line({n})\n" for n in range(40)) + "</code></pre>"
    mended = to_markdown(program.replace("line(7)", "line(8)") + "<p>There was a seven too many in it.</p>")
    assert rules.question_holds(to_markdown(f"<p>What is wrong?</p>{program}"), mended) is None


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("math.meta.stackexchange.com", "meta site"),
        ("meta.stackexchange.com", "meta site"),
        ("es.stackoverflow.com", "not English"),
        ("codereview.stackexchange.com", "site without objective questions"),
        ("superuser.com", "site without objective questions"),
        ("gardening.stackexchange.com", "site not listed"),
        ("ja.example", "site not listed"),
    ],
)
def test_sites_that_are_not_taken_have_a_reason(host: str, reason: str) -> None:
    assert host not in SITES
    found, detail = why_not(host)
    assert found == reason
    assert host in detail
