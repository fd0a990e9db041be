"""``genesys generate``: its options, and what they start. Its tasks are ``tasks``, its files ``responses``."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, JsonValue, ValidationError, model_validator
from pydantic_settings import SettingsConfigDict

from genesys.calls.context import Roles
from genesys.calls.engine import Progress
from genesys.calls.journal import Journal
from genesys.chat import Teacher
from genesys.choices import Sampling
from genesys.cli import DONE, ROWS_ERRORED
from genesys.commands.options import Group, Numbers, Options, Texts, parse
from genesys.commands.own_verifiers import VERIFIERS_HELP, import_verifiers
from genesys.commands.progress import endpoint_trouble, monitor_of, shown
from genesys.commands.reasons import how_to_see_more
from genesys.commands.responses import FilesBefore, Plan, Sealed, generate, own_files
from genesys.commands.tasks import SHUFFLE_WINDOW, TaskList
from genesys.commands.usable import look_at
from genesys.faults import GenesysError
from genesys.printable import printable
from genesys.schemas import describe_validation
from genesys.settings import Settings
from genesys.settings.batches import BatchSettings
from genesys.settings.roles import RoleSettings
from genesys.sources import Opened, Source
from genesys.sources.files import open_files
from genesys.sources.opening import open_source
from genesys.teachers.casting import open_teacher

JOURNAL, SEGMENT = ".journal", "generate"
KEY_VARIABLE = "OPENAI_API_KEY"


class DataOptions(Group):
    """Which tasks."""

    path: Texts = Field((), description="hub ids, or .jsonl and .parquet files, folders, globs; one or several")
    ratio: Numbers = Field(
        (), description="each source's share, as many as paths; the mix ends with the source that is used up first"
    )
    max_samples: int | None = Field(None, ge=1, description="tasks at most")
    num_responses_per_question: int = Field(1, ge=1, description="responses to each task, each with a seed of its own")
    batch_size: int | None = Field(
        None,
        ge=1,
        description="tasks in flight at most; there are no batches, the next one starts when one ends. By default "
        "--concurrency alone decides",
    )
    shuffle: bool = Field(
        False,
        description=f"by --seed: local files wholly, a hub stream within a window of {SHUFFLE_WINDOW:,} rows",
    )
    split: str = Field("train", description="of hub data sets")
    config: str | None = Field(None, description="of hub data sets")
    revision: str | None = Field(None, description="of hub data sets; by default the newest")

    @model_validator(mode="after")
    def _fit(self) -> DataOptions:
        if self.ratio and (len(self.ratio) != len(self.path) or min(self.ratio) <= 0):
            raise ValueError(f"ratio takes a number above 0 for each of the {len(self.path)} paths")
        return self


def _with_switches(given: Any) -> Any:
    """What comes from the command line is text, and an engine's switch is no text."""
    return {name: {"true": True, "false": False}.get(value, value) for name, value in given.items()}


def _with_values(given: Any) -> Any:
    """What comes from the command line is text, and goes to the endpoint as JSON: a number, a switch, an object."""
    return {name: _value(value) for name, value in given.items()} if isinstance(given, dict) else given


