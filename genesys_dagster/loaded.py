"""Whether a run has the settings that it was launched with.

A run's process reads the settings file by itself. An edit while a backfill is under way would apply to the rest of it,
unseen, while the UI goes on to describe what it loaded. Hence ops carry the digest of the settings that they were
assembled with: Dagster keeps the ops of a run as they were when it was launched, whoever launched it.
"""

import dagster as dg

from genesys.faults import GenesysError
from genesys.hashing import digest
from genesys.settings import Settings
from genesys_dagster import internals

TAG = "genesys/settings"
"""Of ops, and of each run that began to work."""


def settings_tags(settings: Settings) -> dict[str, str]:
    """The digest of all settings but the places of this machine, as a tag. It tells nothing of them."""
    return {TAG: digest(settings.model_dump(mode="json", exclude={"state", "folder"}), 16)}


def fail_if_changed(context: dg.OpExecutionContext, settings: Settings) -> None:
    """Begin no work with other settings than those that whoever launched the run saw.

    Raises:
        GenesysError: The settings changed between the launch and now.
    """
    launched = internals.op_tags_at_launch(context.instance, context.run, TAG)
    if launched - set(settings_tags(settings).values()):
        raise GenesysError(
            "the settings changed since they were loaded (genesys.toml or GENESYS__ variables): reload the code "
            "location, so that the UI shows the new ones, and launch this run again"
        )
