"""``genesys override``: what people decide of tasks and responses, put into the table of ``[release] overrides``."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field
from pydantic_settings import CliPositionalArg, SettingsConfigDict

from genesys.cli import DONE
from genesys.commands.options import CONFIG_HELP, Options, parse
from genesys.faults import GenesysError
from genesys.lanes import LANES
from genesys.ledger_marks import mark_withdrawn
from genesys.lineage.named import TaskNamed, problem_of_response, task_named
from genesys.overrides import Action, Decision, Overrides, decide, open_overrides
from genesys.printable import printable
from genesys.schemas import parse_info
from genesys.settings import Settings, load_settings
from genesys.stages.mending import mended_task
from genesys.stores import open_lake
from genesys.tables.lake import Lake
from genesys.verifiers.golds import gold_problem

BY_HELP = "who decides; by default the name of this user"
_DONE: dict[Action, str] = {
    "ban": "{it} is banned: the data sets leave it out when they are made again.",
    "accept": "{it} is accepted, whatever its verifier says; its score stays. Make the data sets again.",
    "reject": "{it} is rejected, whatever its verifier says; its score stays. Make the data sets again.",
    "mend": "{it} has another gold. `genesys run --lane {lane}` tries it and judges the task's responses anew.",
    "undo": "What was decided of {it} no longer counts.",
}


class OverrideOptions(Options):
    """Overrule what was made: ban a task or a response, accept or reject a response, mend a task's gold, or undo that.

    Decisions are appended to the file that [release] overrides names; the last one about an id counts. `genesys
    withdraw` is for source rows, docs/people.md for the rest.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys override")

    action: CliPositionalArg[Literal["ban", "accept", "reject", "mend", "undo", "list"]] = Field(
        description="ban (task or response), accept or reject (response), mend (task), undo (any), list"
    )
    id: CliPositionalArg[str] = Field("", description="problem_id or response_id; of a withdrawn row its row_id")
    why: str = Field("", description="for those who ask later; stands in lists of drops")
    by: str = Field("", description=BY_HELP)
    gold: str | None = Field(None, description="mend: the gold_standard_solution from now on")
    truth: str | None = Field(None, description="mend: the ground_truth in its verification_info from now on")
    info: str = Field("", description="mend: names and values for its verification_info, as a JSON object")
    config: str = Field("", description=CONFIG_HELP)


def main(argv: list[str]) -> int:
    """Write a decision down, or list those that count.

    Raises:
        GenesysError: There is no such task or response, the decision lacks something, or the table cannot be read.
    """
    options = parse(OverrideOptions, argv)
    settings = load_settings(options.config or None)
    if options.action == "list":
        _list(open_overrides(settings))
        return DONE
    if not options.id or not options.why.strip():
        raise GenesysError(f"genesys override {options.action} wants an id and --why")
    action: Action = options.action
    lake = open_lake(settings)
    if action == "mend":
        named = _mend(settings, lake, options)
    else:
        if _mended_with(options):
            raise GenesysError("--gold, --truth and --info are for a mend")
        named = _undo(settings, lake, options) if action == "undo" else _decide(settings, lake, options, action)
    print(printable(named))
    return DONE


def now() -> str:
    """The time of a decision."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def user() -> str:
    """The name of who runs this.

    Raises:
        GenesysError: The system does not know.
    """
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise GenesysError("this user has no name here: say --by who decides") from None


def _decision(options: OverrideOptions, action: Action, **more: Any) -> Decision:
    by = options.by or user()
    return Decision(id=options.id, action=action, why=options.why, by=by, at=now(), **more)


def _decide(settings: Settings, lake: Lake, options: OverrideOptions, action: Action) -> str:
    it = f"response {options.id}"
    if problem_of_response(lake, LANES.values(), options.id) is None:
        task = task_named(lake, LANES.values(), options.id) if action == "ban" else None
        if task is None:
            wanted = "task or response" if action == "ban" else "response"
            raise GenesysError(f"no {wanted} has the id {options.id} in {lake.root}")
        it = str(task)
    decide(settings, _decision(options, action))
    return _DONE[action].format(it=it)


def _mend(settings: Settings, lake: Lake, options: OverrideOptions) -> str:
    changed = _mended_with(options)
    if not changed:
        raise GenesysError("a mend wants --gold, --truth or --info")
    task = task_named(lake, LANES.values(), options.id)
    if task is None:
        raise GenesysError(f"no task has the id {options.id} in {lake.root}")
    decision = _decision(options, "mend", row_id=str(task.row["row_id"]), **changed)
    if (flaw := _flaw(task, decision)) is not None:
        raise GenesysError(f"no response to {task} could be verified with this gold: {flaw}")
    decide(settings, decision)
    return _DONE["mend"].format(it=str(task), lane=task.lane.name)


def _flaw(task: TaskNamed, decision: Decision) -> str | None:
    """What can be told without a trial; the preflight comes when the task is made again."""
    row = {name: parse_info(task.row[name]) for name in ("verification_info", "metadata")}
    return gold_problem(mended_task({**task.row, **row}, decision))


def _mended_with(options: OverrideOptions) -> dict[str, Any]:
    info: dict[str, Any] = {}
    if options.info:
        try:
            info = json.loads(options.info)
        except ValueError as error:
            raise GenesysError(f"--info is no JSON: {error}") from None
        if not isinstance(info, dict):
            raise GenesysError('--info has to be a JSON object, as in \'{"ground_truth": "12"}\'')
    info |= {} if options.truth is None else {"ground_truth": options.truth}
    changed: dict[str, Any] = {"verification_info": info} if info else {}
    return changed | ({} if options.gold is None else {"gold_standard_solution": options.gold})


def _undo(settings: Settings, lake: Lake, options: OverrideOptions) -> str:
    before = open_overrides(settings).decisions.get(options.id)
    if before is None:
        raise GenesysError(f"nothing is decided of {options.id}; `genesys override list` shows what is")
    decide(settings, _decision(options, "undo"))
    if before.action == "withdraw":
        withdrawn = open_overrides(settings).withdrawn
        for lane in LANES.values():
            mark_withdrawn(lake, lane, withdrawn)
    return _DONE["undo"].format(it=options.id) + f" It was: {before.action}, {before}"


def _list(overrides: Overrides) -> None:
    for ident, decision in overrides.decisions.items():
        print(printable(f"{decision.action:9} {ident}  {decision}"))
    if not overrides.decisions:
        print("Nothing is decided.")
