"""Rows in the columns of HuggingFaceH4/stack-exchange-preferences, made by a grammar of our own, as many as one wants.

``rows`` are sound and make a task each; ``BREAKAGES`` break one, ``ENDS`` says how it then ends, and ``curator``
answers the lane's prompts about all of them. No text of any site is in here.
"""

import html
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from genesys.chat import ChatRequest

Row = dict[str, Any]
Post = tuple[str, str, str, tuple[str, ...]]
"""(site, question, gold, tags)."""

_PEOPLE = ("Ada K", "Bo Lind", "C. Okafor", "dmitri", "Eun-ji", "farouk99", "Greta", "H\u00e9l\u00e8ne", "", "user 31")
_OPENINGS = (
    "While preparing a lesson I came across the following.",
    "This came up when I was checking a colleague's notes.",
    "I have been stuck on this for two days.",
    "Consider the following situation, which looks simple at first.",
    "A student of mine brought this to me, and I could not settle it at once.",
)
_TRIED = (
    "I tried a few small cases, and they agree with each other, yet I see no reason why.",
    "My own attempt gives a different value each time, so there must be a mistake in how I set it up.",
    "I expected the two to be the same, and they are not.",
    "I can do it by brute force, but I would like to understand where the number comes from.",
)


def rows(count: int, seed: int = 0) -> Iterator[Row]:
    """Sound rows, each of another question; one at a time is in memory."""
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")
        yield _row(number + 1 + seed * 10_000_000, chance, chance.choice(_POSTS)(number + 2, chance))


def _row(qid: int, chance: random.Random, post: Post) -> Row:
    site, question, gold, tags = post
    base = f"https://{site}"
    best = chance.choice((3, 4, 5, 6))
    accepted = chance.random() < 0.6
    answers = [_answer(base, qid * 3, gold, best + accepted, accepted, chance)]
    for place in range(chance.randint(1, 3)):
        text = f"<p>I think it is {chance.randint(2, 999)}, but I have not checked it.</p>"
        other = not accepted and place == 0 and chance.random() < 0.3
        answers.append(_answer(base, qid * 3 + 10**9 + place, text, chance.choice((-1, 0, 1)) + other, other, chance))
    chance.shuffle(answers)
    body = f"<p>{chance.choice(_OPENINGS)}</p>\n\n{question}\n\n<p>{chance.choice(_TRIED)}</p>\n"
    day = f"{chance.randint(2009, 2023)}/{chance.randint(1, 12):02}/{chance.randint(1, 28):02}"
    return {
        "qid": qid,
        "question": body,
        "answers": answers,
        "date": day,
        "metadata": [f"{base}/questions/{qid}", base, f"{base}/users/{chance.randint(1, 10**6)}/"],
        "tags": list(tags),
    }


def _answer(base: str, ident: int, text: str, score: int, accepted: bool, chance: random.Random) -> Row:
    user = chance.randint(1, 10**6)
    return {
        "answer_id": ident,
        "author": chance.choice(_PEOPLE),
        "author_id": user,
        "author_profile": f"{base}/users/{user}",
        "pm_score": score,
        "selected": accepted,
        "text": text,
    }


def _residues(n: int, chance: random.Random) -> Post:
    a, m = chance.randint(2, 40), n + 3
    name = chance.choice("abxyz")
    question = (
        f'<p>Let <span class="math-container">${name}_1 = {a}$</span> and '
        f'<span class="math-container">${name}_{{k+1}} = {name}_k^2 + {chance.randint(1, 9)}$</span>. What is the '
        f'least period of the sequence modulo <span class="math-container">${m}$</span>, and why is it eventually '
        "periodic at all?</p>"
    )
    gold = (
        f"<p>There are only ${m}$ residues, so by the pigeonhole principle two terms agree modulo ${m}$, and since "
        "each term decides the next one, everything after them repeats.</p>\n\n<p>To find the least period, follow the "
        f"sequence until a residue comes again:</p>\n\n<ol>\n<li>write down ${name}_1, {name}_2, \\dots$ modulo ${m}$;"
        "</li>\n<li>stop at the first repetition;</li>\n<li>the distance of the two places is the period.</li>\n</ol>"
    )
    return "math.stackexchange.com", question, gold, ("number-theory", "modular-arithmetic")


