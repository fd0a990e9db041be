"""All settings, typed: ``genesys.toml``, overridden by the environment (``GENESYS__TEACHER__MODEL=...``).

Secrets never stand in the file: a setting names the environment variable that holds one. What the settings mean stands
with the classes that they make; ``genesys.stores`` and ``genesys.teachers.casting`` make them.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from genesys.choices import MOST_SAMPLES, TEACHER, Acceptance, PlanLine, Sampling
from genesys.faults import GenesysError
from genesys.hashing import digest
from genesys.schemas import describe_validation
from genesys.settings.benchmarks import BenchmarkSettings
from genesys.settings.landing import with_place
from genesys.settings.lane_order import lanes_in_order
from genesys.settings.prices import Prices
from genesys.settings.release import ReleaseSettings
from genesys.settings.roles import RoleSettings
from genesys.settings.sections import Place, Strict
from genesys.sources import LANDING, OF_GIT, Source
from genesys.storage import local_path

DEMO = Path(__file__).parents[1] / "demo"
FILE_NAME = "genesys.toml"
DEMO_NAME = "demo"
"""Names the demo's settings, wherever the name of a settings file is taken."""


class StorageSettings(Strict):
    """Where tables stand."""

    root: Place = "{state}/lake"
    """Folder or URL, as in ``s3://bucket/lake``."""
    storage_options: dict[str, Any] = Field(default_factory=dict)
    """fsspec options such as ``{client_kwargs = {endpoint_url = "..."}}``; credentials come from the environment."""


class JournalSettings(Strict):
    """Where finished calls stand."""

    root: Place = "{state}/journal"
    cache: str = "{state}/journal-cache"
    """Local log of a journal on object storage."""
    window: float = Field(default=10.0, gt=0)
    """Seconds between uploads: what a lost machine can lose."""
    storage_options: dict[str, Any] = Field(default_factory=dict)


class SandboxSettings(Strict):
    """Where untrusted programs run, and how much of the machine they may take."""

    isolation: Literal["docker", "process", "any"] = "docker"
    """``docker``: a container of our image. ``process``: a plain process of this machine with limits, for programs
    that are trusted, as the bundled demo's are. ``any``, for such programs too: containers where an engine has the
    image already, else processes. Every verdict says which it was."""
    docker_host: str = ""
    """Address of the Docker engine, as in ``tcp://host:2375``; by default what the environment says (DOCKER_HOST, with
    DOCKER_TLS_VERIFY and DOCKER_CERT_PATH), else the local engine's."""
    image: str = ""
    """An image that stands at the engine already; by default our own, built when it is first used."""
    base_image: str = "debian:trixie-slim"
    """What our own image is built from."""
    build_network: str = "default"
    """Network of the build, as ``docker build --network`` takes it: ``host`` where the default one reaches nothing."""
    slots: int = Field(default=0, ge=0, le=1024)
    """Programs at once; 0: one for each core of the machine."""
    memory_mb: int = Field(default=2048, ge=256)
    """Mebibytes of memory that one container may take: no program gets more, whatever its task says."""
    jobs_per_container: int = Field(default=500, ge=1)
    """After so many jobs a container is replaced."""


class JudgingSettings(Strict):
    """How judges come to a verdict; ``[judge]`` is the first of them. docs/judging.md gives the reasons."""

    judges: tuple[RoleSettings, ...] = ()
    """Further judges, each a section ``[[judging.judges]]`` like ``[judge]``."""
    tie_breaker: RoleSettings = RoleSettings()
    """Asked only where the judges do not settle it."""
    votes: int = Field(default=2, ge=1, le=20)
    """Of each judge on a response, in turn in the orders below; 1 halves the cost."""
    orders: Literal["both", "gold-first", "response-first"] = "both"
    """What a judge reads first: ``both`` in turn, so that neither place wins."""
    aggregate: Literal["median", "mean"] = "median"
    quorum: int = Field(default=0, ge=0)
    """So many judges have to be on one side of the least accepted score; 0: more than half of them."""
    tolerance: float = Field(default=0.25, ge=0, le=1)
    """Votes further apart than this do not settle a score."""
    further_rounds: int = Field(default=1, ge=0, le=5)
    """Where the votes settle nothing and there is no tie-breaker: so often everybody votes again."""
    same_family: bool = False
    """Let a judge judge responses of its own model family."""
    temperature: float = Field(default=0.0, ge=0)
    """Of the first vote in each order; later ones are sampled at 0.7 at least."""
    max_tokens: int = Field(default=8192, ge=64)
    """Of a judge's answer, its thinking included."""
    max_chars: int = Field(default=60_000, ge=1000)
    """Of the response, and as many each of gold and task; what is longer loses its middle, and the judge is told."""
    after_rules: tuple[str, ...] = ()
    """Task types whose rejected responses are put before the judges too. Read docs/judging.md before."""
    sample: int = Field(default=4, ge=1, le=100)
    """Tasks of a shard whose gold, and another task's gold, the asset check puts before the judges."""


