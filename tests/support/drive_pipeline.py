"""The whole graph as a process that tests start and kill: every ledger, shard and data set through Dagster.

DAGSTER_HOME=F/dagster python -m tests.support.drive_pipeline F    # F holds genesys.toml
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from genesys.settings import load_settings
from genesys_dagster import internals
from genesys_dagster.pipeline import Pipeline


def main() -> int:
    """Run everything once; 0 if every run of Dagster succeeded."""
    settings = load_settings(Path(sys.argv[1]) / "genesys.toml")
    with (
        internals.instance_of(Path(os.environ["DAGSTER_HOME"]), keep_output=True) as instance,
        Pipeline(settings, instance) as pipeline,
    ):
        ends = list(pipeline.runs())
    for end in ends:
        if not end.success:
            sys.stderr.write(f"{end.job} {end.partition}: {end.problems}\n")
    return 0 if all(end.success for end in ends) else 1


if __name__ == "__main__":
    sys.exit(main())
