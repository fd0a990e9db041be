"""Upstream data sets as external assets: not made here, only looked at. Their data version is the source's revision."""

import re
from collections.abc import Iterable

import dagster as dg

from genesys.faults import GenesysError
from genesys.hashing import digest
from genesys.settings import Settings
from genesys.sources import Opened, Source
from genesys.sources.opening import open_source
from genesys_dagster import internals
from genesys_dagster.ops.phases import plain_failures


def upstream_key(source: Source) -> dg.AssetKey:
    """``upstream/<slug>``: the source's label in small letters, digits, dots and dashes, with an unusual split.

    Letters that this leaves out go in as a hash, so that names in other scripts stay apart.
    """
    lost = any(char.isalnum() and not char.isascii() for char in source.label)
    marks = [source.label, *filter(None, (source.config, source.split if source.split != "train" else ""))]
    marks += [digest(source.label, 6)] if lost else []
    return dg.AssetKey(["upstream", re.sub(r"[^a-z0-9._]+", "-", "-".join(marks).lower()).strip("-")])


def fail_if_mixed_up(sources: Iterable[Source]) -> None:
    """One asset is one source, which lanes may share.

    Raises:
        GenesysError: Two sources would be one asset, and the revision of one be shown as the other's.
    """
    known: dict[dg.AssetKey, Source] = {}
    for source in (source for source in sources if source.lane is None):
        other = known.setdefault(upstream_key(source), source)
        if (other.path, other.revision, other.data_files) != (source.path, source.revision, source.data_files):
            raise GenesysError(
                f"sources {_words(other)} and {_words(source)} are told apart by nothing but path, revision or files "
                f"({upstream_key(source).to_user_string()}): give each a `name` of its own, or have one path name both "
                "(a folder, or a pattern such as rows-*.jsonl)"
            )


def _words(source: Source) -> str:
    at = f" at {source.revision}" if source.revision else ""
    at += f", {', '.join(source.data_files)}" if source.data_files else ""
    return f"{source.path}{at}" + (f" (name {source.name})" if source.name else "")


def upstream_asset(settings: Settings, source: Source) -> dg.SourceAsset:
    """The external asset of one source; an observation asks for its revision and reads no row."""
    chosen = settings.source(source)

    def observe(context: dg.OpExecutionContext) -> dg.ObserveResult:
        with plain_failures():
            opened = open_source(chosen)
        return dg.ObserveResult(data_version=dg.DataVersion(opened.revision), metadata={"files": _files(opened)})

    with internals.unsettled_features():
        asset: dg.SourceAsset = dg.observable_source_asset(
            key=upstream_key(source),
            group_name="upstream",
            description=f"Upstream rows of {source.label}. Not made here: its data version is the revision found.",
            metadata={"split": source.split, **({"license": source.license} if source.license else {})},
            required_resource_keys={"presence"},
            tags={f"dagster/kind/{_kind_of(source)}": ""},
        )(observe)
    return asset


def _kind_of(source: Source) -> str:
    """What the graph shows a source as."""
    if source.history is not None:
        return "git"
    return "jsonl" if source.path.endswith(".jsonl") else "huggingface"


def observation(opened: Opened) -> dg.AssetObservation:
    """The same observation, logged by whoever read the rows: what is recorded is what was read."""
    return dg.AssetObservation(
        asset_key=upstream_key(opened.source),
        metadata={"files": _files(opened)},
        tags={"dagster/data_version": opened.revision},
    )


def input_version_tag(opened: Opened) -> str:
    """The tag under which a materialization keeps the data version of this source that it was made from."""
    return f"dagster/input_data_version/{upstream_key(opened.source).to_user_string()}"


def _files(opened: Opened) -> dg.MarkdownMetadataValue:
    files = [str(path) for path in opened.files[:50]] or [opened.source.path]
    more = [f"({len(opened.files) - 50} more)"] if len(opened.files) > 50 else []
    return dg.MetadataValue.md("\n".join(f"- `{name}`" for name in files + more))