def _value(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text


class GenerateOptions(Options):
    """Sample responses to tasks from a teacher: PATH_OUTPUT/OUT_FILE_PREFIX_<uuid>.jsonl, one response a line.

    The same command goes on where it was stopped, and finds its files. Options may stand in TOML: @ configs/debug.toml
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys generate")

    name_model: str = Field("", description="the teacher's name at its endpoint, or hub id or folder of its weights")
    base_url: Texts = Field(
        (),
        description="OpenAI-compatible endpoints of the model, one or several; by default OPENAI_BASE_URL, and without "
        "that a vLLM engine is started here",
    )
    api_key_env: str = Field(KEY_VARIABLE, description="environment variable that holds the endpoint's key")
    teacher_id: str = Field(
        "", description="names weights and quantization; by default the model's name. Answers are known by it"
    )
    concurrency: int = Field(64, ge=1, description="calls at once at each endpoint at most")
    attempts: int = Field(8, ge=1, description="of one call, before its row is errored")
    patience: float = Field(300.0, ge=0, description="seconds that calls wait while no endpoint answers at all")
    batch: bool = Field(False, description="ask through the endpoint's Batch API: half the price, within a day")
    batch_options: dict[str, str] = Field({}, description="of batches, as requests=1000; docs/teachers.md lists them")
    num_gpus: int = Field(1, ge=0, description="for a vLLM engine started here: over how many GPUs; 0: the CPU")
    tensor_parallel: int = Field(0, ge=0, description="of its GPUs; 0: what the two below leave")
    pipeline_parallel: int = Field(1, ge=1, description="of its GPUs")
    data_parallel: int = Field(1, ge=1, description="of its GPUs")
    engine_args: Annotated[dict[str, JsonValue], BeforeValidator(_with_switches)] = Field(
        {}, description="for a vLLM engine started here: any option of it, as max_model_len=8192"
    )
    start_timeout: float = Field(1800.0, gt=0, description="seconds that such an engine may take to load the model")
    idle_stop: float = Field(
        300.0, ge=0, description="seconds that it then waits for the next command of these options; 0: it ends at once"
    )
    temperature: Numbers = Field((0.6,), description="one, or several that a task's responses take in turn")
    top_p: float = Field(0.95, gt=0, le=1)
    max_tokens: int = Field(16384, ge=1, description="of one response, its thinking included")
    sampling: Annotated[dict[str, Any], BeforeValidator(_with_values)] = Field(
        {}, description="what else the endpoint takes, as reasoning_effort=high or top_k=20"
    )
    system_prompt: str = Field("", description="said before each task")
    prefill: str = Field("", description="what each response begins with: the teacher goes on from there")
    continue_cut: int = Field(
        0, ge=0, le=50, description="a response that --max_tokens cut is continued so many times at most"
    )
    seed: int = Field(0, description="each response's own seed is derived from it, and --data.shuffle")
    sample_per_file: int = Field(10_000, ge=1, description="responses in a file")
    path_output: Path = Field(Path("output"), description="folder for the files")
    out_file_prefix: str = "out"
    journal: str = Field("", description=f"where finished calls are kept; by default PATH_OUTPUT/{JOURNAL}")
    verifiers: Texts = Field((), description=f"{VERIFIERS_HELP}: their task types are then known")
    data: DataOptions = DataOptions()


def main(argv: list[str]) -> int:
    """Sample responses to tasks from a teacher.

    Raises:
        GenesysError: Options that do not fit, a source or an endpoint that is not there.
    """
    options = parse(GenerateOptions, argv)
    _check(options)
    for module in options.verifiers:
        import_verifiers(module)
    with Journal(_journal(options)) as journal:
        return asyncio.run(_run(options, journal))


def _journal(options: GenerateOptions) -> str | Path:
    return options.journal or options.path_output / JOURNAL


def _check(options: GenerateOptions) -> None:
    if not options.name_model:
        raise GenesysError("give --name_model, the teacher")
    if not options.data.path:
        raise GenesysError("give --data.path, the tasks: a hub id as PrimeIntellect/verifiable-math, or a file")
    if "/" in options.out_file_prefix:
        raise GenesysError("--out_file_prefix is the beginning of a file's name; give the folder as --path_output")
    if any(re.match(r"\w+:/", str(place)) for place in (options.path_output, options.journal)):
        raise GenesysError("--path_output and --journal take folders of this machine")
    if any(urlsplit(url).password for url in options.base_url):
        raise GenesysError("--base_url holds a password, which would be written down; name its variable: --api_key_env")
    if options.api_key_env != KEY_VARIABLE and options.api_key_env not in os.environ:
        raise GenesysError(f"--api_key_env names {options.api_key_env}, which is not set")
    try:
        _teacher(options)
    except ValidationError as error:
        raise GenesysError(describe_validation(error)) from None


async def _run(options: GenerateOptions, journal: Journal) -> int:
    plan = _plan(options)
    total = plan.tasks.count()
    asked = f"{total:,} tasks" if total is not None else "tasks"
    print(f"{asked} x {plan.samples} responses of {plan.teacher_id}, seed {plan.seed}, into {plan.folder}/")
    began = time.monotonic()
    rows = None if total is None else total * plan.samples
    monitor = monitor_of("generate", str(plan.folder), "generations", rows)
    progress = monitor.progress()
    window = options.data.batch_size and options.data.batch_size * plan.samples
    before = FilesBefore(plan)
    is_done = before.are_all()
    if not is_done:
        _look(plan)
    async with AsyncExitStack() as stack:
        # An engine that takes minutes to load is not started for nothing.
        roles = Roles() if is_done else Roles(teacher=await _open_teacher(options, stack))
        monitor.ask(roles)
        trouble = partial(endpoint_trouble, roles.teacher)
        stack.enter_context(shown(monitor, "responses", _journal(options), trouble=trouble))
        sealed = await generate(plan, before, journal.segment(SEGMENT), roles, progress, window=window)
    _tell(sealed, options, plan, progress, time.monotonic() - began)
    return ROWS_ERRORED if sealed.counts.errored else DONE


def _look(plan: Plan) -> None:
    """Say before any call is made what no verifier could judge; stop where that is all of it."""
    look = look_at(plan.tasks)
    look.check()
    for line in look.warnings():
        print(f"Look: {printable(line)}", file=sys.stderr, flush=True)


def _opened(options: GenerateOptions, source: Source) -> Opened:
    """A source, without the files of this very command where they lie in a folder of tasks."""
    opened = open_source(source)
    if Path(source.path).is_file():
        return opened
    names = own_files(options.path_output, options.out_file_prefix)
    own = {path.absolute() for path in names} & {path.absolute() for path in opened.files}
    if not own:
        return opened
    print(f"{source.path}: {len(own)} files left out, which this command wrote itself", file=sys.stderr)
    kept = [path for path in opened.files if path.absolute() not in own]
    if not kept:
        raise GenesysError(f"{source.path} holds nothing but files that this command wrote; give the tasks' files")
    return open_files(source, kept)


def _plan(options: GenerateOptions) -> Plan:
    data = options.data
    sources = [Source(path=path, split=data.split, config=data.config, revision=data.revision) for path in data.path]
    tasks = TaskList(
        opened=tuple(_opened(options, source) for source in sources),
        ratio=data.ratio,
        shuffle=data.shuffle,
        seed=options.seed,
        limit=data.max_samples,
    )
    tasks.check_columns()
    return Plan(
        tasks=tasks,
        samples=data.num_responses_per_question,
        teacher_id=options.teacher_id or options.name_model,
        model=options.name_model,
        sampling=Sampling(
            **{
                **options.sampling,
                "temperature": options.temperature[0] if len(options.temperature) == 1 else options.temperature,
                "top_p": options.top_p,
                "max_tokens": options.max_tokens,
            }
        ),
        seed=options.seed,
        folder=options.path_output,
        prefix=options.out_file_prefix,
        rows_per_file=options.sample_per_file,
        system_prompt=options.system_prompt,
        prefill=options.prefill,
        continue_cut=options.continue_cut,
    )


async def _open_teacher(options: GenerateOptions, stack: AsyncExitStack) -> Teacher:
    # Not read from the environment: this command's settings are its options. The folder is for a shared engine.
    settings = Settings.model_construct(state=str(_state(options)), folder=".")
    return await open_teacher(settings, _teacher(options), stack)


def _state(options: GenerateOptions) -> Path:
    return options.path_output / JOURNAL


def _teacher(options: GenerateOptions) -> RoleSettings:
    urls = options.base_url or tuple(filter(None, [os.environ.get("OPENAI_BASE_URL")]))
    if options.batch and not urls:
        raise GenesysError("--batch needs an endpoint: give --base_url, or OPENAI_BASE_URL in the environment")
    return RoleSettings(
        kind="openai" if urls else "vllm",
        batch=_batch_settings(options),
        model=options.name_model,
        id=options.teacher_id,
        base_urls=urls,
        api_key_env=options.api_key_env,
        concurrency=options.concurrency,
        attempts=options.attempts,
        patience=options.patience,
        num_gpus=options.num_gpus,
        tensor_parallel=options.tensor_parallel,
        pipeline_parallel=options.pipeline_parallel,
        data_parallel=options.data_parallel,
        engine_args=options.engine_args,
        start_timeout=options.start_timeout,
        idle_stop=options.idle_stop,
    )


def _batch_settings(options: GenerateOptions) -> BatchSettings | None:
    try:
        return BatchSettings.model_validate(options.batch_options) if options.batch else None
    except ValidationError as error:
        raise GenesysError(f"--batch_options {describe_validation(error)}") from None


def _tell(sealed: Sealed, options: GenerateOptions, plan: Plan, progress: Progress, seconds: float) -> None:
    counts, stats = sealed.counts, progress.stats
    print(f"{counts.accepted:,} responses in {len(sealed.files)} files, {seconds:.1f} s")
    for line in counts.lines():
        print(line)
    if sealed.kept:
        print(f"  {sealed.kept} of the files were whole before")
    print(f"  {stats.made:,} calls made, {stats.replayed:,} answered from the journal")
    print(f"  {stats.prompt_tokens:,} prompt tokens, {stats.completion_tokens:,} completion tokens")
    if others := plan.other_files(sealed.files):
        print(f"  {len(others)} other files of this prefix in {plan.folder}/ belong to other commands or data")
    if stats.made and options.idle_stop and _teacher(options).kind == "vllm":
        list_it = f"genesys engines --state {_state(options)}"
        print(f"  the engine waits {options.idle_stop:.0f} s for a next command: {list_it}")
    for file in sealed.files[:5]:
        print(f"  {file}")
    if len(sealed.files) > 5:
        print(f"  ... {len(sealed.files) - 5} more")
    if counts.errored:
        print("Some rows errored; the same command tries them again (broken rows stay so until they are mended).")
        if (command := how_to_see_more(counts, _journal(options), SEGMENT)) is not None:
            print(f"All that failed: {command}")
    elif sealed.files:
        print(f"Next: genesys verify --file {sealed.files[0]}")
