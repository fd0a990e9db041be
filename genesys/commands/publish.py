"""``genesys publish``: shows what a release would be and where it would go, and makes it with --yes."""

from __future__ import annotations

from collections import defaultdict

from pydantic import Field
from pydantic_settings import CliPositionalArg, SettingsConfigDict

from genesys.cli import DONE, REFUSED
from genesys.commands.options import CONFIG_HELP, Options, parse
from genesys.printable import printable
from genesys.release.publishing.card import size_text
from genesys.release.publishing.items import Item
from genesys.release.publishing.publish import Destination, destination_of, publish
from genesys.release.publishing.release import Release, plan_release
from genesys.settings import load_settings
from genesys.stores import open_lake

_HEAD_LINES = 24


class PublishOptions(Options):
    """Show what would be published, and where; publish it with --yes.

    A release is a folder NAME-VERSION: the data sets raw, sft, preference and rl, their lineage, a card, a report and a
    manifest of hashes. The same tables give the same version; one that stands already is not written again.
    docs/publishing.md says more.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys publish")

    to: CliPositionalArg[str] = Field(
        "", description="a folder, s3://bucket/folder, or hub:owner/name; by default [release.publish] to"
    )
    yes: bool = Field(False, description="do it; without it nothing is written")
    card: bool = Field(False, description="print the whole card, and nothing else")
    config: str = Field("", description=CONFIG_HELP)


def main(argv: list[str]) -> int:
    """Show a release, or make it.

    Raises:
        GenesysError: The settings are wrong, or there is nothing to publish, or something is against it.
        InfrastructureFault: A place could not be reached or written.
    """
    options = parse(PublishOptions, argv)
    settings = load_settings(options.config or None)
    to = destination_of(settings, options.to)
    release = plan_release(open_lake(settings), settings, sorted(settings.lanes))
    if options.card:
        print(printable(release.card), end="")
        return REFUSED if release.against else DONE
    if options.yes and not release.against:
        placed = publish(release, settings, to, lambda text: print(f"  {printable(text)}"))
        print(f"{'Published' if placed.is_new else 'Stands already'}: {placed.place} (version {release.version})")
        return DONE
    _show(release, to)
    return REFUSED if release.against else DONE


def _show(release: Release, to: Destination) -> None:
    if release.version:
        print(printable(f"Release {release.name}, version {release.version}, to {to}\n"))
        for folder, items in _by_folder(release).items():
            rows = sum(item.rows or 0 for item in items)
            told = f"{rows:>12,} rows" if any(item.rows is not None for item in items) else " " * 17
            size = size_text(sum(item.bytes for item in items))
            print(f"  {folder:12} {told} {len(items):>5,} {'file ' if len(items) == 1 else 'files'} {size:>10}")
        size = size_text(sum(item.bytes for item in release.items))
        print(f"  {'all':12} {'':17} {len(release.items) + 1:>5,} files {size:>10}\n")
        print("Its card begins (--card prints all of it):\n")
        lines = release.card.splitlines()
        print(printable("\n".join(f"  {line}" for line in [*lines[:_HEAD_LINES], "..."])) + "\n")
    for note in release.notes:
        print(printable(f"note: {note}"))
    for problem in release.against:
        print(printable(f"against it: {problem}"))
    print("Nothing was written." + (" With --yes it is." if not release.against else ""))


def _by_folder(release: Release) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = defaultdict(list)
    for item in release.items:
        found[item.folder or item.path].append(item)
    return found
