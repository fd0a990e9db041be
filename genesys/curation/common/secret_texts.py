"""Secrets in texts: keys, tokens and passwords, by the forms that those who issue them publish. No policy here.

Each form has a literal that stands in every text of it. The long words of a text are looked through for these by
``find``, and only around one that is found a pattern is tried, on a short piece: so a clean text costs next to nothing,
and a hostile one is still linear. detect-secrets was tried first: on our samples it read 0.2 MB a second without its
entropy rules, and all of its five findings were false; with them every longer name was one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_EDGE = r"(?<![A-Za-z0-9_-])"
_END = r"(?![A-Za-z0-9_])"


@dataclass(frozen=True)
class Form:
    """One form of secret.

    Args:
        kind: For people.
        literal: What stands in every secret of this form, lower-case where ``folded``.
        pattern: Of the secret, within a piece around the literal.
        before: How many characters before the literal it may begin; 0 where it begins with the literal.
        after: How many characters from the literal's beginning it may take.
        folded: Whether case does not count.
        apart: Whether the literal may stand in a short word, apart from the long one of the secret.
    """

    kind: str
    literal: str
    pattern: re.Pattern[str]
    before: int = 0
    after: int = 300
    folded: bool = False
    apart: bool = False

    @cached_property
    def sought(self) -> bytes:
        """The literal, to be found in bytes."""
        return self.literal.encode()


def _token(kind: str, literal: str, rest: str, *, end: str = _END, after: int = 300) -> Form:
    return Form(kind, literal, re.compile(f"{_EDGE}{re.escape(literal)}{rest}{end}"), 0, after)


_QUOTED = r"""["']?\s{0,3}(?::|=>?|:=)\s{0,3}["'](?P<secret>[^\s"'\\]{16,200})["']"""
_ASSIGNED = {
    "password": r"passw(?:or)?d",
    "passwd": r"passwd",
    "secret": r"secret(?:_?key)?",
    "token": r"token",
    "api_key": r"api_key",
    "apikey": r"apikey",
    "api-key": r"api-key",
    "access_key": r"access_key",
}
FORMS = (
    *(_token("AWS key", prefix, "[A-Z2-7]{16}") for prefix in ("AKIA", "ASIA")),
    *(_token("GitHub token", f"gh{who}_", "[A-Za-z0-9]{36,251}") for who in "pousr"),
    _token("GitHub token", "github_pat_", r"[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _token("GitLab token", "glpat-", r"[\w-]{20,50}"),
    _token("Slack token", "xox", r"[abeoprs]-(?:\d-)?[A-Za-z0-9-]{20,200}"),
    Form("Slack webhook", "hooks.slack.com", re.compile(r"hooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{20,}")),
    Form("Discord webhook", "/api/webhooks/", re.compile(r"/api/webhooks/\d{15,20}/[\w-]{60,}")),
    Form("Telegram token", ":AA", re.compile(r"(?<!\d)\d{8,10}:AA[\w-]{33}(?![\w-])"), 10, 37),
    *(_token("Stripe key", prefix, "[A-Za-z0-9]{20,240}") for prefix in ("sk_live_", "rk_live_")),
    _token("Anthropic key", "sk-ant-", r"[\w-]{80,200}"),
    *(_token("OpenAI key", prefix, r"[\w-]{40,200}") for prefix in ("sk-proj-", "sk-svcacct-")),
    Form("OpenAI key", "T3BlbkFJ", re.compile(r"sk-[\w-]{20,120}T3BlbkFJ[\w-]{20,120}"), 130),
    _token("Google key", "AIza", r"[\w-]{35}", end=r"(?![\w-])"),
    _token("Google token", "ya29.", r"[\w-]{50,250}"),
    _token("Google secret", "GOCSPX-", r"[\w-]{28}", end=r"(?![\w-])"),
    _token("Hugging Face token", "hf_", "[A-Za-z]{34}"),
    _token("npm token", "npm_", "[A-Za-z0-9]{36}"),
    _token("PyPI token", "pypi-AgEI", r"[\w-]{50,240}"),
    _token("SendGrid key", "SG.", r"[\w-]{22}\.[\w-]{43}", end=r"(?![\w-])"),
    _token("DigitalOcean token", "dop_v1_", "[a-f0-9]{64}"),
    _token("Shopify token", "shpat_", "[a-fA-F0-9]{32}"),
    _token("age key", "AGE-SECRET-KEY-1", "[A-Z0-9]{58}"),
    Form("Azure key", "AccountKey=", re.compile(r"AccountKey=[A-Za-z0-9+/]{86}==")),
    Form(
        "AWS secret",
        "aws_secret",
        re.compile(r"aws_secret\w{0,20}\W{1,8}(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])", re.I),
        folded=True,
        apart=True,
    ),
    _token("JSON web token", "eyJ", r"[\w-]{10,2000}+\.eyJ[\w-]{10,4000}+\.[\w-]{20,1000}", after=7100),
    Form(
        "private key",
        "-----BEGIN ",
        re.compile(
            r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----[\s\\rn]{1,8}"
            r"(?:[A-Za-z-]{1,20}: [^\n]{1,80}\n){0,4}\s{0,4}(?P<secret>[A-Za-z0-9+/= \n\r\t\\\"]{64,4000}+)"
        ),
        after=4500,
        apart=True,
    ),
    Form(
        "password in an address",
        "://",
        re.compile(r"://[^\s/:@\"'<>]{1,64}:(?P<secret>[^\s/@:\"'<>$*{}()\[\]%]{6,80})@(?P<host>[A-Za-z0-9.-]{3,100})"),
    ),
    *(
        Form("assigned secret", literal, re.compile(name + _QUOTED, re.I), after=240, folded=True, apart=True)
        for literal, name in _ASSIGNED.items()
    ),
)
"""No literal of these is part of another form's secrets so that one secret would be counted twice in one place."""
_MADE_UP = re.compile(
    r"example|sample|placeholder|redacted|dummy|changeme|change_me|insert|replace|your|xxxx|\.\.\.|1234567|abcdefg|"
    r"test|fake|secret|password|passwd|foobar|<|\$\{",
    re.IGNORECASE,
)
_MADE_UP_HOST = re.compile(r"(?:^|\.)(?:localhost|example(?:\.\w+)?|test|invalid|local|host\w*|hostname)$|^127\.", re.I)
_FEWEST_CHARACTERS = 8
"""Different ones; a text of fewer was typed to fill a place."""


_SHORTEST = 20
"""Characters of the shortest word that holds a secret, with what stands around it."""


def secrets_in(text: str, plain: bytes | None = None) -> Iterator[tuple[str, int, int]]:
    """Kind, beginning and end of each secret of a text.

    Args:
        text: Any.
        plain: The same in ASCII, character by character, where it is at hand.
    """
    plain = text.encode("ascii", "replace") if plain is None else plain
    words = b" ".join(word for word in plain.split() if len(word) >= _SHORTEST)
    if not words and b"-----BEGIN " not in plain:
        return
    lowered = plain.lower()
    for form in FORMS:
        if form.apart or form.sought in words:
            yield from _of_form(form, text, lowered if form.folded else plain)


def _of_form(form: Form, text: str, searched: bytes) -> Iterator[tuple[str, int, int]]:
    find = form.pattern.search if form.before else form.pattern.match
    place = searched.find(form.sought)
    while place >= 0:
        match = find(text, max(place - form.before, 0), place + form.after)
        if match and match.start() <= place and _is_one(form, match):
            yield form.kind, match.start(), match.end()
            place = max(match.end() - 1, place)
        place = searched.find(form.sought, place + 1)


def _is_one(form: Form, match: re.Match[str]) -> bool:
    """Whether what has the form is no stand-in such as those in manuals."""
    groups = match.groupdict()
    secret = groups.get("secret") or match[0].partition(form.literal)[2] or match[0]
    if form.kind == "private key":
        return len(set(secret)) >= 2 * _FEWEST_CHARACTERS and "..." not in secret
    if form.kind == "password in an address":
        return not _MADE_UP_HOST.search(groups["host"]) and not _MADE_UP.search(secret) and not _is_word(secret)
    if form.kind == "assigned secret" and not _is_random(secret):
        return False
    return len(set(secret)) >= _FEWEST_CHARACTERS and not _MADE_UP.search(secret)


def _is_word(secret: str) -> bool:
    """A password in the form of a plain word stands in manuals (``user:hunter``), one of a person seldom does."""
    return secret.isalpha() and (secret.islower() or secret.isupper())


def _is_random(secret: str) -> bool:
    """Whether a quoted text looks drawn rather than written: letters and digits change places often."""
    if not re.fullmatch(r"[A-Za-z0-9+/=_\-.]+", secret):
        return False
    kinds = "".join("d" if c.isdigit() else "u" if c.isupper() else "l" if c.islower() else "-" for c in secret)
    changes = sum(a != b and "-" not in (a, b) for a, b in zip(kinds, kinds[1:], strict=False))
    return kinds.count("d") >= 2 and changes >= len(secret) / 4
