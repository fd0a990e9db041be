"""Which sites' questions have an answer that can be called right, with the reason for each. Nothing else.

A site that is not named here is dropped: most of the others are about opinions, advice, taste, recalled facts, or the
state of a machine that nobody else can see. Whoever wants one more adds a line, or gives the lane a table of their own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    """A site whose questions are taken."""

    subject: str
    """What its questions are about, for the prompt: "a question about ..."."""
    why: str
    """The reason for taking it."""


_EXCHANGE = ".stackexchange.com"
SITES: dict[str, Site] = {
    f"math{_EXCHANGE}": Site("mathematics", "what follows from what is not a matter of taste"),
    "mathoverflow.net": Site(
        "mathematics", "research, yet proved or computed; lists and references are told by prompt"
    ),
    f"stats{_EXCHANGE}": Site("statistics", "derivations, and which conclusion the data allow"),
    f"physics{_EXCHANGE}": Site("physics", "an explanation is right or wrong by known laws"),
    f"astronomy{_EXCHANGE}": Site("astronomy", "physics again"),
    f"chemistry{_EXCHANGE}": Site("chemistry", "mechanisms and quantities follow from principles"),
    f"biology{_EXCHANGE}": Site(
        "biology", "much is recall, which the prompt tells; the rest is explained by mechanisms"
    ),
    f"earthscience{_EXCHANGE}": Site("earth science", "explained by physics"),
    f"space{_EXCHANGE}": Site("space flight", "orbits and engines are computed"),
    f"engineering{_EXCHANGE}": Site("engineering", "loads, flows and controls are computed"),
    f"electronics{_EXCHANGE}": Site("electronics", "circuits are computed; those with a drawing are dropped anyway"),
    f"robotics{_EXCHANGE}": Site("robotics", "kinematics and control are computed"),
    f"dsp{_EXCHANGE}": Site("signal processing", "derivations"),
    f"cs{_EXCHANGE}": Site("computer science", "proofs, algorithms and their cost"),
    f"cstheory{_EXCHANGE}": Site("theoretical computer science", "as in mathematics; references are told by prompt"),
    f"scicomp{_EXCHANGE}": Site("computational science", "numerical methods have provable properties"),
    f"computergraphics{_EXCHANGE}": Site("computer graphics", "geometry and light are computed"),
    f"datascience{_EXCHANGE}": Site("data science", "methods follow from statistics; advice is told by prompt"),
    f"ai{_EXCHANGE}": Site("artificial intelligence", "algorithms can be derived; opinions are told by prompt"),
    f"crypto{_EXCHANGE}": Site("cryptography", "what is secure under which assumption is proved"),
    f"quantumcomputing{_EXCHANGE}": Site("quantum computing", "circuits and states are computed"),
    f"or{_EXCHANGE}": Site("operations research", "models and bounds are proved"),
    f"quant{_EXCHANGE}": Site("quantitative finance", "prices are derived from models"),
    f"economics{_EXCHANGE}": Site("economics", "models are derived; policy is told by prompt"),
    f"mathematica{_EXCHANGE}": Site("Mathematica", "programs do what they do"),
    f"proofassistants{_EXCHANGE}": Site("proof assistants", "a checker decides"),
    f"puzzling{_EXCHANGE}": Site("a puzzle", "one solution, which can be checked; wordplay is told by prompt"),
    "stackoverflow.com": Site("programming", "programs do what they do; what is recalled is told by prompt"),
    f"dba{_EXCHANGE}": Site("databases", "queries do what they do"),
    f"unix{_EXCHANGE}": Site("Unix and its tools", "scripts do what they do; a machine's state is told by prompt"),
}

_TASTE = "opinions, advice or taste"
_RECALL = "recalled facts or what a source says"
_MACHINE = "the state of a machine or the menus of a program"
_ELSEWHERE: dict[str, str] = {
    f"codereview{_EXCHANGE}": "whole programs and what people think of them",
    f"codegolf{_EXCHANGE}": "the shortest program wins, and there is no right one",
    f"softwareengineering{_EXCHANGE}": _TASTE,
    f"programmers{_EXCHANGE}": _TASTE,
    f"softwarerecs{_EXCHANGE}": _TASTE,
    f"hardwarerecs{_EXCHANGE}": _TASTE,
    f"workplace{_EXCHANGE}": _TASTE,
    f"academia{_EXCHANGE}": _TASTE,
    f"matheducators{_EXCHANGE}": _TASTE,
    f"cseducators{_EXCHANGE}": _TASTE,
    f"parenting{_EXCHANGE}": _TASTE,
    f"money{_EXCHANGE}": _TASTE,
    f"travel{_EXCHANGE}": _TASTE,
    f"cooking{_EXCHANGE}": _TASTE,
    f"diy{_EXCHANGE}": _TASTE,
    f"ux{_EXCHANGE}": _TASTE,
    f"security{_EXCHANGE}": _TASTE,
    f"law{_EXCHANGE}": _TASTE,
    f"philosophy{_EXCHANGE}": _TASTE,
    f"politics{_EXCHANGE}": _TASTE,
    f"english{_EXCHANGE}": _RECALL,
    f"ell{_EXCHANGE}": _RECALL,
    f"history{_EXCHANGE}": _RECALL,
    f"hsm{_EXCHANGE}": _RECALL,
    f"skeptics{_EXCHANGE}": _RECALL,
    f"scifi{_EXCHANGE}": _RECALL,
    f"movies{_EXCHANGE}": _RECALL,
    f"tex{_EXCHANGE}": _RECALL,
    f"gaming{_EXCHANGE}": _RECALL,
    f"rpg{_EXCHANGE}": _RECALL,
    "superuser.com": _MACHINE,
    "serverfault.com": _MACHINE,
    "askubuntu.com": _MACHINE,
    f"apple{_EXCHANGE}": _MACHINE,
    f"android{_EXCHANGE}": _MACHINE,
    f"sharepoint{_EXCHANGE}": _MACHINE,
    f"wordpress{_EXCHANGE}": _MACHINE,
    f"magento{_EXCHANGE}": _MACHINE,
    f"drupal{_EXCHANGE}": _MACHINE,
    f"salesforce{_EXCHANGE}": _MACHINE,
}
_LANGUAGES = frozenset({"es", "pt", "ru", "ja"})
"""Sites in other languages, as in es.stackoverflow.com."""


def why_not(host: str) -> tuple[str, str]:
    """(reason, detail) for a site that is not taken."""
    labels = host.split(".")
    if "meta" in labels:
        return "meta site", f"{host} is about a site"
    if labels[0] in _LANGUAGES and len(labels) > 2:
        return "not English", f"{host} is a site in another language"
    detail = f"{host}: {_ELSEWHERE[host]}" if host in _ELSEWHERE else f"{host} is not in the table of sites"
    return "site without objective questions" if host in _ELSEWHERE else "site not listed", detail
