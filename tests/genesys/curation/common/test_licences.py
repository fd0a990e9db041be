"""Licences: what sources write, in SPDX's form; what each allows; which rows a lane's allow-list keeps."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from genesys.curation.common.licences import PERMISSIVE, allowed, kind, licensed, spdx
from genesys.outcomes import Outcome

CALLS: Any = None


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("mit", "MIT"),
        ("The MIT License (MIT)", "MIT"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("apache-2.0", "Apache-2.0"),
        ("Apache v2", "Apache-2.0"),
        ("bsd-3-clause", "BSD-3-Clause"),
        ("BSD 3-Clause License", "BSD-3-Clause"),
        ("cc-by-sa-4.0", "CC-BY-SA-4.0"),
        ("CC BY-SA 4.0", "CC-BY-SA-4.0"),
        ("GPL-3.0-or-later", "GPL-3.0-or-later"),
        ("GPLv3+", "GPL-3.0-or-later"),
        ("unlicense", "Unlicense"),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("mit/apache-2.0", "MIT OR Apache-2.0"),
        ("mit, bsd-3-clause", "MIT AND BSD-3-Clause"),
        (["mit", "apache-2.0", "MIT"], "Apache-2.0 AND MIT"),
        (["isc", "mit or apache-2.0"], "ISC AND (MIT OR Apache-2.0)"),
        ("My Own Licence", "My Own Licence"),
        ("", None),
        ("unknown", None),
        ("no license", None),
        (None, None),
        ([], None),
        (7, None),
    ],
)
def test_what_sources_write_has_one_form(written: Any, form: str | None) -> None:
    assert spdx(written) == form
    if form is not None:
        assert spdx(form) == form


@pytest.mark.parametrize(
    ("form", "allows"),
    [
        ("MIT", "permissive"),
        ("CC-BY-SA-4.0", "share-alike"),
        ("GPL-3.0", "share-alike"),
        ("CC-BY-NC-4.0", "restricted"),
        ("My Own Licence", "unknown"),
        (None, "unknown"),
        ("MIT AND GPL-3.0", "share-alike"),
        ("MIT OR GPL-3.0", "permissive"),
        ("(MIT OR GPL-3.0) AND My Own Licence", "unknown"),
    ],
)
def test_what_a_licence_allows(form: str | None, allows: str) -> None:
    assert kind(form) == allows


def test_all_of_several_must_be_allowed_and_one_of_a_choice() -> None:
    assert allowed("(GPL-3.0 OR MIT) AND ISC", PERMISSIVE)
    assert not allowed("MIT AND GPL-3.0", PERMISSIVE)
    assert not allowed(None, PERMISSIVE)


@dataclass(frozen=True)
class Draft:
    written: Any
    licence: str | None = None


def carry(draft: Draft, licence: str | None) -> Draft:
    return replace(draft, licence=licence)


@pytest.mark.parametrize("written", ["mit", "My Own Licence", None])
def test_by_default_a_licence_is_carried_and_none_refused(written: Any) -> None:
    step = licensed(lambda draft: draft.written, carry)
    assert step.run(Draft(written), CALLS) == Draft(written, spdx(written))


def test_an_allow_list_drops_what_is_not_in_it() -> None:
    step = licensed(lambda draft: draft.written, carry, only=PERMISSIVE)
    assert step.run(Draft("mit"), CALLS) == Draft("mit", "MIT")
    assert step.run(Draft(["mit", "gpl-3.0"]), CALLS) == Outcome("rejected", "licence not allowed", "GPL-3.0 AND MIT")
    assert step.run(Draft(None), CALLS) == Outcome("rejected", "licence not allowed", "none is known")
