"""A local repository as a source: which commits are rows, what the others are told to be, and bad repositories."""

import os
import subprocess
from collections import Counter

import pytest

from genesys.faults import GenesysError
from genesys.settings import Settings
from genesys.sources import BadRow, PassedOver, Source, SourceRow
from genesys.sources.git import history
from genesys.sources.opening import open_source

MIT = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software\n"


class Repository:
    """A repository in a folder, and what is done to it."""

    def __init__(self, place):
        self.place = place
        self.git("init", "-q", "-b", "main", str(place), inside=False)

    def git(self, *words, inside=True, stdin=None):
        who = {f"GIT_{role}_{what}": "Ada" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent", **who}
        where = ["-C", str(self.place)] if inside else []
        command = ["git", *where, "-c", "protocol.file.allow=always", *words]
        done = subprocess.run(command, env=environment, input=stdin, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def commit(self, message, *options, **files):
        """Write files (a dot in a name is written ``__``; None deletes) and commit them."""
        for name, content in files.items():
            path = self.place / name.replace("__", ".")
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "-A")
        self.git("commit", "-q", *options, "-F", "-", stdin=message if isinstance(message, bytes) else message.encode())
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "work")


def read(repository, **options):
    return list(open_source(Source(path=f"git:{repository.place}", **options)).rows())


def test_an_edit_of_one_file_is_a_row_in_commitpacks_columns(repository):
    repository.commit("Begin", a__py="x = 1\n", LICENSE=MIT)
    repository.git("remote", "add", "origin", "https://ada:secret@example.org/ada/engine.git")
    head = repository.commit("Raise x to two\n\nOne was too few.\n", a__py="x = 2\n")
    begun, edit = read(repository)
    assert isinstance(begun, PassedOver)
    assert edit == SourceRow(
        Source(path=f"git:{repository.place}"),
        head,
        f"git:{repository.place}",
        2,
        {
            "commit": head,
            "old_file": "a.py",
            "new_file": "a.py",
            "old_contents": "x = 1\n",
            "new_contents": "x = 2\n",
            "subject": "Raise x to two",
            "message": "Raise x to two\n\nOne was too few.\n",
            "lang": "Python",
            "license": "MIT",
            "repos": "ada/engine",
        },
    )


def test_what_is_no_edit_of_one_file_is_passed_over_and_told(repository, tmp_path):
    repository.commit("Begin", a__py="x = 1\n", b__py="y = 1\n")
    repository.commit("Both", a__py="x = 2\n", b__py="y = 2\n")
    repository.commit("More", c__py="z = 1\n")
    repository.commit("Fewer", c__py=None)
    (repository.place / "link").symlink_to("a.py")
    repository.commit("Link")
    repository.git("checkout", "-q", "-b", "side")
    repository.commit("Side", a__py="x = 3\n")
    repository.git("checkout", "-q", "main")
    repository.commit("Main", b__py="y = 3\n")
    repository.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")
    inner = Repository(tmp_path / "inner")
    inner.commit("Inner", d__py="d = 1\n")
    repository.git("submodule", "--quiet", "add", str(inner.place), "inner")
    repository.git("rm", "-q", "--cached", ".gitmodules")
    (repository.place / ".gitmodules").unlink()
    repository.git("commit", "-q", "-m", "A submodule")
    repository.git("mv", "a.py", "e.py")
    repository.git("commit", "-q", "-m", "Rename")
    found = read(repository)
    assert Counter(row.reason for row in found if isinstance(row, BadRow)) == {
        "commit changes several files": 2,
        "commit adds a file": 1,
        "commit deletes a file": 1,
        "commit changes a link": 1,
        "commit changes a submodule": 1,
        "merge, or commit without changes": 1,
    }
    rows = [(row.data["subject"], row.data["old_file"], row.data["new_file"]) for row in found if not is_bad(row)]
    assert sorted(rows) == [("Main", "b.py", "b.py"), ("Rename", "a.py", "e.py"), ("Side", "a.py", "a.py")]
    assert [row.row for row in found] == list(range(1, len(found) + 1))


def is_bad(row):
    return isinstance(row, BadRow)


def test_edits_that_cannot_be_rows_are_broken_rows_that_say_why(repository, monkeypatch):
    monkeypatch.setattr(history, "LARGEST_FILE", 1000)
    names = ("image.py", "latin.py", "huge.py", "sound.py")
    repository.commit("Begin", **{name.replace(".", "__"): "x\n" for name in names})
    repository.commit("Draw", image__py=b"\x89PNG\0\0")
    repository.commit("Accents", latin__py="é\n".encode("latin-1"))
    repository.commit("Grow", huge__py="x" * 1001)
    repository.commit("Go on", sound__py="ä = 1\n")
    _, *found = read(repository)
    assert [row.reason.partition(": ")[2] if is_bad(row) else row.data["new_contents"] for row in found] == [
        "is binary",
        "is not UTF-8: invalid continuation byte at byte 0",
        "has 1,001 bytes, more than 1,000",
        "ä = 1\n",
    ]
    assert not any(isinstance(row, PassedOver) for row in found)


