"""What a commit's message has to say so that a task can be made of it; rules alone, for messages in any language."""

from __future__ import annotations

import re

from genesys.outcomes import Outcome, rejected

FEWEST_WORDS = 3
FEWEST_TELLING = 2
FEWEST_SIGNS = 8
"""Letters of scripts that set no spaces between words."""
LONGEST = 4000

_MERGE = re.compile(
    r"merge (?:branch|pull request|remote|tag|commit|changes|master|main|develop|of\b|\w+ into)", re.IGNORECASE
)
_REVERT = re.compile(r"revert(?:s|ed|ing)?\b|back(?:ed)? ?out\b|undo\b|rollback\b|roll back\b", re.IGNORECASE)
_VERSION = re.compile(
    r"(?:\[?(?:release|version|prepare(?: for)?(?: the)?(?: next)? (?:release|development)|bump(?:ed|s|ing)?|"
    r"cut|tag|preparing|increase|increment|update|set|upgrade)\]?\W+(?:to |the |for )?)?(?:version|release|v)?[ :=]*"
    r"v?\d+\.\d+[\w.+-]*\W*(?:release)?\W*$|bump(?:ed|s|ing)?\b.{0,60}(?:version|from v?\d|to v?\d)|"
    r"(?:bump|update|increase|increment|change)d? (?:the )?(?:package )?version\b|version bump|"
    r"\[?maven-release-plugin\]?|release v?\d",
    re.IGNORECASE,
)
_BOT = re.compile(
    r"\[bot\]|dependabot|renovate|greenkeeper|pyup|pre-commit(?:\.ci)? auto|chore\(deps|build\(deps|snyk|"
    r"auto(?:matic(?:ally)?|mated)?[- ](?:commit|update|generated|format|fixes|import|sync)|imported from|"
    r"copybara|piperorigin|sync(?:ed|ing)? with|google-?ified|\[automat|by (?:black|prettier|gofmt|isort|rustfmt)\b|"
    r"(?:run|apply|ran|applied) (?:black|prettier|gofmt|isort|rustfmt|clang-format|yapf|autopep8|eslint --fix)",
    re.IGNORECASE,
)
_KIND = re.compile(r"^\W*(?:\[[^\]]{1,30}\]\s*)*(?:\w{2,12}(?:\([^)]{0,40}\))?!?:\s+)?")
"""``fix(core): ``, ``[BUGFIX] ``."""
_NOT_WORDS = re.compile(
    r"https?://\S+|(?:\(|\b)(?:gh-|pr )?#\d+\)?|\b[A-Z]{2,10}-\d+\b|\b[0-9a-f]{7,40}\b|\S*[\w-]+\.\w{1,5}\b\S*|\S*/\S*"
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af\u0e00-\u0e7f]")
_PLAIN = """
the and for with from into this that these those some more other another all any not was were are has have had its
our out now new old few bit let lets also too very just only via per when where what which will can should update
updates updated updating fix fixes fixed fixing fixup change changes changed changing modify modified modification
modifications improve improves improved improvement improvements cleanup cleanups clean cleaned cleaning refactor
refactored refactoring refactors restructure rework reworked tweak tweaks tweaked adjust adjusted adjustments wip
tmp temp temporary misc miscellaneous minor major small little tiny various several stuff things thing work working
works test tests testing tested code codes file files source script scripts class module commit commits committed
checkin check initial first second final finally done finish finished ready todo typo typos spelling grammar wording
comment comments docs doc documentation docstring docstrings readme lint linting linter pylint flake pep style
styling format formatting formatted whitespace spacing indentation indent reformat again bug bugs bugfix bugfixes
hotfix issue issues error errors problem problems patch address addressed review feedback suggestions suggestion
requested nit nits add added adding adds remove removed removing removes delete deleted use used using make made
makes making move moved moving save push pushed sync merge merged pull request branch master main develop debug
debugging print prints log logs logging import imports unused version release feat chore upd oops ups argh try
trying attempt maybe hopefully better good nice correct corrected correctly proper properly
"""
_SAYS_NOTHING = frozenset(_PLAIN.split())


def says_something(message: str) -> Outcome | None:
    """The reason against a message; None for one that tells what was done."""
    subject = message.partition("\n")[0].strip()
    if _MERGE.match(subject):
        return rejected("merge commit", subject[:120])
    if _REVERT.match(_KIND.sub("", subject)):
        return rejected("revert", subject[:120])
    if _BOT.search(subject):
        return rejected("bot or tool", subject[:120])
    if _VERSION.match(_KIND.sub("", subject)):
        return rejected("version bump", subject[:120])
    if len(message) > LONGEST:
        return rejected("message too long", f"{len(message):,} characters")
    text = _NOT_WORDS.sub(" ", _KIND.sub("", message, count=1))
    words = [word.lower() for word in _WORD.findall(text)]
    telling = {word for word in words if len(word) > 2 and word not in _SAYS_NOTHING}
    if len(_UNSPACED.findall(text)) >= FEWEST_SIGNS:
        return None
    if len(words) < FEWEST_WORDS or len(telling) < FEWEST_TELLING:
        return rejected("message says nothing", subject[:120])
    return None
