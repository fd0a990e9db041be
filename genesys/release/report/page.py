"""The report as one page of HTML that needs nothing else: no script, no font, no picture from elsewhere.

Everything that comes from tables is escaped by the template; signs that steer a screen are written out.
"""

from __future__ import annotations

import functools
import importlib.resources
from typing import TYPE_CHECKING, Any

from genesys.printable import printable
from genesys.release.report.drawing import pictures
from genesys.release.report.facts import Facts
from genesys.settings.prices import money

if TYPE_CHECKING:
    import jinja2

TEMPLATE = "page.html.jinja"


def page(facts: Facts, title: str) -> str:
    """The whole page.

    Args:
        facts: What it tells.
        title: Of the data set.
    """
    from markupsafe import Markup

    drawn = {name: Markup(picture.svg) for name, picture in pictures(facts).items()}  # noqa: S704 - drawn by us
    titles = {name: picture.title for name, picture in pictures(facts).items()}
    return _template().render(facts=facts, title=title, drawn=drawn, titles=titles)


@functools.cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    environment.filters |= {"cell": cell, "percent": percent, "money": money}
    source = importlib.resources.files("genesys.release.report") / TEMPLATE
    return environment.from_string(source.read_text("utf-8"))


def cell(value: Any) -> str:
    """A value of a table for people."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def percent(value: float) -> str:
    """A share for people."""
    return f"{100 * value:.1f} %"
