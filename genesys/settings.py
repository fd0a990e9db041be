"""All settings, typed: ``genesys.toml``, overridden by the environment (``GENESYS__TEACHER__MODEL=...``).

Secrets never stand in the file: a setting names the environment variable that holds one. What the settings mean stands
with the classes that they make; ``genesys.stores`` and ``genesys.teachers.casting`` make them.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from genesys.choices import Acceptance, Sampling
from genesys.faults import GenesysError
from genesys.schemas import describe_validation
from genesys.sources import Source
from genesys.storage import local_path

Kind = Literal["none", "openai", "vllm", "recorded"]
"""Who can play a role. A further kind is a word here, a line in ``_NEEDED`` and a case of ``teachers.casting``."""
_NEEDED: dict[Kind, tuple[str, ...]] = {
    "none": (),
    "openai": ("model",),
    "vllm": ("model",),
    "recorded": ("journal", "id"),
}
DEMO = Path(__file__).parent / "demo"
FILE_NAME = "genesys.toml"
DEMO_NAME = "demo"
"""Names the demo's settings, wherever the name of a settings file is taken."""


class Strict(BaseModel):
    """A section in which an unknown name is an error, since it is a misspelt one."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


def _without_secret(root: str) -> str:
    """A place whose name holds no password: it is shown in logs, tables and the UI."""
    parts = urlsplit(root)
    if parts.password or (parts.username and "://" in root):
        raise ValueError(
            f"{parts.scheme}://{parts.hostname or ''} is named with a name or a password: give them in the environment"
        )
    return root


Place = Annotated[str, AfterValidator(_without_secret)]
"""A folder or an fsspec URL, without credentials."""


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


class RoleSettings(Strict):
    """Who plays one of the roles curator, teacher and judge."""

    kind: Kind = "none"
    model: str = ""
    id: str = ""
    """Names weights and quantization in every call's key; by default the model's name."""
    base_urls: tuple[str, ...] = ()
    """For ``openai``; by default OPENAI_BASE_URL."""
    api_key_env: str = "OPENAI_API_KEY"
    """The environment variable that holds the key."""
    concurrency: int = Field(default=64, ge=1)
    """Calls at once at each endpoint at most."""
    stream: bool = True
    structured: bool = True
    """Whether the endpoint takes a JSON schema for answers (``response_format``)."""
    family: str = ""
    """The model's family, as in ``qwen``; by default told from its name. A judge is not to be of the teacher's."""
    timeout: float = Field(default=3600.0, gt=0)
    idle_timeout: float = Field(default=300.0, gt=0)
    attempts: int = Field(default=8, ge=1)
    patience: float = Field(default=300.0, ge=0)
    journal: str = ""
    """For ``recorded``: the journal that holds the answers."""
    num_gpus: int = Field(default=1, ge=0)
    """For ``vllm``: the tensor-parallel size."""
    engine_args: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """For ``vllm``: any option of the engine."""
    price_per_million_prompt_tokens: float = Field(default=0.0, ge=0)
    price_per_million_completion_tokens: float = Field(default=0.0, ge=0)

    @property
    def teacher_id(self) -> str:
        """The id in every call's key."""
        return self.id or self.model

    def cost(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Price of these tokens, in the currency that the prices are in."""
        return (
            prompt_tokens * self.price_per_million_prompt_tokens
            + completion_tokens * self.price_per_million_completion_tokens
        ) / 1e6

    @model_validator(mode="after")
    def _complete(self) -> RoleSettings:
        given = {"model": self.model, "journal": self.journal, "id": self.teacher_id}
        if not all(given[name] for name in _NEEDED[self.kind]):
            raise ValueError(f"a role of kind {self.kind} needs {' and '.join(f'`{n}`' for n in _NEEDED[self.kind])}")
        return self


class SandboxSettings(Strict):
    """Where untrusted programs run, and how much of the machine they may take."""

    isolation: Literal["docker", "process"] = "docker"
    """``docker``: a container of our image. ``process``: a plain process of this machine with limits, for programs
    that are trusted, as the bundled demo's are; every verdict says which it was."""
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


class LaneSettings(Strict):
    """One lane."""

    sources: tuple[Source, ...] = ()
    shard_size: int = Field(default=512, ge=1, le=2048)


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
    judge: RoleSettings = RoleSettings()
    judging: JudgingSettings = JudgingSettings()
    sampling: Sampling = Sampling()
    samples: int = Field(default=4, ge=1, le=500)
    """Responses per task."""
    seed: int = 0
    acceptance: Acceptance = Acceptance()
    sandbox: SandboxSettings = SandboxSettings()
    disputes: DisputeSettings = DisputeSettings()
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
        filled = source.path.replace("{demo}", str(DEMO))
        here = Path(self.folder) / filled
        is_local = here.exists() or any(mark in filled for mark in "*?[") or filled.endswith((".jsonl", ".parquet"))
        return source.model_copy(update={"path": str(here.absolute()) if is_local else filled, "name": source.label})


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
    is_fallback = path is None and not os.environ.get("GENESYS_CONFIG") and not chosen.is_file()
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
