"""Who plays a role: the section ``[curator]``, ``[teacher]`` or ``[judge]`` of the settings.

``genesys.teachers.casting`` makes a teacher of it.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue, model_validator

from genesys.calls.usage import BATCH, RECORDED, Usage
from genesys.settings.batches import Batch
from genesys.settings.endpoints import EndpointSettings
from genesys.settings.engines import check_options, parallel_sizes
from genesys.settings.sections import Place, Strict

Kind = Literal["none", "openai", "vllm", "recorded"]
"""Who can play a role. A further kind is a word here, a line in ``_NEEDED`` and a case of ``teachers.casting``."""
GoesOnBy = Literal["continue_final_message", "prefix", "nothing"]
_NEEDED: dict[Kind, tuple[str, ...]] = {
    "none": (),
    "openai": ("model",),
    "vllm": ("model",),
    "recorded": ("journal", "id"),
}


class RoleSettings(Strict):
    """Who plays one of the roles curator, teacher and judge."""

    kind: Kind = "none"
    model: str = ""
    id: str = ""
    """Names weights and quantization in every call's key; by default the model's name."""
    base_urls: tuple[str, ...] = ()
    """For ``openai``; by default OPENAI_BASE_URL."""
    endpoints: tuple[EndpointSettings, ...] = ()
    """For ``openai``: further ones with settings of their own, each a section ``[[teacher.endpoints]]``."""
    fleet: Place = ""
    """For ``openai``: a file or URL that lists further ones, read again and again: they may join and leave."""
    api_key_env: str = "OPENAI_API_KEY"
    """The environment variable that holds the key."""
    concurrency: int = Field(default=64, ge=1)
    """Calls at once at each endpoint at most."""
    requests_per_minute: float | None = Field(default=None, gt=0)
    """At each endpoint, all processes of this machine together; without it there is no limit, as for tokens."""
    tokens_per_minute: float | None = Field(default=None, gt=0)
    hedge: bool | None = None
    """Whether a call that is late at the end of a run is made a second time on a free endpoint, and the first answer
    wins. By default only where it costs nothing, that is, where no price is set."""
    stream: bool = True
    goes_on_by: GoesOnBy = "continue_final_message"
    """How the endpoint is told to go on from a text (``prefill``, ``continue_cut``): ``continue_final_message`` as vLLM
    and SGLang take it, ``prefix`` as DeepSeek and Mistral, ``nothing`` where a last message of its own is enough."""
    structured: bool = True
    """Whether the endpoint takes a JSON schema for answers (``response_format``)."""
    family: str = ""
    """The model's family, as in ``qwen``; by default told from its name. A judge is not to be of the teacher's."""
    timeout: float = Field(default=3600.0, gt=0)
    idle_timeout: float = Field(default=300.0, gt=0)
    attempts: int = Field(default=8, ge=1)
    patience: float = Field(default=300.0, ge=0)
    batch: Batch = None
    """For ``openai``: ask through the provider's Batch API, at half the price and within a day."""
    journal: str = ""
    """For ``recorded``: the journal that holds the answers."""
    num_gpus: int = Field(default=1, ge=0)
    """For ``vllm``: over how many GPUs the engine is spread; 0 on a machine without one."""
    tensor_parallel: int = Field(default=0, ge=0)
    """For ``vllm``: parts of each layer's weights; 0: what the two below leave of the GPUs."""
    pipeline_parallel: int = Field(default=1, ge=1)
    """For ``vllm``: groups of layers, one after the other."""
    data_parallel: int = Field(default=1, ge=1)
    """For ``vllm``: copies of the model that share the requests."""
    engine_args: dict[str, JsonValue] = Field(default_factory=dict)
    """For ``vllm``: any option of the engine; a table is given on as JSON."""
    start_timeout: float = Field(default=1800.0, gt=0)
    """For ``vllm``: seconds that loading the model may take."""
    idle_stop: float = Field(default=300.0, ge=0)
    """For ``vllm``: seconds after the last run that used it in which the engine waits for a next one."""
    price_per_million_prompt_tokens: float | None = Field(default=None, ge=0)
    """Prices are in any one currency; 0 says that it is free, no price that nobody knows."""
    price_per_million_cached_tokens: float | None = Field(default=None, ge=0)
    """Of prompt tokens that the endpoint reports as read before; by default as the others."""
    price_per_million_completion_tokens: float | None = Field(default=None, ge=0)
    price_per_hour: float | None = Field(default=None, ge=0)
    """Of an engine of one's own, all its GPUs together, for each hour in which it has something to answer."""
    expected_completion_tokens: int = Field(default=0, ge=0)
    """Of one answer, for ``genesys forecast`` while nothing is measured; 0: not known."""

    @property
    def teacher_id(self) -> str:
        """The id in every call's key."""
        return self.id or self.model

    @property
    def calls_at_once(self) -> int:
        """Calls in flight at once at most. With batches every row waits, and rows are twice as many as this."""
        if self.batch:
            return -(-self.batch.rows // 2)
        named = len(self.base_urls) * self.concurrency
        named += sum(endpoint.concurrency or self.concurrency for endpoint in self.endpoints)
        return named or self.concurrency

    @property
    def hedged(self) -> bool:
        """Whether late calls are made a second time."""
        priced = self.price_per_million_prompt_tokens or self.price_per_million_completion_tokens
        return not priced if self.hedge is None else self.hedge

    @property
    def prices(self) -> tuple[float, float, float, float]:
        """For a million prompt tokens, cached ones, completion tokens, and an hour; 0 where none is named."""
        prompt = self.price_per_million_prompt_tokens or 0.0
        cached = self.price_per_million_cached_tokens
        completion = self.price_per_million_completion_tokens or 0.0
        return prompt, prompt if cached is None else cached, completion, self.price_per_hour or 0.0

    @property
    def is_paid(self) -> bool:
        """Whether answers of this kind cost anything at all."""
        return self.kind not in ("none", "recorded")

    @property
    def is_priced(self) -> bool:
        """Whether it is said what it costs, and be it nothing."""
        named = (
            self.price_per_million_prompt_tokens,
            self.price_per_million_completion_tokens,
            self.price_per_hour,
        )
        return any(price is not None for price in named)

    def cost(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Price of these tokens, in the currency that the prices are in."""
        prompt, _, completion, _ = self.prices
        return (prompt_tokens * prompt + completion_tokens * completion) / 1e6

    def cost_of(self, used: Usage, tier: str = "") -> float:
        """Price of what calls used, had at one of its tiers."""
        prompt, cached, completion, hour = self.prices
        tokens = (used.prompt_tokens - used.cached_tokens) * prompt + used.cached_tokens * cached
        tokens += used.completion_tokens * completion
        return (tokens / 1e6 + used.engine_seconds / 3600 * hour) * self.price_factor(tier)

    def price_factor(self, tier: str) -> float:
        """What a tier makes of the usual prices: a discount is a line here, and ``Completed.tier`` says who had it."""
        if tier == BATCH and self.batch:
            return 1.0 - self.batch.discount
        return 0.0 if tier == RECORDED else 1.0

    @model_validator(mode="after")
    def _complete(self) -> RoleSettings:
        given = {"model": self.model, "journal": self.journal, "id": self.teacher_id}
        if not all(given[name] for name in _NEEDED[self.kind]):
            raise ValueError(f"a role of kind {self.kind} needs {' and '.join(f'`{n}`' for n in _NEEDED[self.kind])}")
        if self.batch and self.kind != "openai":
            raise ValueError(f"`batch` is for a role of kind openai; this one is of kind {self.kind}")
        if self.batch and (len(self.base_urls) > 1 or self.endpoints or self.fleet):
            raise ValueError("`batch` goes to one provider: give one of `base_urls`, no `endpoints` and no `fleet`")
        if self.kind not in ("openai", "none") and (self.endpoints or self.fleet):
            raise ValueError(f"`endpoints` and `fleet` are for a role of kind openai; this one is of kind {self.kind}")
        if self.kind == "vllm":
            check_options(self.engine_args)
            parallel_sizes(
                self.num_gpus, tensor=self.tensor_parallel, pipeline=self.pipeline_parallel, data=self.data_parallel
            )
        return self