def _dice(n: int, chance: random.Random) -> Post:
    sides, count = chance.randint(4, 20), n + 1
    question = (
        f"<p>I roll a fair die with ${sides}$ sides ${count}$ times and add up what it shows. What are mean and "
        "variance of the sum? Does it matter that I stop early when I like the sum?</p>"
    )
    gold = (
        f"<p>One roll has mean $\\frac{{{sides}+1}}{{2}}$ and variance $\\frac{{{sides}^2-1}}{{12}}$. For independent "
        f"rolls both add up, so for ${count}$ of them</p>\n\n<p>$$\\mu = \\frac{{{count}\\cdot {sides + 1}}}{{2}}, "
        f"\\qquad \\sigma^2 = \\frac{{{count}\\,({sides * sides - 1})}}{{12}}.$$</p>\n\n<p>Stopping early matters: "
        "then the number of rolls depends on what they show, and the formula for a fixed number is no longer valid.</p>"
    )
    return "stats.stackexchange.com", question, gold, ("variance", "dice")


def _program(n: int, chance: random.Random) -> Post:
    name, step = chance.choice(("total", "merge", "scan", "fold")), n + 1
    code = (
        f"def {name}(items, acc=[]):\n    for item in items:\n        acc.append(item * {step})\n    return acc\n\n\n"
    )
    code += f"print({name}([1]))\nprint({name}([2]))  # why is {step} in here?\n"
    question = (
        f"<p>The second call of <code>{name}</code> gives a list of two numbers where I want one:</p>\n\n"
        f'<pre class="lang-py prettyprint-override"><code>{html.escape(code)}</code></pre>\n\n'
        "<p>Why does the second call know anything of the first one, and how is it avoided?</p>"
    )
    gold = (
        "<p>The default value <code>[]</code> is made once, when the function is defined, and all calls without the "
        "second argument share it. So what the first call appends is still there in the second.</p>\n\n"
        f"<pre><code>def {name}(items, acc=None):\n    acc = [] if acc is None else acc\n"
        f"    acc.extend(item * {step} for item in items)\n    return acc\n</code></pre>"
    )
    return "stackoverflow.com", question, gold, ("python", "list")


def _slope(n: int, chance: random.Random) -> Post:
    mass, angle = n + 0.5, chance.randint(5, 60)
    question = (
        f"<p>A block of {mass} kg rests on a plane that is tilted by {angle}&deg;. The coefficient of static friction "
        "is $\\mu_s$. Why does the mass drop out of the condition for it to begin to slide, though a heavier block "
        "presses harder on the plane?</p>"
    )
    gold = (
        f"<p>Along the plane gravity pulls with $mg\\sin {angle}^\\circ$, and friction holds with at most $\\mu_s m g "
        f"\\cos {angle}^\\circ$. It slides when $$m g \\sin\\theta &gt; \\mu_s m g\\cos\\theta \\iff \\tan\\theta &gt; "
        "\\mu_s.$$ Both sides are proportional to $m$: a heavier block is pulled harder and held harder by the same "
        "factor.</p>"
    )
    return "physics.stackexchange.com", question, gold, ("newtonian-mechanics", "friction")


def _heap(n: int, chance: random.Random) -> Post:
    size = n * 7 + 5
    question = (
        f"<p>A binary heap is built from {size} keys by calling sift-down on all inner nodes, from the last to the "
        "first.</p>\n<ul>\n<li>Why is the cost linear, though one sift-down may cost $\\Theta(\\log n)$?</li>\n"
        f"<li>How many inner nodes are there for {size} keys?</li>\n</ul>"
    )
    gold = (
        "<p>A node of height $h$ costs $O(h)$, and there are at most $\\lceil n/2^{h+1}\\rceil$ nodes of height $h$. "
        "So all together it is</p>\n<blockquote>\n<p>$\\sum_h \\frac{n}{2^{h+1}} O(h) = O\\left(n \\sum_h "
        f"\\frac{{h}}{{2^h}}\\right) = O(n)$.</p>\n</blockquote>\n<p>The inner nodes are the first "
        f"$\\lfloor n/2\\rfloor = {size // 2}$ ones.</p>"
    )
    return "cs.stackexchange.com", question, gold, ("heaps", "algorithm-analysis")


