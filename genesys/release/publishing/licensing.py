"""The licence of a release as a whole, as the hub names it, and what its rows' licences have to say about that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from genesys.curation.common.licences import kind, spdx
from genesys.release.publishing.figures import Origin

OTHER = "other"
BY_ROW = "by-row"
"""Name of a licence that is none: each row has its own, in the lineage."""
_NAMES = (
    "apache-2.0 mit afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear cc cc0-1.0 cc-by-2.0 "
    "cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 "
    "cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 "
    "cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 eupl-1.1 eupl-1.2 agpl-3.0 gfdl gpl gpl-2.0 "
    "gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc mpl-2.0 ms-pl ncsa odc-by odbl ofl-1.1 osl-3.0 pddl postgresql unlicense zlib "
    "openrail etalab-2.0"
)
_HUB = frozenset(_NAMES.split())
_OTHERWISE = {
    "ODC-By-1.0": "odc-by",
    "ODbL-1.0": "odbl",
    "PDDL-1.0": "pddl",
    "GFDL-1.2": "gfdl",
    "GFDL-1.3": "gfdl",
}


@dataclass(frozen=True)
class License:
    """How the hub is told."""

    id: str
    name: str | None = None
    """Of one that the hub does not know."""
    against: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def hub_license(written: str) -> str | None:
    """The hub's name of a licence, None if it has none."""
    name = spdx(written) or written
    lower = _OTHERWISE.get(name, name.lower())
    return lower if lower in _HUB else None


def license_of(chosen: str, origins: Sequence[Origin]) -> License:
    """The licence of a release.

    Args:
        chosen: The user's choice, empty for what follows from the rows.
        origins: Under which licences the rows stand.
    """
    found = {origin.license for origin in origins}
    if not chosen:
        only = next(iter(found)) if len(found) == 1 else None
        known = hub_license(only) if only else None
        return License(known) if known else License(OTHER, BY_ROW)
    known = hub_license(chosen)
    if known is None:
        if chosen.strip().lower() == OTHER:
            return License(
                OTHER,
                against=[
                    '[release.publish] license = "other" says nothing: give the licence\'s own name, or leave the line '
                    "out if each row has its own"
                ],
            )
        return License(
            OTHER, chosen.strip(), notes=[f"the hub does not know the licence {chosen!r}: it stands as other"]
        )
    return License(known, notes=_stricter(known, origins))


def _stricter(chosen: str, origins: Sequence[Origin]) -> list[str]:
    """Rows that may not be given on under what was chosen for the whole."""
    mine, notes = kind(spdx(chosen)), []
    if mine != "permissive":
        return []
    for wanted, says in (
        ("share-alike", "asks that what is derived stays under it"),
        ("restricted", "forbids commerce or changes"),
        ("unknown", "is not known"),
    ):
        rows = [origin for origin in origins if kind(origin.license) == wanted]
        if rows:
            names = ", ".join(sorted({origin.license or "none named" for origin in rows})[:3])
            count = sum(origin.traces for origin in rows)
            notes.append(f"license = {chosen!r}, but {count:,} traces are of rows whose licence {says} ({names})")
    return notes
