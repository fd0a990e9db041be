"""HTML of posts as Markdown: what a reader sees stays, math and code stay to the letter, hostile posts end soon."""

import contextlib
import time

import pytest

from genesys.curation.stackexchange.markdown import Unreadable, to_markdown

BASE = "https://math.stackexchange.com/questions/7/a-title"

CASES = {
    "paragraphs": ("<p>One.</p>\n\n<p>Two.</p>\n", "One.\n\nTwo."),
    "white space is one blank": ("<p>a\n  b\tc&nbsp;d</p>", "a b c d"),
    "text around blocks": ("before<p>in</p>after", "before\n\nin\n\nafter"),
    "nothing": ("", ""),
    "white space alone": (" \n ", ""),
    "plain text": ("no tags at all", "no tags at all"),
    "a break": ("<p>one<br>two<br/>three</p>", "one  \ntwo  \nthree"),
    "entities": ("<p>a &lt; b &amp;&amp; c &gt; d &quot;q&quot; &#8805; &eacute;</p>", 'a < b && c > d "q" ≥ é'),
    "an entity of an entity": ("<p>write &amp;lt;</p>", "write &lt;"),
    "headings": ("<h1>A</h1><h3>B <code>c</code></h3>", "# A\n\n### B `c`"),
    "a rule": ("<p>a</p><hr/><p>b</p>", "a\n\n---\n\nb"),
    # emphasis
    "emphasis": ("<p><em>a</em> <strong>b</strong> <s>c</s></p>", "*a* **b** ~~c~~"),
    "old names of emphasis": ("<p><i>a</i> <b>b</b> <strike>c</strike></p>", "*a* **b** ~~c~~"),
    "both": ("<p><strong><em>a</em></strong></p>", "***a***"),
    "the same twice": ("<p><b><strong>a</strong></b></p>", "**a**"),
    "blanks go outside": ("<p>a<em> b </em>c</p>", "a *b* c"),
    "emphasis of nothing": ("<p>a<em></em>b<b> </b>c</p>", "ab c"),
    # math
    "inline math": ("<p>Let $x_1 + y_1 * z_2$ be</p>", "Let $x_1 + y_1 * z_2$ be"),
    "math with entities": ("<p>$a &lt; b &amp; c$</p>", "$a < b & c$"),
    "math in a container": (
        '<p>So <span class="math-container">$\\{a_i*b_i\\}$</span>.</p>',
        "So $\\{a_i*b_i\\}$.",
    ),
    "a container without marks": ('<p><span class="math-container">a_b</span></p>', "$a_b$"),
    "display math keeps its lines": (
        "<p>$$\n\\begin{align}\na_1 &amp;= b \\\\\n  &amp;> c\n\\end{align}\n$$</p>",
        "$$\n\\begin{align}\na_1 &= b \\\\\n  &> c\n\\end{align}\n$$",
    ),
    "other marks of math": ("<p>\\(a_1*b*c\\) and \\[d_2*e*f\\]</p>", "\\(a_1*b*c\\) and \\[d_2*e*f\\]"),
    "an environment alone": (
        "<p>\\begin{equation*}\nx_1*x_2*x_3\n\\end{equation*}</p>",
        "\\begin{equation*}\nx_1*x_2*x_3\n\\end{equation*}",
    ),
    "a script of MathJax": ('<p>see <script type="math/tex">a<b_1</script> here</p>', "see $a<b_1$ here"),
    "a display script": ('<script type="math/tex; mode=display">\\int_0^1 f</script>', "$$\\int_0^1 f$$"),
    "what MathJax drew": (
        '<p><span class="MathJax_Preview">x</span><span class="MathJax">x</span><script type="math/tex">x</script></p>',
        "$x$",
    ),
    "MathML with its LaTeX": (
        '<math><semantics><mi>x</mi><annotation encoding="application/x-tex">x_1</annotation></semantics></math>',
        "$x_1$",
    ),
    "an escaped dollar is none": ("<p>\\$5 and \\$6 for *x* and *y*</p>", "\\$5 and \\$6 for \\*x\\* and \\*y\\*"),
    "a dollar sign alone": ("<p>It costs $5, *really* *so*.</p>", "It costs $5, \\*really\\* \\*so\\*."),
    "a picture of a formula": (
        '<p><img src="http://latex.codecogs.com/gif.latex?%5Cfrac%7Ba_1%7D%7B2%7D"></p>',
        "$\\frac{a_1}{2}$",
    ),
    "math within emphasis": ("<p><em>if $a_1$ then</em></p>", "*if $a_1$ then*"),
    "a bar of math in a table": (
        "<table><tr><th>$|x|$</th></tr><tr><td>$\\|y\\|$</td></tr></table>",
        "| $\\vert x\\vert $ |\n| --- |\n| $\\Vert y\\Vert $ |",
    ),
    # code
    "code within a line": ("<p>call <code>f(*args, __x__)</code></p>", "call `f(*args, __x__)`"),
    "code with a backtick": ("<p><code>a`b</code> <code>`c`</code></p>", "``a`b`` `` `c` ``"),
    "code with markup in it": ("<p><code>List&lt;<em>T</em>&gt;</code></p>", "`List<T>`"),
    "a block keeps its white space": (
        "<pre><code>def f(x):\n\n    return  x\t# &lt;y&gt; $a_b$ *c*\n</code></pre>",
        "```\ndef f(x):\n\n    return  x\t# <y> $a_b$ *c*\n```",
    ),
    "its language": ('<pre class="lang-py prettyprint-override"><code>x\n</code></pre>', "```python\nx\n```"),
    "its language on the code": ('<pre><code class="language-C++">x</code></pre>', "```cpp\nx\n```"),
    "no language": ('<pre class="lang-none prettyprint-override"><code>x</code></pre>', "```\nx\n```"),
    "its language in a comment": ("<!-- language: lang-js -->\n\n<pre><code>x\n</code></pre>", "```javascript\nx\n```"),
    "a comment counts for the next block alone": (
        "<!-- language: js --><pre><code>x</code></pre><pre><code>y</code></pre>",
        "```javascript\nx\n```\n\n```\ny\n```",
    ),
    "a fence in code": ("<pre><code>```\nx\n```\n</code></pre>", "````\n```\nx\n```\n````"),
    "leading blanks of the first line": ("<pre><code>    x\n  y\n</code></pre>", "```\n    x\n  y\n```"),
    "a snippet": (
        '<div class="snippet"><div class="snippet-code"><pre class="snippet-code-js lang-js"><code>f();</code></pre>'
        '<pre class="snippet-code-css lang-css"><code>a {}</code></pre></div></div>',
        "```javascript\nf();\n```\n\n```css\na {}\n```",
    ),
    "colours of code": ('<pre><code><span class="kwd">if</span> (x)<br>y</code></pre>', "```\nif (x)\ny\n```"),
    "an empty block of code": ("<p>a</p><pre><code>\n</code></pre>", "a"),
    # lists, quotes, tables
    "a list": ("<ul>\n<li>a</li>\n<li>b</li>\n</ul>", "- a\n- b"),
    "a list with numbers": ('<ol start="3"><li>a</li><li>b</li></ol>', "3. a\n4. b"),
    "a list in a list": ("<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>", "- a\n  1. b\n- c"),
    "a list with room": ("<ol><li><p>a</p></li><li><p>b</p></li></ol>", "1. a\n\n2. b"),
    "code in a list": (
        "<ul><li><p>a</p><pre><code>x\n  y</code></pre></li></ul>",
        "- a\n\n  ```\n  x\n    y\n  ```",
    ),
    "an item without its list": ("<li>a</li>", "- a"),
    "a quote": ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
    "a quote in a quote": ("<blockquote><blockquote>a</blockquote>b</blockquote>", "> > a\n>\n> b"),
    "a spoiler": ('<blockquote class="spoiler"><p>It is 7.</p></blockquote>', ">! It is 7."),
    "a table": (
        "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1|2</td><td><code>x|y</code></td></tr>"
        "<tr><td>3</td></tr></tbody></table>",
        "| a | b |\n| --- | --- |\n| 1\\|2 | `x\\|y` |\n| 3 |  |",
    ),
    "a list of terms": ("<dl><dt>a</dt><dd>b</dd></dl>", "**a**\n\nb"),
    # links and the rest
    "a link": ('<p><a href="https://e.org/x">here</a></p>', "[here](https://e.org/x)"),
    "a link that is its text": ('<p><a href="https://e.org/">https://e.org/</a></p>', "<https://e.org/>"),
    "a link of the same site": ('<p><a href="/a/12">here</a></p>', "[here](https://math.stackexchange.com/a/12)"),
    "a link without a scheme": ('<p><a href="//e.org/x">here</a></p>', "[here](https://e.org/x)"),
    "a link with brackets": ('<p><a href="https://e.org/x_(y)">z</a></p>', "[z](<https://e.org/x_(y)>)"),
    "a link that acts": ('<p><a href="javascript:x()">here</a></p>', "here"),
    "a link in the page": ('<p><a href="#part">here</a></p>', "here"),
    "a link with emphasis": ('<p><a href="https://e.org"><em>x</em></a></p>', "[*x*](https://e.org)"),
    "raised and lowered": ("<p>10<sup>5</sup> H<sub>2</sub>O</p>", "10<sup>5</sup> H<sub>2</sub>O"),
    "keys": ("<p><kbd>Ctrl</kbd>+<kbd>C</kbd></p>", "<kbd>Ctrl</kbd>+<kbd>C</kbd>"),
    "what is not shown": ("<style>p {}</style><p>a<script>b()</script></p><!-- c -->", "a"),
    # escapes
    "what looks like a tag": ("<p>vector&lt;int&gt; and a &lt;b&gt;</p>", "vector\\<int> and a \\<b>"),
    "stars": ("<p>2*3*4 and *x</p>", "2\\*3\\*4 and \\*x"),
    "one star": ("<p>a footnote*</p>", "a footnote*"),
    "stars that stand alone": ("<p>a * b * c</p>", "a * b * c"),
    "names with underscores": ("<p>snake_case_name</p>", "snake_case_name"),
    "underscores at the edges": ("<p>__init__ and _x_</p>", "\\_\\_init\\_\\_ and \\_x\\_"),
    "what looks like a heading": ("<p># not a heading</p>", "\\# not a heading"),
    "what looks like a quote": ("<p>&gt; not a quote<br>&gt; nor this</p>", "\\> not a quote  \n\\> nor this"),
    # broken
    "unclosed": ("<p>a <b>b<p>c", "a **b**\n\nc"),
    "closed too often": ("<p>a</p></div></p>b", "a\n\nb"),
    "a tag that nobody knows": ("<p><foo>a</foo></p>", "a"),
    "a whole page": ("<html><head><title>t</title></head><body><p>a</p></body></html>", "a"),
    "half a character": ("<p>a\ud83d b</p>", "a\ufffd b"),
    "a block within a line": ("<b><p>a</p></b>", "a"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_post_as_markdown(name: str) -> None:
    html, expected = CASES[name]
    assert to_markdown(html, BASE).text == expected


@pytest.mark.parametrize(
    ("html", "images"),
    [
        ('<p><img src="https://i.stack.imgur.com/x.png" alt="a plot"></p>', ("https://i.stack.imgur.com/x.png",)),
        (
            '<p><a href="https://i.stack.imgur.com/x.png"><img src="y.png"></a></p>',
            ("y.png", "https://i.stack.imgur.com/x.png"),
        ),
        (
            '<p><a href="https://i.stack.imgur.com/x">enter image description here</a></p>',
            ("https://i.stack.imgur.com/x",),
        ),
        ('<p><a href="https://e.org/a.png?w=1">a plot</a></p>', ("https://e.org/a.png?w=1",)),
        ('<p><a href="https://e.org/pngs">a page</a></p>', ()),
        ("<iframe src='https://e.org'></iframe><p><svg></svg></p>", ("iframe", "svg")),
        ('<p><img src="http://chart.googleapis.com/chart?cht=tx&amp;chl=x%5E2"></p>', ()),
        ("<p>![not an image](x.png)</p>", ()),
    ],
)
def test_images_are_noticed(html: str, images: tuple[str, ...]) -> None:
    assert to_markdown(html).images == images


def test_what_rules_read_is_the_prose_alone() -> None:
    html = (
        '<p>See <a href="https://e.org/x">this post</a> on <code>edit:</code> and $x_1$.</p>'
        "<pre><code>EDIT: no prose</code></pre><blockquote>quoted</blockquote>"
    )
    found = to_markdown(html)
    assert found.prose == "See this post on `…` and $…$.\nquoted"
    assert (found.links, found.linked, found.code, found.math) == (("https://e.org/x",), 9, 14, 5)


HOSTILE = {
    "deep": "<div>" * 100_000,
    "deep lists": "<ul><li>" * 50_000,
    "deep quotes": "<blockquote>" * 50_000 + "x",
    "deep emphasis": "<b><i>" * 50_000 + "x",
    "deep tables": "<table><tr><td>" * 20_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_nested_too_deeply_is_refused(name: str) -> None:
    with pytest.raises(Unreadable, match="nested more than 60 deep"):
        to_markdown(HOSTILE[name])


LONG = {
    "angles": "<" * 250_000,
    "ampersands": "&" * 250_000,
    "dollars": "$" * 250_000,
    "escaped dollars": "$" + "\\$" * 125_000,
    "open math": "\\(" * 75_000 + "\\[" * 75_000,
    "environments": "".join(f"\\begin{{e{n}}}" for n in range(15_000)),
    "stars": "*a_" * 75_000,
    "backticks": "<code>" + "`" * 125_000 + "a`" * 50_000 + "</code>",
    "open tags": "<p><b>x" * 25_000,
    "attributes": "<p " + "a='1' " * 50_000 + ">x",
    "rows": "<table>" + "<tr><td>a<td>b" * 25_000,
    "items": "<ul>" + "<li>x" * 50_000,
    "blanks": "<p>" + " \n" * 125_000 + "x",
    "pre": "<pre>" + "\n" * 125_000 + "```" * 25_000,
    "comments": "<!-- language: " * 25_000,
    "breaks": "<br>" * 75_000,
    "links": "<a href='/x'>y</a>" * 15_000,
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_post_of_anything_ends_soon(name: str) -> None:
    began = time.monotonic()
    with contextlib.suppress(Unreadable):
        to_markdown(LONG[name], BASE)
    assert time.monotonic() - began < 20  # under a second on a free machine