class DisputeSettings(Strict):
    """When the gold of a task is held for disputed; docs/disputes.md gives the reasons for the numbers."""

    votes: int = Field(default=4, ge=2)
    """At least so many responses give the same answer, and it is not the gold's."""
    share: float = Field(default=0.75, gt=0.5, le=1)
    """They are at least this share of all responses that give an answer."""
    warn_above: float = Field(default=0.05, ge=0, le=1)
    """The share of disputed tasks above which the asset check warns: then look at the source first."""


class BudgetSettings(Strict):
    """What may be spent at most, of all that was ever spent on this state. docs/teachers.md says how exactly."""

    max_cost: float | None = Field(default=None, gt=0)
    """In the currency of the prices."""
    max_tokens: int | None = Field(default=None, gt=0)
    """Asked and answered together."""

    @property
    def is_set(self) -> bool:
        """Whether there is a cap."""
        return self.max_cost is not None or self.max_tokens is not None


class LaneSettings(Strict):
    """One lane."""

    sources: tuple[Source, ...] = ()
    shard_size: int = Field(default=512, ge=1, le=2048)
    languages: tuple[str, ...] = ()
    """Programming languages, of those that the lane has; by default all of them."""


class Settings(BaseSettings):
    """Everything that a person can set."""

    model_config = SettingsConfigDict(
        env_prefix="GENESYS__", env_nested_delimiter="__", extra="forbid", frozen=True, protected_namespaces=()
    )

    state: str = "state"
    """Folder for what has no other place; ``{state}`` in other settings stands for it."""
    lake: StorageSettings = StorageSettings()
    journal: JournalSettings = JournalSettings()
    curator: RoleSettings = RoleSettings()
    teacher: RoleSettings = RoleSettings()
    teachers: dict[str, RoleSettings] = Field(default_factory=dict)
    """Further teachers, each a section ``[teachers.NAME]`` like ``[teacher]``, for the plan to name."""
    judge: RoleSettings = RoleSettings()
    judging: JudgingSettings = JudgingSettings()
    sampling: Sampling = Sampling()
    samples: int = Field(default=4, ge=1, le=MOST_SAMPLES)
    """Responses per task."""
    seed: int = 0
    plan: tuple[PlanLine, ...] = ()
    """Sections ``[[plan]]``; by default one line: the teacher, ``[sampling]``, ``samples``, ``seed``."""
    acceptance: Acceptance = Acceptance()
    sandbox: SandboxSettings = SandboxSettings()
    disputes: DisputeSettings = DisputeSettings()
    budget: BudgetSettings = BudgetSettings()
    benchmarks: BenchmarkSettings = BenchmarkSettings()
    release: ReleaseSettings = ReleaseSettings()
    lanes: dict[str, LaneSettings] = Field(default_factory=dict)
    folder: str = "."
    """Folder of the settings file: relative paths count from here. Set when the file is read."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes before the file, whose values come in as arguments."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _landing_has_its_place(self) -> Settings:
        if LANDING in self.lanes:
            self.lanes[LANDING] = with_place(self.lanes[LANDING])
        return self

    @model_validator(mode="after")
    def _lanes_can_be_ordered(self) -> Settings:
        lanes_in_order({name: lane.sources for name, lane in self.lanes.items()})
        return self

    @model_validator(mode="after")
    def _plan_can_be_followed(self) -> Settings:
        if TEACHER in self.teachers:
            raise ValueError(f"[teachers.{TEACHER}]: this is the name of [{TEACHER}]; give it another")
        for number, line in enumerate(self.plan, 1):
            if line.teacher != TEACHER and line.teacher not in self.teachers:
                known = ", ".join([TEACHER, *self.teachers])
                raise ValueError(f"[[plan]] {number}: there is no [teachers.{line.teacher}]; there are {known}")
            Sampling(**{**self.sampling.model_dump(), **line.sampling})
        self._fail_if_drawn_twice()
        return self

    def _fail_if_drawn_twice(self) -> None:
        """Two lines that differ in none of what makes the draw would give the same responses, each of them twice."""
        seen: dict[str, int] = {}
        for number, line in enumerate(self.planned, 1):
            drawn = line.model_dump(exclude={"teacher", "samples", "continue_cut"})
            drawn["teacher_id"] = self.teacher_named(line.teacher).teacher_id
            if (before := seen.setdefault(digest(drawn), number)) != number:
                raise ValueError(
                    f"[[plan]] {number} draws the same responses as {before}: give it another seed, sampling or "
                    "teacher id, or let one line have the samples of both"
                )

    @model_validator(mode="after")
    def _cap_has_prices(self) -> Settings:
        try:
            prices = self.prices
        except GenesysError as error:
            raise ValueError(str(error)) from None
        without = [f"[{n}]" for n, role in self.cast.items() if role.is_paid and role.teacher_id not in prices.roles]
        if self.budget.max_cost is not None and without:
            raise ValueError(
                f"[budget] max_cost cannot be kept without prices: give {', '.join(without)} "
                "price_per_million_prompt_tokens and price_per_million_completion_tokens, or price_per_hour (0 if it "
                "is free), or give max_tokens in place of max_cost"
            )
        return self

    @property
    def lane_order(self) -> list[str]:
        """The lanes, each after those whose tasks it reads."""
        return lanes_in_order({name: lane.sources for name, lane in self.lanes.items()})

    @property
    def cast(self) -> dict[str, RoleSettings]:
        """All who are set up to be asked, by the names of their sections."""
        sections = {"curator": self.curator, TEACHER: self.teacher, "judge": self.judge}
        sections |= {f"teachers.{name}": role for name, role in self.teachers.items()}
        sections |= {f"judging.judges {number}": role for number, role in enumerate(self.judging.judges, 1)}
        sections["judging.tie_breaker"] = self.judging.tie_breaker
        return {name: role for name, role in sections.items() if role.kind != "none"}

    @property
    def prices(self) -> Prices:
        """What each of them costs.

        Raises:
            GenesysError: Two sections give one teacher_id different prices; settings that were read have none such.
        """
        return Prices.of(self.cast)

    @property
    def planned(self) -> tuple[PlanLine, ...]:
        """The sampling plan with its defaults filled in: ``samples``, ``seed`` and all of ``sampling`` are there."""
        filled = {"samples": self.samples, "seed": self.seed}
        return tuple(
            line.model_copy(
                update={name: value for name, value in filled.items() if getattr(line, name) is None}
                | {"sampling": Sampling(**{**self.sampling.model_dump(), **line.sampling}).model_dump()}
            )
            for line in self.plan or (PlanLine(),)
        )

    def teacher_named(self, name: str) -> RoleSettings:
        """The teacher that a line of the plan names."""
        return self.teacher if name == TEACHER else self.teachers[name]

    @property
    def judges(self) -> dict[str, RoleSettings]:
        """All judges that are set up, by the name of their role: ``judge``, ``judge-2``, ..., ``tie-breaker``."""
        named = {"judge": self.judge}
        named |= {f"judge-{number}": role for number, role in enumerate(self.judging.judges, 2)}
        named["tie-breaker"] = self.judging.tie_breaker
        return {name: role for name, role in named.items() if role.kind != "none"}

    def path(self, value: str) -> str:
        """A setting that names a place, with its marks filled in and a relative path made absolute; URLs stay."""
        filled = value.replace("{demo}", str(DEMO)).replace("{state}", self.state)
        local = local_path(filled)
        return filled if local is None else str((Path(self.folder) / local).absolute())

    def source(self, source: Source) -> Source:
        """A source whose local path was made absolute; a hub id stays."""
        if source.lane is not None:
            return source
        filled = source.path.replace("{demo}", str(DEMO))
        if "{state}" in filled or source.landing:
            return source.model_copy(update={"path": self.path(filled), "name": source.label})
        if filled.startswith(OF_GIT):
            place = (Path(self.folder) / Path(filled.removeprefix(OF_GIT)).expanduser()).absolute()
            return source.model_copy(update={"path": f"{OF_GIT}{place}", "name": source.label})
        here = Path(self.folder) / filled
        is_local = here.exists() or any(mark in filled for mark in "*?[") or filled.endswith((".jsonl", ".parquet"))
        return source.model_copy(update={"path": str(here.absolute()) if is_local else filled, "name": source.label})


def nothing_is_set_up() -> bool:
    """Whether nobody chose any settings here, so that the demo's are taken."""
    return not os.environ.get("GENESYS_CONFIG") and not Path(FILE_NAME).is_file()


