"""Formulas of models: drawn where they can be read, shown as they stand where not, and harmless always."""

from xml.etree import ElementTree

import pytest

from genesys.viewer.formulas import LONGEST, formula


def parsed(latex: str) -> ElementTree.Element:
    return ElementTree.fromstring(formula(latex, display=True))  # noqa: S314 - well-formed by its own words


@pytest.mark.parametrize(
    ("latex", "element"),
    [
        (r"\frac{1}{2}", "mfrac"),
        (r"x^2", "msup"),
        (r"\sqrt[3]{x}", "mroot"),
        (r"\boxed{7}", "menclose"),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "mtable"),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "mtable"),
        (r"\begin{align} a &= b \end{align}", "mtable"),
        (r"\begin{dcases} 1 & x > 0 \\ 0 \end{dcases}", "mtable"),
    ],
)
def test_what_models_write_becomes_mathml(latex: str, element: str) -> None:
    drawn = parsed(latex)
    assert drawn.tag == "math"
    assert drawn.find(f".//{element}") is not None


def test_characters_are_characters_and_no_references() -> None:
    assert "π" in formula(r"\pi", display=False)
    assert "&amp;#" not in formula(r"\pi \le \infty", display=False)


@pytest.mark.parametrize("latex", [r"\frac{", r"{", r"\left(", r"x^y^z", r"\begin{matrix}", " ", r"\sqrt"])
def test_what_cannot_be_read_is_shown_as_it_stands(latex: str) -> None:
    assert formula(latex, display=False) == f'<code class="unread">{latex}</code>'


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\mathrm{<img src=x onerror=alert(1)>}",
        r"<script>alert(1)</script>",
        r"\href{javascript:alert(1)}{x}",
        r"\class{a\" onclick=\"alert(1)}{x}",
        r"\style{background:url(http://evil.example)}{x}",
        r"\color{red\" onload=\"alert(1)}{x}",
        r"\text{&lt;script&gt;alert(1)&lt;/script&gt;}",
        r"\frac{<b>",
        r"\unknown<svg/onload=alert(1)>",
    ],
)
def test_no_tag_and_no_attribute_of_a_formula_gets_through(latex: str) -> None:
    """Read as XML, what was written has elements of MathML alone, and no attribute that does anything."""
    drawn = parsed(latex)
    harmless = {
        "display",
        "title",
        "class",
        "mathcolor",
        "mathvariant",
        "stretchy",
        "form",
        "fence",
        "lspace",
        "rspace",
    }
    for element in drawn.iter():
        assert element.tag == "code" or element.tag.startswith("m"), element.tag
        assert set(element.attrib) <= harmless, element.attrib
        assert element.attrib.get("class", "unread") == "unread"


@pytest.mark.parametrize(
    "latex",
    [
        r"\newcommand{\a}{\b\b}\newcommand{\b}{\c\c}\a",
        r"\def\a{\a\a}\a",
        "{" * LONGEST,
        "x" * (LONGEST + 1),
        r"\sqrt{" * 600,
    ],
)
def test_formulas_that_grow_or_never_end_stay_their_source(latex: str) -> None:
    assert formula(latex, display=False).startswith('<code class="unread">')


@pytest.mark.timeout(30)
@pytest.mark.parametrize("latex", ["x" * LONGEST, "_{a" * 1300, r"\frac{a}{" * 400, "&" * LONGEST, "\\\\" * 1900])
def test_the_largest_formula_comes_to_an_end(latex: str) -> None:
    assert formula(latex, display=True).endswith(("</math>", "</code>"))
