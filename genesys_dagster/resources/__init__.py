"""Resources: settings made into plain objects. Secrets stay in the environment, out of config and metadata."""

from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from genesys.settings import Settings
from genesys.stores import open_journal, open_lake
from genesys_dagster.loaded import settings_tags
from genesys_dagster.presence import place_tags, present
from genesys_dagster.resources.roles import ROLES, RoleResource
from genesys_dagster.resources.workbench import Workbench

BASIC = frozenset({"lake", "presence"})
"""What everything that makes or reads a table needs."""


def resources_of(settings: Settings) -> dict[str, dg.ResourceDefinition]:
    """All resources by name. They are made when a run starts, never when definitions are loaded."""
    return {
        "lake": _resource(lambda _: open_lake(settings), f"The tables, at {settings.path(settings.lake.root)}."),
        "journal": _resource(_journal(settings), f"Finished calls, at {settings.path(settings.journal.root)}."),
        "presence": _resource(_presence(settings), "The mark by which others know that this run's process lives."),
        "workbench": _resource(
            _workbench(settings), "The run's event loop and its verifiers, shared by the run's ops."
        ),
        **{role: _role(settings, role) for role in ROLES},
    }


def _workbench(settings: Settings) -> Callable[[dg.InitResourceContext], Iterator[Any]]:
    def make(context: dg.InitResourceContext) -> Iterator[Any]:
        with Workbench(settings=settings) as bench:
            yield bench

    return make


def _journal(settings: Settings) -> Callable[[dg.InitResourceContext], Iterator[Any]]:
    def make(context: dg.InitResourceContext) -> Iterator[Any]:
        with open_journal(settings) as journal:
            yield journal

    return make


def _presence(settings: Settings) -> Callable[[dg.InitResourceContext], Iterator[None]]:
    def make(context: dg.InitResourceContext) -> Iterator[None]:
        if context.instance is None or context.run is None:
            yield None
            return
        with present(context.instance, context.run.run_id):
            tags = {**place_tags(context.instance), **settings_tags(settings)}
            context.instance.add_run_tags(context.run.run_id, tags)
            yield None

    return make


def _role(settings: Settings, name: str) -> dg.ResourceDefinition:
    role = RoleResource(settings, name)
    return _resource(lambda _: role, role.description)


def _resource(make: Callable[[dg.InitResourceContext], Any], description: str) -> dg.ResourceDefinition:
    return dg.ResourceDefinition(resource_fn=make, description=description)


__all__ = ["BASIC", "ROLES", "RoleResource", "Workbench", "resources_of"]