def load_settings(path: str | Path | None = None, **overrides: Any) -> Settings:
    """Settings of a file.

    Args:
        path: The file, or ``demo`` for the demo's settings, whose state counts from here; by default what
            GENESYS_CONFIG names, else ``genesys.toml`` here, else the demo's, of which ``[sandbox]`` is left out.
        overrides: Top-level settings that go before the file.

    Raises:
        GenesysError: Names the file, the setting and what is wrong with it.
    """
    chosen = Path(path or os.environ.get("GENESYS_CONFIG") or FILE_NAME)
    is_fallback = path is None and nothing_is_set_up()
    if is_fallback or str(chosen) == DEMO_NAME:
        chosen, folder = DEMO / FILE_NAME, Path.cwd()
    else:
        folder = chosen.absolute().parent
    try:
        values = tomllib.loads(chosen.read_text("utf-8"))
        if is_fallback:
            # The demo does without containers since it knows its own programs. Whoever set up nothing, and has a file
            # of a model's programs verified, has not chosen that.
            values.pop("sandbox", None)
        return Settings(**{"folder": str(folder), **values, **overrides})
    except OSError as error:
        raise GenesysError(f"{chosen}: {error.strerror}. `genesys init` writes one to start from.") from None
    except tomllib.TOMLDecodeError as error:
        raise GenesysError(f"{chosen}: not TOML: {error}") from None
    except ValidationError as error:
        raise GenesysError(f"{chosen} (or the environment): {describe_validation(error)}") from None
