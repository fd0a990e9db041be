"""``genesys reverify``: whether a published data set is what it says. What is checked: ``genesys.release.proof``."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Literal

from pydantic import Field
from pydantic_settings import CliPositionalArg, SettingsConfigDict

from genesys.cli import DONE, ROWS_ERRORED
from genesys.commands.options import CONFIG_HELP, Options, parse
from genesys.commands.reverified import Reverified, shown
from genesys.faults import GenesysError
from genesys.live.showing import displayed
from genesys.release.proof.again import side_by_side
from genesys.release.proof.checking import Checked, Share, check, prove
from genesys.release.proof.contents import PublishedManifest, read_manifest
from genesys.release.proof.place import Place, open_place
from genesys.settings import Settings, load_settings
from genesys.verifiers.runner import VerifierRunner

DIFFERS = 1
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_LINE_EVERY_S = 10.0


class ReverifyOptions(Options):
    """Check a published data set: its files, the leaves of a sample and their root; then tell verdicts again.

    Nothing but the data set is needed: no teacher, no judge, no journal, no genesys.toml. Judged verdicts are counted
    and not told again. Programs run in containers unless --isolation says otherwise; nothing is written.

    Exit codes: 0 all holds; 1 something does not; 2 it cannot be checked; 3 all holds, but some verdicts could not be
    told again on this machine.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys reverify")

    dataset: CliPositionalArg[str] = Field(
        "", description="a folder, s3://bucket/folder, or a data set of the hub: owner/name, hf://owner/name@revision"
    )
    sample: str = Field("1%", description="the share of traces that is read whole, as in 5%; 100%: all of them")
    seed: str = Field("", description="another word makes another sample of the same size")
    root: str = Field("", description="the root as you know it from elsewhere; by default the manifest is believed")
    verdicts: bool = Field(True, description="tell verdicts again; --no-verdicts checks the proof alone")
    isolation: Literal["docker", "process"] = Field(
        "docker", description="where programs run: process only if you trust every response in the data set"
    )
    prove: str = Field("", description="a response_id: print the path from its leaf to the root, and end")
    json_: bool = Field(False, alias="json", description="for programs: all of it as one JSON object")
    config: str = Field("", description=CONFIG_HELP)


def main(argv: list[str]) -> int:
    """Check a published data set against its own proof, and tell a sample of its verdicts again.

    Raises:
        GenesysError: There is no such data set, its manifest cannot be read, or an option makes no sense.
    """
    options = parse(ReverifyOptions, argv)
    if not options.dataset:
        raise GenesysError("give the data set: a folder, an s3:// address, or owner/name of the hub")
    share = _share(options.sample)
    settings = _settings(options)
    place = open_place(options.dataset, settings.release.publish.storage_options)
    manifest = read_manifest(place)
    if options.prove:
        proof = prove(place, manifest, options.prove)
        print(json.dumps(proof, indent=2))
        return DONE if proof["holds"] else DIFFERS
    found = asyncio.run(_reverified(place, manifest, options, share, settings))
    print(found.model_dump_json(indent=2) if options.json_ else shown(found))
    if found.findings or found.disagreements:
        return DIFFERS
    return ROWS_ERRORED if any(group.not_run for group in found.groups) else DONE


def _share(text: str) -> float:
    said = _SHARE.fullmatch(text.strip())
    if said is None or not 0 < float(said[1]) <= 100:
        raise GenesysError(f"--sample {text}: give a share above 0 and up to 100, as in 1% or 100%")
    return float(said[1]) / 100


def _settings(options: ReverifyOptions) -> Settings:
    """The user's, with what decides for programs of strangers: they are trusted by nobody until an option says so."""
    settings = load_settings(options.config or None)
    return settings.model_copy(
        update={
            "sandbox": settings.sandbox.model_copy(update={"isolation": options.isolation}),
            "judging": settings.judging.model_copy(update={"after_rules": ()}),
        }
    )


async def _reverified(
    place: Place, manifest: PublishedManifest, options: ReverifyOptions, share: float, settings: Settings
) -> Reverified:
    checked, found = Checked(), Reverified.of(place, manifest, options.sample, options.seed)
    began = time.monotonic()

    def line() -> list[str]:
        seconds = time.monotonic() - began
        of = f"{checked.traces:,} of {manifest.merkle.leaves:,} traces, {checked.sampled:,} in the sample"
        told = f", {found.told:,} verdicts told again" if options.verdicts else ""
        return [f"{seconds:6.0f} s  {of}{told}, {checked.found + found.disagreed:,} findings"]

    traces = check(place, manifest, Share(share, options.seed), checked, options.root)
    with displayed(sys.stderr, line, line, lambda: _LINE_EVERY_S):
        if options.verdicts:
            async with VerifierRunner(settings=settings) as runner:
                async for told in side_by_side(traces, runner):
                    found.add(told)
        else:
            for _ in traces:
                await asyncio.sleep(0)
    return found.ended(checked)
