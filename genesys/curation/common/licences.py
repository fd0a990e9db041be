"""Licences: one form (SPDX) for what sources write, what each allows, and the step that carries it with a row.

Only names are read here, no licence's text. Which licences a lane takes is a constant of the lane; by default none is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeVar

from genesys.calls.context import Calls
from genesys.curation.steps import Step
from genesys.outcomes import Outcome, rejected

Draft = TypeVar("Draft")
Kind = Literal["permissive", "share-alike", "restricted", "unknown"]
NOT_ALLOWED = "licence not allowed"

_PERMISSIVE = (
    "0BSD Apache-1.1 Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear BSD-4-Clause BSL-1.0 "
    "CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 CC-BY-4.0 CC-PDDC CC0-1.0 ISC MIT MIT-0 NCSA ODC-By-1.0 PDDL-1.0 PostgreSQL PSF-2.0 "
    "Python-2.0 Unlicense UPL-1.0 WTFPL X11 Zlib"
)
_SHARE_ALIKE = (
    "AGPL-3.0 AGPL-3.0-only AGPL-3.0-or-later CC-BY-SA-2.0 CC-BY-SA-2.5 CC-BY-SA-3.0 CC-BY-SA-4.0 CDDL-1.0 EPL-1.0 "
    "EPL-2.0 EUPL-1.1 EUPL-1.2 GFDL-1.2 GFDL-1.3 GPL-2.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0 GPL-3.0-only "
    "GPL-3.0-or-later LGPL-2.1 LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0 LGPL-3.0-only LGPL-3.0-or-later MPL-1.1 "
    "MPL-2.0 MS-RL ODbL-1.0 OSL-3.0"
)
_RESTRICTED = "".join(
    f"CC-BY-{more}-{version} " for more in ("NC", "NC-SA", "NC-ND", "ND") for version in ("2.0", "2.5", "3.0", "4.0")
)
_NAMES: tuple[tuple[Kind, str], ...] = (
    ("permissive", _PERMISSIVE),
    ("share-alike", _SHARE_ALIKE),
    ("restricted", _RESTRICTED),
)
KINDS: dict[str, Kind] = {name: kind for kind, names in _NAMES for name in names.split()}
"""SPDX identifiers that are known here. Share-alike ones ask that what is derived has the same licence (copyleft is
such); restricted ones forbid commerce or changes."""
PERMISSIVE = frozenset(name for name, kind in KINDS.items() if kind == "permissive")

_OTHER_NAMES = {
    "apache": "Apache-2.0",
    "apache2": "Apache-2.0",
    "asl2": "Apache-2.0",
    "boost": "BSL-1.0",
    "boostsoftware": "BSL-1.0",
    "bsd": "BSD-3-Clause",
    "bsd2": "BSD-2-Clause",
    "bsd3": "BSD-3-Clause",
    "bsdnew": "BSD-3-Clause",
    "bsdmodified": "BSD-3-Clause",
    "newbsd": "BSD-3-Clause",
    "modifiedbsd": "BSD-3-Clause",
    "revisedbsd": "BSD-3-Clause",
    "bsdsimplified": "BSD-2-Clause",
    "simplifiedbsd": "BSD-2-Clause",
    "freebsd": "BSD-2-Clause",
    "cc0": "CC0-1.0",
    "creativecommonszero": "CC0-1.0",
    "ccby": "CC-BY-4.0",
    "ccbysa": "CC-BY-SA-4.0",
    "creativecommonsattribution40": "CC-BY-4.0",
    "creativecommonsattributionsharealike40": "CC-BY-SA-4.0",
    "expat": "MIT",
    "mitexpat": "MIT",
    "mitmit": "MIT",
    "themit": "MIT",
    "gpl2": "GPL-2.0",
    "gplv2": "GPL-2.0",
    "gpl3": "GPL-3.0",
    "gplv3": "GPL-3.0",
    "gplv2+": "GPL-2.0-or-later",
    "gplv3+": "GPL-3.0-or-later",
    "lgplv21": "LGPL-2.1",
    "lgplv3": "LGPL-3.0",
    "lgpl3": "LGPL-3.0",
    "agplv3": "AGPL-3.0",
    "agpl3": "AGPL-3.0",
    "mpl": "MPL-2.0",
    "mpl2": "MPL-2.0",
    "mozillapublic20": "MPL-2.0",
    "odcby": "ODC-By-1.0",
    "odbl": "ODbL-1.0",
    "psf": "PSF-2.0",
    "python": "PSF-2.0",
    "theunlicense": "Unlicense",
    "publicdomain": "CC-PDDC",
}
"""By letters, digits and plus signs alone, without the words "licence" and "version"."""
_WORDS = re.compile(r"\b(?:licen[cs]ed?|version|under|software|the)\b")
_OFTEN_V = re.compile(r"(?<![a-z])v(?=\d)")
_SIGNS = re.compile(r"[^a-z0-9+]")
_PARTED = re.compile(r"\s+(and|or)\s+|\s*([,;/|])\s*", re.IGNORECASE)
_SPDX_WORD = re.compile(r"[^\s()]+")
_LONGEST = 200


def _letters(text: str) -> str:
    return _SIGNS.sub("", _OFTEN_V.sub("", _WORDS.sub(" ", text.lower())))


_KNOWN = {_letters(name): name for name in KINDS} | _OTHER_NAMES


def spdx(written: Any) -> str | None:
    """The SPDX form of what a source writes about a licence.

    Args:
        written: A name in whatever spelling, several of them in one text, or a list of names; all of a list hold.

    Returns:
        An SPDX identifier or expression (``MIT OR Apache-2.0``), names that are not known as they were written; None
        where nothing is written.
    """
    if isinstance(written, str):
        return _expression(written[:_LONGEST].strip())
    if isinstance(written, Iterable) and not isinstance(written, bytes | dict):
        found = sorted({name for item in written if (name := spdx(item)) is not None})
        return " AND ".join(f"({name})" if " OR " in name and len(found) > 1 else name for name in found) or None
    return None


def _expression(text: str) -> str | None:
    if _letters(text) in ("", "no", "none", "null", "unknown", "other", "noassertion"):
        return None
    if (one := _KNOWN.get(_letters(text))) is not None:
        return one
    if all(word in KINDS or word in ("AND", "OR") for word in _SPDX_WORD.findall(text)):
        return text
    parts = _PARTED.split(text.strip("() "))
    if len(parts) == 1:
        return text
    names = [_KNOWN.get(_letters(part.strip("() ")), part.strip("() ")) for part in parts[::3]]
    joined = names[0]
    for word, sign, name in zip(parts[1::3], parts[2::3], names[1:], strict=True):
        # A slash is a choice: so it is written in Rust's manifests.
        joined += f" {(word or ('or' if sign == '/' else 'and')).upper()} {name}"
    return joined


def kind(licence: str | None) -> Kind:
    """What an SPDX form allows: of several that all hold the strictest, of a choice the freest."""
    if licence is None:
        return "unknown"
    order: tuple[Kind, ...] = ("permissive", "share-alike", "restricted", "unknown")

    def place(text: str) -> int:
        return order.index(KINDS.get(text.strip("() "), "unknown"))

    return order[max(min(place(choice) for choice in part.split(" OR ")) for part in licence.split(" AND "))]


def allowed(licence: str | None, names: Iterable[str]) -> bool:
    """Whether an SPDX form can be had under these identifiers alone."""
    known = set(names)
    return licence is not None and all(
        any(choice.strip("() ") in known for choice in part.split(" OR ")) for part in licence.split(" AND ")
    )


def licensed(
    licence_of: Callable[[Draft], Any],
    carry: Callable[[Draft, str | None], Draft],
    only: Iterable[str] | None = None,
    *,
    name: str = "licence known and allowed",
) -> Step[Draft]:
    """A step that brings a row's licence into one form.

    Args:
        licence_of: Draft -> what its source writes.
        carry: Draft and SPDX form -> the draft that holds it, for the column ``license`` of its tasks.
        only: SPDX identifiers beyond which rows are dropped; by default none is.
        name: Of the step.
    """
    names = None if only is None else frozenset(only)

    def run(draft: Draft, calls: Calls) -> Draft | Outcome:
        licence = spdx(licence_of(draft))
        if names is not None and not allowed(licence, names):
            return rejected(NOT_ALLOWED, licence or "none is known")
        return carry(draft, licence)

    return Step(name, run)