def test_a_file_that_is_not_in_the_repository_breaks_its_own_commits_alone(repository):
    for number in range(1, 4):
        repository.commit(f"Commit {number}", a__py=f"x = {number}\n")
    blob = repository.git("rev-parse", "HEAD~1:a.py")
    (repository.place / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    repository.commit("Commit 4", a__py="x = 4\n")
    _, second, third, fourth = read(repository)
    assert "new_contents" in str(second)
    assert "is not in the repository" in str(second)
    assert is_bad(third)
    assert fourth.data["new_contents"] == "x = 4\n"


def test_messages_and_names_of_other_encodings_are_read(repository):
    repository.commit("Begin", **{"straße__py": "x = 1\n"})
    repository.git("config", "i18n.commitEncoding", "ISO-8859-1")
    repository.commit("Größer".encode("latin-1"), **{"straße__py": "x = 2\n"})
    repository.git("config", "i18n.commitEncoding", "no-such-code")
    repository.commit("x", **{"straße__py": "x = 3\n"})
    _, second, third = read(repository)
    assert (second.data["message"].strip(), second.data["new_file"]) == ("Größer", "straße.py")
    assert third.data["subject"] == "x"


def test_a_revision_is_a_commit_and_a_later_one_only_adds_rows(repository):
    repository.commit("Begin", a__py="x = 1\n")
    first = repository.commit("Two", a__py="x = 2\n")
    repository.git("branch", "early")
    repository.commit("Three", a__py="x = 3\n")
    early = open_source(Source(path=f"git:{repository.place}", revision="early"))
    assert early.revision == first
    before, after = list(early.rows()), read(repository)
    assert [row.row for row in after] == [1, 2, 3]
    assert [row.data for row in after[:2] if not is_bad(row)] == [row.data for row in before if not is_bad(row)]
    assert len(read(repository, max_rows=2)) == 2


@pytest.mark.parametrize(
    ("files", "licence"),
    [
        ({"LICENSE": MIT}, "MIT"),
        ({"LICENSE-MIT": "x", "LICENSE-APACHE": "x"}, "APACHE OR MIT"),
        ({"COPYING": "GNU GENERAL PUBLIC LICENSE\n   Version 3, 29 June 2007"}, "GPL-3.0"),
        ({"LICENSE.md": "Apache License\n Version 2.0, January 2004"}, "Apache-2.0"),
        ({"LICENSE": "All rights reserved."}, None),
        ({"LICENSE": MIT, "LICENSE.other": "All rights reserved."}, None),
        ({"license_check.py": MIT}, None),
    ],
)
def test_the_licence_is_told_by_names_and_texts_of_its_files(repository, files, licence):
    repository.commit("Begin", a__py="x = 1\n", **{name.replace(".", "__"): text for name, text in files.items()})
    repository.commit("Two", a__py="x = 2\n")
    assert read(repository)[-1].data["license"] == licence
    assert read(repository, license="CC0-1.0")[-1].data["license"] == "CC0-1.0"


def test_bad_repositories_say_what_they_are_and_what_to_do(repository, tmp_path):
    with pytest.raises(GenesysError, match="has no commit 'HEAD'"):
        read(repository)
    repository.commit("Begin", a__py="x = 1\n")
    repository.commit("Two", a__py="x = 2\n")
    for revision in ("nowhere", "--all"):
        with pytest.raises(GenesysError, match=f"{revision}'"):
            read(repository, revision=revision)
    with pytest.raises(GenesysError, match="no such folder"):
        open_source(Source(path=f"git:{tmp_path / 'nothing'}"))
    (tmp_path / "plain").mkdir()
    with pytest.raises(GenesysError, match="not a git repository"):
        open_source(Source(path=f"git:{tmp_path / 'plain'}"))
    repository.git("clone", "-q", "--depth=1", f"file://{repository.place}", str(tmp_path / "shallow"), inside=False)
    with pytest.raises(GenesysError, match="--unshallow"):
        open_source(Source(path=f"git:{tmp_path / 'shallow'}"))
    repository.git("config", "remote.origin.promisor", "true")
    with pytest.raises(GenesysError, match="partial clone"):
        read(repository)


def test_nothing_that_a_repository_sets_up_is_run(repository, tmp_path):
    repository.commit("Begin", a__py="x = 1\n", __gitattributes="*.py diff=own filter=own\n")
    repository.commit("Two", a__py="x = 2\n")
    for setting in (
        "core.fsmonitor",
        "diff.external",
        "diff.own.textconv",
        "diff.own.command",
        "filter.own.smudge",
        "core.pager",
        "gpg.program",
        "core.sshCommand",
    ):
        repository.git("config", setting, f"touch {tmp_path / 'run'} #")
    repository.git("config", "log.showSignature", "true")
    assert len(read(repository)) == 2
    assert not (tmp_path / "run").exists()


def test_a_relative_path_counts_from_the_settings(repository):
    settings = Settings(folder=str(repository.place.parent))
    source = settings.source(Source(path="git:work"))
    assert (source.path, source.label) == (f"git:{repository.place}", "git:work")


def test_a_reading_that_stops_early_leaves_no_process(repository):
    for number in range(5):
        repository.commit(f"Commit {number}", a__py=f"x = {number}\n")
    rows = open_source(Source(path=f"git:{repository.place}")).rows()
    next(rows)
    next(rows)
    del rows
    found = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(repository.place) not in found
