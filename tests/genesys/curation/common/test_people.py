"""Secrets and personal data: what is found, what only looks so, and that nothing found is ever told."""

import random
import string
import time
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from genesys.curation.common.people import holds, redact, scan, scanned
from genesys.outcomes import Outcome
from tests.support import shared_data
from tests.support.shared_data import needs_shared_data

CALLS: Any = None
DRAWN = random.Random(7)  # noqa: S311 - made-up secrets


def drawn(length: int, signs: str = string.ascii_letters + string.digits) -> str:
    return "".join(DRAWN.choice(signs) for _ in range(length))


# Put together here, so that no scanner of this repository takes them for real ones.
PEM = "-----BEGIN " + "RSA PRIVATE KEY-----\n" + "\n".join(drawn(64) for _ in range(12)) + "\n-----END"
SECRETS = {
    "AWS key": "AKIA" + drawn(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    "AWS secret": "AWS_SECRET_ACCESS_KEY=" + drawn(40),
    "GitHub token": "ghp_" + drawn(36),
    "GitLab token": "glpat-" + drawn(20),
    "Slack token": "xoxb-" + drawn(12, string.digits) + "-" + drawn(24),
    "Telegram token": drawn(9, "123456789") + ":AA" + drawn(33),
    "Stripe key": "sk_live_" + drawn(24),
    "Anthropic key": "sk-ant-" + "api03-" + drawn(93),
    "OpenAI key": "sk-" + drawn(20) + "T3Blbk" + "FJ" + drawn(20),
    "Google key": "AIza" + drawn(35),
    "Hugging Face token": "hf_" + drawn(34, string.ascii_letters),
    "npm token": "npm_" + drawn(36),
    "SendGrid key": "SG." + drawn(22) + "." + drawn(43),
    "JSON web token": "eyJ" + drawn(30) + ".eyJ" + drawn(60) + "." + drawn(43),
    "private key": PEM,
    "password in an address": "postgresql://admin:k7Gq2mXw@db.shop.io:5432/main",
    "assigned secret": 'api_key = "' + "a7Xk29QmZ4vT81LpW6" + '"',
}
PEOPLE = {
    "e-mail address": "jane.doe+lists@uni-bonn.de",
    "phone number": "+49 228 730 4711",
    "payment card": "4539 5123 8876 4405",
    "bank account": "DE75 5121 0800 1245 1261 99",
    "IP address": "the client IP is 93.184.215.14",
}


def kinds(text: str) -> list[str]:
    return [finding.kind for finding in scan(text)]


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_found_wherever_it_stands(kind: str) -> None:
    for text in (SECRETS[kind], f"Grüße, see: {SECRETS[kind]}\nand so on.", f"x = 1\n  {SECRETS[kind]}\n"):
        [finding] = scan(text)
        assert (finding.kind, finding.secret) == (kind, True)
        assert text[finding.start : finding.end] in SECRETS[kind]


@pytest.mark.parametrize("kind", PEOPLE)
def test_personal_data_is_found_wherever_it_stands(kind: str) -> None:
    for text in (PEOPLE[kind], f"Grüße: {PEOPLE[kind]}, she said.", f"\t'{PEOPLE[kind]}'"):
        assert kinds(text) == [kind]
        [finding] = scan(text)
        assert not finding.secret
        assert text[finding.start : finding.end] in PEOPLE[kind]


@pytest.mark.parametrize(
    "text",
    [
        "call me at (0228) 73-47 11 8",
        "Tel.: 030/9018 2046",
        "phone: 212-736-5100",
        "Signed-off-by: Jo Bloggs <jo@bloggs.co.uk>",
        "his card number is 4539512388764405",
        '93.184.215.14 - - [10/Oct/2000:13:55:36 -0700] "GET /"',
        "Accepted password for root from 93.184.215.14 port 22",
    ],
)
def test_personal_data_in_other_forms(text: str) -> None:
    assert len(scan(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        # e-mail addresses that are none
        "write to me@example.com or you@mail.example.org",
        "npm install left-pad@1.3.0 and typescript@next",
        "ssh root@db1.shop.io -p 22",
        "git clone git@github.com:a/b.git",
        "scp deploy@files.shop.io:/var/log .",
        "@dataclass\nclass A: pass\n@app.route('/')",
        "y = x@self.weight + b@other.T",
        "out = q@k.to(device)",
        "noreply@github.com",
        "icon@2x.png",
        "follow @jane on https://mastodon.social/@jane",
        "user@host",
        # numbers that are nobody's
        "x = 1 +49 228 730",
        "2 + 3 + 1234567890 = ?",
        "call f(1234567890123)",
        "Call 555-0134 and (123) 456-7890",
        "the telescope has 1200 300 400 mirrors",
        "1234 5678 9012 3456 7890 1234 5678",
        "4539 5123 8876 4406",
        "4111 1111 1111 1111",
        "GB82 WEST 1234 5698 7654 32",
        "DE75 5121 0800 1245 1261 98",
        "listen on 93.184.215.14, version 4.12.33.7, net 192.168.0.1",
        "my ip is 127.0.0.1; your ip: 192.168.4.20; client ip = 8.8.8.8",
        "SELECT 1.2.3.4",
        # secrets that are none
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "x" * 36,
        "sk_live_...",
        "api_key = 'your-api-key-goes-here'",
        "password = 'correct horse battery'",
        'token = "my_access_token_variable"',
        "http://user:password@proxy.corp.com:8080",
        "postgres://postgres:postgres@localhost/db",
        "redis://:${REDIS_PASSWORD}@cache.shop.io",
        "https://api.shop.io/v1/users:batch@latest",
        "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\n" + drawn(64),
        "sha = '6ea026bebc8f27a4199e9992e29657f9a5f6dd26'",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert scan(text) == []


@dataclass(frozen=True)
class Draft:
    statement: str
    solution: str = ""
    redacted: dict[str, int] = field(default_factory=dict)


def texts_of(draft: Draft) -> dict[str, str]:
    return {"statement": draft.statement, "solution": draft.solution}


def rewrite(draft: Draft, texts: Any, counts: Any) -> Draft:
    return replace(draft, redacted=dict(counts), **texts)


def test_a_drop_tells_kinds_and_fields_and_never_what_was_found() -> None:
    secret, person = SECRETS["GitHub token"], PEOPLE["e-mail address"]
    both = Draft(f"{person} has {secret}", f"again {person}")
    assert scanned(texts_of, "drop").run(both, CALLS) == Outcome(
        "rejected", "holds a secret", "GitHub token in statement"
    )
    people = Draft("fine", f"by {person}, {PEOPLE['phone number']}")
    assert scanned(texts_of, "drop").run(people, CALLS) == Outcome(
        "rejected", "holds personal data", "e-mail address in solution, phone number in solution"
    )


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_drops_a_row_also_where_people_are_redacted(kind: str) -> None:
    dropped = scanned(texts_of, "redact", rewrite).run(Draft(SECRETS[kind]), CALLS)
    assert dropped == Outcome("rejected", "holds a secret", f"{kind} in statement")
    assert all(SECRETS[kind] not in repr(finding) for finding in scan(SECRETS[kind]))


def test_the_same_person_has_the_same_placeholder_in_all_fields() -> None:
    draft = Draft("from jo@shop.io to ann@shop.io", "Ann@shop.io wrote to jo@shop.io, call +49 228 730 4711!")
    assert scanned(texts_of, "redact", rewrite).run(draft, CALLS) == Draft(
        "from <email-1> to <email-2>",
        "<email-2> wrote to <email-1>, call <phone-1>!",
        {"email": 4, "phone": 1},
    )


def test_a_draft_without_people_goes_on_as_it_is() -> None:
    draft = Draft("nothing here", "nor here")
    assert scanned(texts_of, "redact", rewrite).run(draft, CALLS) is draft
    assert scanned(texts_of, "drop").run(draft, CALLS) is draft


def test_redacting_needs_a_way_to_put_texts_back() -> None:
    with pytest.raises(ValueError, match="rewrite"):
        scanned(texts_of, "redact")


def test_redacted_texts_hold_nothing_more_and_else_stay_as_they_were() -> None:
    text = " | ".join(PEOPLE.values())
    changed, counts = redact({"text": text})
    assert scan(changed["text"]) == []
    assert counts == {"account": 1, "address": 1, "card": 1, "email": 1, "phone": 1}
    assert redact({"text": "half a \ud800 character, jo@shop.io"})[0] == {"text": "half a \ud800 character, <email-1>"}


@pytest.mark.parametrize(
    "piece",
    ["@", "a@", "a@a.", "a.b@c-", "+1 ", "+49 1 ", "tel: 00", "eyJ", "eyJ-", "ghp_", "xoxb-1", ":AA", "sk-T3BlbkFJ"]
    + ["://", "://a:bbbbbbb", 'token="', "1.", "1234 ", "1234-", "DE89 ", "AB12CD34", "-----BEGIN PRIVATE KEY-----\n"]
    + ["ssh a@b.co ", "İ token ", "client ip ", "1.1.1.1 - - "],
)
def test_hostile_text_takes_time_in_proportion(piece: str) -> None:
    """Ten times the text may take a hundred times as long where something is quadratic; the bound is in between."""

    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        started = time.process_time()
        scan(text)
        return time.process_time() - started

    few = max(min(seconds(20_000) for _ in range(3)), 0.002)
    assert seconds(200_000) < 40 * few


@needs_shared_data
def test_real_texts_are_hardly_ever_taken_for_secrets_or_people() -> None:
    found = []
    for name in ("apps", "code_contests", "math500", "olympiadbench", "gsm8k_test", "commitpack_shaped"):
        for row in shared_data.read(f"sources/{name}.jsonl"):
            for key, value in row.items():
                found += [(name, key, finding.kind) for finding in scan(str(value))]
    # One commit names its co-author.
    assert found == [("commitpack_shaped", "message", "e-mail address")]


def test_a_field_without_text_holds_nothing() -> None:
    assert holds({}) is None
    assert holds({"statement": ""}) is None
