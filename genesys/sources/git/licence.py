"""The licence of a repository, by the names of its licence files and by the words that each licence's text has."""

from __future__ import annotations

import re

from genesys.sources.git.repository import Repository
from genesys.syntax.languages import language_of

_LONGEST = 1 << 16
_LICENCE_FILE = re.compile(r"(?:un)?licen[cs]e(?:[-._].+)?|copying(?:[-._].+)?", re.IGNORECASE)
_LICENCE_TEXTS = (
    ("AGPL-3.0", r"GNU AFFERO GENERAL PUBLIC LICENSE\s+Version 3"),
    ("LGPL-3.0", r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3"),
    ("LGPL-2.1", r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 2\.1"),
    ("GPL-3.0", r"GNU GENERAL PUBLIC LICENSE\s+Version 3"),
    ("GPL-2.0", r"GNU GENERAL PUBLIC LICENSE\s+Version 2"),
    ("MPL-2.0", r"Mozilla Public License,? Version 2\.0"),
    ("Apache-2.0", r"Apache License\s+Version 2\.0"),
    ("Unlicense", r"This is free and unencumbered software released into the public domain"),
    ("MIT", r"Permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("ISC", r"Permission to use, copy, modify, and/or distribute this software for any\s+purpose with or without fee"),
    ("BSD-3-Clause", r"Redistribution and use in source and binary forms[\s\S]+Neither the name"),
    ("BSD-2-Clause", r"Redistribution and use in source and binary forms"),
)
_LICENCE_NAMES = re.compile(
    r"[-._](mit|apache(?:-?2(?:\.0)?)?|bsd(?:-[23]-clause)?|isc|unlicense|mpl-?2?|a?l?gpl.*)$", re.I
)


def licence_of(repository: Repository, revision: str) -> str | None:
    """The licence by the names of the files in the top folder, else by what they say; None where it is unclear."""
    listed = repository.ask("ls-tree", "-z", "--name-only", revision)
    files = [name for name in listed.split("\0") if _LICENCE_FILE.fullmatch(name) and language_of(name) is None]
    found = set()
    for name in files:
        stem = re.sub(r"\.(?:md|txt|rst)$", "", name, flags=re.IGNORECASE)
        if (named := _LICENCE_NAMES.search(stem)) is not None:
            found.add(named[1])
        elif stem.lower() == "unlicense":
            found.add("Unlicense")
        else:
            text = repository.ask("cat-file", "blob", f"{revision}:{name}", may_fail=True)[:_LONGEST]
            found.add(next((ident for ident, said in _LICENCE_TEXTS if re.search(said, text)), "unknown"))
    # Two licence files, as Rust projects have, are a choice; a text that is not known leaves it open.
    return " OR ".join(sorted(found)) if found and "unknown" not in found else None