def _buffer(n: int, chance: random.Random) -> Post:
    acid = f"{(n % 900 + 100) / 1000:.3f}"
    question = (
        f"<p>I mix equal volumes of {acid} M acetic acid (pK<sub>a</sub> = 4.76) and {n}.0 mM sodium acetate. What is "
        "the pH of the mixture, and why does diluting it with water hardly change the pH?</p>"
    )
    gold = (
        "<p>By the Henderson\u2013Hasselbalch equation pH = pK<sub>a</sub> + log([A<sup>\u2212</sup>]/[HA]). Mixing "
        f"halves both concentrations, so the ratio is that of {n}.0 mM to {acid} M, that is "
        f"{n / 1000 / float(acid):.4f}, and the pH follows.</p>\n<p>Dilution scales both "
        "concentrations by the same factor, and only their ratio matters.</p>"
    )
    return "chemistry.stackexchange.com", question, gold, ("acid-base", "ph")


_POSTS: tuple[Callable[[int, random.Random], Post], ...] = (_residues, _dice, _program, _slope, _heap, _buffer)


def _best(row: Row) -> Row:
    return max(row["answers"], key=lambda answer: answer["pm_score"])


def _with(**columns: Any) -> Callable[[Row], Row]:
    return lambda row: row | columns


def _said(more: str) -> Callable[[Row], Row]:
    return lambda row: row | {"question": row["question"] + more}


def _golden(**fields: Any) -> Callable[[Row], Row]:
    """The gold with other fields."""
    return lambda row: (
        row | {"answers": [answer | fields if answer is _best(row) else answer for answer in row["answers"]]}
    )


def _at(site: str) -> Callable[[Row], Row]:
    return lambda row: row | {"metadata": [f"https://{site}/questions/{row['qid']}", f"https://{site}"]}


def _without(column: str) -> Callable[[Row], Row]:
    return lambda row: {name: value for name, value in row.items() if name != column}


def _unvoted(row: Row) -> Row:
    return row | {"answers": [answer | {"pm_score": min(answer["pm_score"], 2)} for answer in row["answers"]]}


_SPANISH = (
    "<p>Tengo una lista de {} numeros enteros y quiero saber cual es el valor que mas se repite en la lista. Lo que no "
    "entiendo es por que el resultado no es el mismo con las dos funciones que se muestran en el libro de clase.</p>"
)
_CLOSED = "<blockquote><p><strong>Possible Duplicate:</strong><br>Another one</p></blockquote>"
_KEY = "AKIA" + "Q3ZX7RTN5KWJ2LPD"

