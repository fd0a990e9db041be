"""What the fault-injecting endpoint does, as data: every field can be changed while it runs."""

from __future__ import annotations

from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

Json = dict[str, Any]
Fault = Literal[
    "rate_limit",  # 429, Retry-After in seconds
    "rate_limit_date",  # 429, Retry-After as an HTTP date
    "error_500",
    "error_503",
    "hang",  # accepted, never answered
    "hang_mid_body",
    "cut",  # connection closed before the headers
    "reset",  # the same with RST instead of FIN
    "cut_mid_body",
    "early_end",  # ends cleanly half way: a stream without finish_reason and [DONE], else half of the JSON text
    "invalid_json",
    "empty_choices",
    "null_content",
    "error_in_200",  # an error object under status 200; in a stream after half of the answer
    "html",  # status 200 with a web page
    "drip",  # the right answer, spread over drip_seconds
]
BatchFlaw = Literal["missing", "doubled", "unreadable", "unknown", "429", "500"]
"""Of a line of a batch's answers."""
ALL_FAULTS: tuple[Fault, ...] = get_args(Fault)
CREATED = 1_700_000_000
CHARS_PER_TOKEN = 4


class Behaviour(BaseModel):
    """What the server does; every field can be changed at run time through POST /control."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    answers: dict[str, str] = Field({}, description="part of the last user message -> the content, verbatim")
    p_right: float = Field(0.5, ge=0, le=1, description="share of right answers where the prompt has [[gold:...]]")
    answer_chars: int = Field(400, ge=0, description="length of an answer, thinking included")
    length_spread: float = Field(0.0, ge=0, description="answers differ in length: log-normal, by this; 0: all alike")
    chars_per_second: float = Field(0.0, ge=0, description="an answer takes so long by its length, besides; 0: no time")
    reasoning: Literal["inline", "reasoning_content", "reasoning", "none"] = Field(
        "inline", description="where the thinking goes: <think> in the content, a field of its own, nowhere"
    )
    length_share: float = Field(0.0, ge=0, le=1, description="share of answers cut off with finish_reason length")
    models: list[str] = Field([], description="others are a 404; empty: any model is known")
    api_key: str | None = Field(None, description="others are a 401")
    context_tokens: int | None = Field(None, description="longer prompts are a 400 context_length_exceeded")
    latency_min: float = Field(0.0, ge=0, description="seconds")
    latency_max: float = Field(0.0, ge=0, description="seconds")
    latency_distribution: Literal["uniform", "lognormal"] = "uniform"
    stream_chunks: int = Field(8, ge=1, description="pieces a streamed answer comes in")
    faults: dict[Fault, float] = Field({}, description="fault -> probability")
    faults_on: bool = Field(True, description="false: no fault by chance, the probabilities are kept")
    fault_seed: int = 0
    max_faulty_attempts: int | None = Field(None, description="later attempts of a request meet no fault by chance")
    always_fail: Fault | None = Field("error_500", description="what a prompt with [[dead]] always gets")
    retry_after: float = Field(1.0, ge=0, description="seconds told with 429")
    drip_seconds: float = Field(30.0, ge=0)
    capacity: int | None = Field(None, description="more requests at once are a 429")
    batch_api: Literal["whole", "files", "none"] = Field("whole", description="how much of the Batch API there is")
    batch_seconds: float = Field(0.0, ge=0, description="that a batch takes")
    batch_hold: bool = Field(False, description="batches stay under way until this is taken back")
    batch_end: Literal["completed", "expired"] = "completed"
    batch_share: float = Field(
        0.5, ge=0, le=1, description="of a batch that is answered before it expires, is cancelled"
    )
    batch_error: str = Field("", description="code with which every batch fails before it begins")
    batch_bad_line: str = Field("\0", description="part of the messages of a line with which a batch fails")
    batch_room: int | None = Field(
        None, description="requests waiting in batches; one too many is token_limit_exceeded"
    )
    batch_flaws: dict[BatchFlaw, float] = Field({}, description="flaw of a line -> probability")
    batch_faults: dict[str, list[int]] = Field(
        {},
        description="route, as `POST batches` -> the statuses of its first requests; 0: fine, -1: done, then cut off",
    )
    batch_files_gone: bool = Field(False, description="the files of answers are a 404")
    dead: bool = Field(False, description="cuts every connection but those of /control and /stats")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.latency_max < self.latency_min:
            raise ValueError("latency_max is below latency_min")
        if any(p < 0 for p in self.faults.values()) or sum(self.faults.values()) > 1 + 1e-9:
            raise ValueError("faults: probabilities are not negative and sum to 1 at most")
        return self