BREAKAGES: dict[str, Callable[[Row], Row | str]] = {
    "no column of answers": _without("answers"),
    "qid is text": _with(qid="seven"),
    "empty question": _with(question=" \n"),
    "question is null": _with(question=None),
    "answers are text": _with(answers="none"),
    "an answer without votes": _golden(pm_score=None),
    "votes out of range": _golden(pm_score=4000),
    "selected is text": _golden(selected="yes"),
    "all answers selected": lambda row: row | {"answers": [answer | {"selected": True} for answer in row["answers"]]},
    "an answer twice": lambda row: row | {"answers": [*row["answers"], row["answers"][0]]},
    "no address": _with(metadata=["https://math.stackexchange.com"]),
    "address of another question": lambda row: row | {"qid": row["qid"] + 1},
    "no such day": _with(date="2015/02/31"),
    "half a character": lambda row: json.dumps(row).replace("<p>", "<p>\\ud83d", 1),
    "broken JSON": lambda row: json.dumps(row)[:-20],
    "not an object": lambda row: json.dumps([row]),
    "meta site": _at("math.meta.stackexchange.com"),
    "site of taste": _at("cooking.stackexchange.com"),
    "site that nobody knows": _at("gardens.example.org"),
    "no answers": _with(answers=[]),
    "few votes": _unvoted,
    "no day": _with(date=None),
    "an image": _said('<p><img src="https://i.stack.imgur.com/q.png" alt="enter image description here"></p>'),
    "nested": _said("<div>" * 200),
    "endless": _said("<p>and so on</p>" * 20_000),
    "long": _said("<p>and so on and on</p>" * 1_000),
    "an earlier post": _said("<p>As in my previous post, all numbers are positive.</p>"),
    "edited": _said("<p><strong>EDIT:</strong> the numbers are positive.</p>"),
    "solved": _said("<p>Never mind, I found the answer.</p>"),
    "duplicate": lambda row: row | {"question": _CLOSED + row["question"]},
    "in Spanish": lambda row: row | {"question": _SPANISH.format(row["qid"])},
    "asks for a book": _said("<p>Can you recommend a good book on this?</p>"),
    "asks for taste": _said("<p>What do you think about this?</p>"),
    "a whole program": _said("<pre><code>" + "x = x + 1  # again\n" * 400 + "</code></pre>"),
    "gold is a link": _golden(text='<p><a href="https://e.example/paper">This paper has it all</a>.</p>'),
    "gold is short": _golden(text="<p>Yes.</p>"),
    "gold has an image": _golden(text="<p>See this:</p><img src='a.png'>" + "<p>It follows.</p>" * 20),
    "gold refers to others": _golden(text="<p>To add to what was said, the accepted answer is right. It is 7.</p>" * 3),
    "gold is no answer": _golden(text="<p>I have the same problem here, and would like to know as well.</p>" * 3),
    "gold in the question": lambda row: row | {"question": row["question"] + _best(row)["text"]},
    "a secret": _said(f"<p>My key is <code>{_KEY}</code>, by the way.</p>"),
    "asks for a fact": _said("<p>In which year was this first described?</p>"),
    "asks for an opinion, politely": _said("<p>I would be glad to hear which way people find more beautiful.</p>"),
    "gold with a mistake": _golden(text="<p>Nine is a prime number, so the result is nine in all cases.</p>" * 2),
}
"""How a row is broken; a text is the line as it stands in the file."""

ENDS: dict[str, str] = {
    "meta site": "meta site",
    "site of taste": "site without objective questions",
    "site that nobody knows": "site not listed",
    "no answers": "no answer",
    "few votes": "too few votes",
    "no day": "licence unknown",
    "an image": "needs an image",
    "nested": "question unreadable",
    "endless": "question too long",
    "long": "question too long",
    "an earlier post": "refers to another post",
    "edited": "edited in reply to others",
    "solved": "holds its own answer",
    "duplicate": "closed or duplicate",
    "in Spanish": "not English",
    "asks for a book": "asks for recommendations",
    "asks for taste": "asks for opinions",
    "a whole program": "mostly code",
    "gold is a link": "gold is a link",
    "gold is short": "gold too short",
    "gold has an image": "gold needs an image",
    "gold refers to others": "gold refers to others",
    "gold is no answer": "gold is no answer",
    "gold in the question": "question holds its gold",
    "a secret": "holds a secret",
    "asks for a fact": "recall alone",
    "asks for an opinion, politely": "not objective",
    "gold with a mistake": "gold wrong",
}
"""The reason with which the curation drops a broken row; what is not here the ledger refuses as a broken row."""


def curator(request: ChatRequest) -> str:
    """What the curator answers about rows of this module."""
    asked = request.messages[-1].content
    if request.name == "stackexchange_suitable":
        answer: dict[str, Any] = {"why": "It is worked out.", "objective": "more beautiful" not in asked}
        answer |= {"reasoning": "In which year" not in asked, "self_contained": True, "single": True}
        answer["kind"] = "code" if "```" in asked else "explanation"
    else:
        answer = {"why": "It holds.", "answers": True, "complete": True, "stands_alone": True}
        answer["right"] = "Nine is a prime number" not in asked
    return json.dumps(answer)
