"""Any OpenAI-compatible endpoint through the official client. Faults are named here; retries follow from the names."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Sequence

import tenacity

from genesys.calls.limits import AdaptiveLimit
from genesys.calls.rates import rates_on_this_host
from genesys.calls.slots import slots_on_this_host
from genesys.chat import ChatAnswer, ChatRequest, Completed
from genesys.faults import InfrastructureFault
from genesys.settings.roles import GoesOnBy
from genesys.teachers.answers import is_refusal, read_stream, read_whole
from genesys.teachers.endpoint_spec import EndpointSpec
from genesys.teachers.endpoints import Endpoint, EndpointPool, EndpointView, Lease
from genesys.teachers.exchange import ApiKey, body_of, fault_of, is_time_out, open_client
from genesys.teachers.fleet_file import FleetFile
from genesys.teachers.hedging import Hedger, Hedging
from genesys.teachers.token_estimate import TokenEstimate

_PATH = "/chat/completions"

_PUT_OFF = 10
"""How many times the allowed attempts an endpoint may say "later"."""


class OpenAITeacher:
    """A model behind one or several OpenAI-compatible endpoints.

    Args:
        model: The model's name at the endpoint.
        base_urls: One or several, or endpoints with settings of their own; calls go to the least loaded that is up.
        teacher_id: Names weights and quantization in every call's key; by default the model's name.
        api_key: Sent as bearer token; never logged or kept.
        concurrency: Calls at once at each endpoint at most, all processes of this machine together; follows overload
            downwards by itself.
        goes_on_by: How the endpoint is told to go on from the beginning of an answer; see ``RoleSettings``.
        stream: Read answers as they are made, so that an endpoint that stops talking is noticed early.
        timeout: Seconds that one attempt may take in all.
        idle_timeout: Seconds without a byte of a stream after which an attempt is given up; bounds the first byte too.
        attempts: Attempts per call before it fails; not counting, up to ten times as many, those to which the endpoint
            says when to come again.
        patience: Seconds that calls wait while no endpoint answers, and that an endpoint may ask them to wait.
        longest_pause: Seconds between two attempts of one call at most, unless the endpoint asks for more.
        hedging: How calls that are late at the end are made a second time; None: they are not.
        affinity: Whether calls of a group go to one endpoint where that costs nothing.
    """

    def __init__(
        self,
        model: str,
        base_urls: Sequence[str | EndpointSpec],
        *,
        teacher_id: str | None = None,
        api_key: str | None = None,
        concurrency: int = 64,
        goes_on_by: GoesOnBy = "continue_final_message",
        stream: bool = True,
        timeout: float = 3600.0,
        idle_timeout: float = 300.0,
        attempts: int = 8,
        patience: float = 300.0,
        longest_pause: float = 60.0,
        hedging: Hedging | None = None,
        affinity: bool = True,
    ) -> None:
        """No connection is made yet.

        Raises:
            GenesysError: An URL may hold a secret, or the key can be none.
        """
        self.model, self.teacher_id = model, teacher_id or model
        self._goes_on_by = goes_on_by
        self._stream, self._timeout, self._idle_timeout = stream, timeout, idle_timeout
        self._attempts, self._longest_pause, self._patience = attempts, longest_pause, patience
        self._estimate = TokenEstimate()
        self._paced = False
        specs = [
            EndpointSpec(one, concurrency=concurrency, api_key=api_key) if isinstance(one, str) else one
            for one in base_urls
        ]
        self.pool = EndpointPool(
            [self._endpoint(spec) for spec in specs], patience=patience, affinity=affinity, on_gone=self._gone
        )
        self.hedger = Hedger(self.pool, hedging, stream=stream)
        self._fixed = frozenset(spec.url for spec in specs)
        self._fleet: dict[EndpointSpec, Endpoint] = {}
        self._following: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def concurrency(self) -> int:
        """Calls at once, all endpoints that are there now together."""
        return sum(endpoint.limit.maximum for endpoint in self.pool.endpoints)

    def _endpoint(self, spec: EndpointSpec) -> Endpoint:
        key, name = ApiKey(spec.api_key), f"endpoint {spec.url}"
        rates = rates_on_this_host(name, requests=spec.requests_per_minute, tokens=spec.tokens_per_minute)
        self._paced |= rates is not None
        return Endpoint(
            spec.url,
            [open_client(spec.url, key, min(self._idle_timeout, 30.0))],
            AdaptiveLimit(spec.concurrency),
            slots=slots_on_this_host(name, spec.concurrency),
            rates=rates,
            key=key,
            model=spec.model or self.model,
        )

    def use_fleet(self, specs: Sequence[EndpointSpec]) -> None:
        """Have these endpoints beside those that were given at first: new ones join, others leave.

        Raises:
            GenesysError: One of them cannot be used; nothing has changed then.
        """
        wanted = [spec for spec in specs if spec.url not in self._fixed]
        new = {spec: self._endpoint(spec) for spec in wanted if spec not in self._fleet}
        for spec in [spec for spec in self._fleet if spec not in wanted]:
            self.pool.remove(self._fleet.pop(spec))
        for spec, endpoint in new.items():
            self._fleet[spec] = endpoint
            self.pool.add(endpoint)

    async def follow(self, fleet: FleetFile) -> None:
        """Have the endpoints that a file lists, now and as it changes, until this is closed."""

        async def look() -> None:
            self.pool.why_empty = await fleet.look(self.use_fleet) or f"{fleet.place} lists none"

        async def look_again() -> None:
            while True:
                await asyncio.sleep(fleet.every)
                await look()

        await look()
        self._following = asyncio.create_task(look_again())

    def _gone(self, endpoint: Endpoint) -> None:
        """The last call of an endpoint that left has ended."""
        closing = asyncio.create_task(_close(endpoint))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def views(self) -> list[EndpointView]:
        """How each endpoint stands; what waits without a place is ``pool.waiting``."""
        return self.pool.views()

    async def complete(self, request: ChatRequest) -> Completed:
        """Answer, trying again what may go better next time.

        Raises:
            InfrastructureFault: After the last attempt, or at once where another attempt is useless.
        """
        started_at = time.monotonic()
        put_off = 0
        at: Endpoint | None = None
        tokens = self._estimate.of(request) if self._paced else 0.0

        async def once(lease: Lease) -> ChatAnswer:
            nonlocal at
            at = lease.endpoint
            return await self._attempt(lease, request)

        def pause(state: tenacity.RetryCallState) -> float:
            first_time = state.attempt_number - put_off <= 1
            if (first_time or _asked_pause(state) is not None) and self.pool.another_is_up(at, time.monotonic()):
                return random.uniform(0, 0.05)  # it goes there
            return self._pause(state)

        def enough(state: tenacity.RetryCallState) -> bool:
            nonlocal put_off
            put_off += _asked_pause(state) is not None
            return state.attempt_number - put_off >= self._attempts or put_off >= _PUT_OFF * self._attempts

        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(_worth_another_attempt), stop=enough, wait=pause, reraise=True
        )
        async for attempt in retrying:
            with attempt:
                answer, endpoint = await self.hedger.call(once, group=request.group, tokens=tokens, avoid=at)
        if self._paced:
            self._estimate.learn(request, answer)
        return Completed(
            answer=answer,
            seconds=time.monotonic() - started_at,
            attempts=attempt.retry_state.attempt_number,
            endpoint=endpoint.url,
        )

    async def _attempt(self, lease: Lease, request: ChatRequest) -> ChatAnswer:
        """One request. Whatever may go wrong with it leaves as an ``InfrastructureFault`` or a refusal."""
        import openai

        url, key = lease.endpoint.url, lease.endpoint.key
        try:
            return await self._exchange(lease, request)
        except InfrastructureFault as fault:
            raise InfrastructureFault(f"{url}: {key.short(str(fault))}", alive=fault.alive) from None
        except openai.APIStatusError as error:
            if is_refusal(error.status_code, json.dumps(error.body, default=str) if error.body else str(error)):
                return ChatAnswer(content="", finish_reason="refused", refused=key.brief(error))
            raise self._fault(lease.endpoint, error) from None
        except (TimeoutError, openai.APITimeoutError) as error:
            if not is_time_out(error):
                raise self._fault(lease.endpoint, error) from None
            silence = f", or was silent for {self._idle_timeout:g} s" if self._stream else ""
            told = f"{url} gave no whole answer within {self._timeout:g} s{silence}"
            raise InfrastructureFault(told, overload=True) from None
        except Exception as error:
            raise self._fault(lease.endpoint, error) from None

    def _fault(self, endpoint: Endpoint, error: Exception) -> Exception:
        """The fault that an exception of the client is; any other stays what it is."""
        longest = max(self._patience, self._longest_pause)
        return fault_of(endpoint.url, error, endpoint.key, longest_pause=longest) or error

    async def _exchange(self, lease: Lease, request: ChatRequest) -> ChatAnswer:
        import httpx2

        # Not ``chat.completions.create``: it takes a fifth of a call's processor time to look through the arguments
        # that it knows (it knows neither top_k nor min_p), and makes an object of each piece of an answer.
        post = lease.endpoint.next_client().post
        body = body_of(lease.endpoint.model, request, self._goes_on_by) | {"stream": self._stream}
        if self._stream:
            body["stream_options"] = {"include_usage": True}
        async with asyncio.timeout(self._timeout):
            if not self._stream:
                answer = read_whole((await post(_PATH, cast_to=httpx2.Response, body=body)).content)
                lease.heard(len(answer.content) + len(answer.reasoning or ""))
                return answer
            async with asyncio.timeout(self._idle_timeout) as idle:
                response = await post(_PATH, cast_to=httpx2.Response, body=body, stream=True)
                async with contextlib.aclosing(response):
                    return await read_stream(self._heard(response.aiter_bytes(), idle, lease), lease.heard)

    async def _heard(self, chunks: AsyncIterator[bytes], idle: asyncio.Timeout, lease: Lease) -> AsyncIterator[bytes]:
        """Chunks as they come; each shows that the endpoint is up and puts off the time-out for silence.

        It is put off by a little more than it has to be, so that not every token of an answer must do it.
        """
        clock = asyncio.get_running_loop().time
        margin = self._idle_timeout / 50
        put_off_at = clock()
        self.pool.spoke(lease)
        async for chunk in chunks:
            now = clock()
            lease.stirred(now)
            if now > put_off_at + margin:
                idle.reschedule(now + margin + self._idle_timeout)
                put_off_at = now
            yield chunk

    def _pause(self, state: tenacity.RetryCallState) -> float:
        """What the endpoint asked for, else exponential with full jitter; random, since it decides no result."""
        asked = _asked_pause(state)
        if asked is not None:
            return asked + random.uniform(0, 0.1)
        return random.uniform(0, min(0.5 * 2**state.attempt_number, self._longest_pause))

    async def aclose(self) -> None:
        """Close the connections."""
        if self._following is not None:
            self._following.cancel()
        await self.hedger.aclose()
        self.pool.close()
        await asyncio.gather(*self._closing)
        for endpoint in (*self.pool.endpoints, *self.pool.leaving):
            await _close(endpoint)


async def _close(endpoint: Endpoint) -> None:
    for client in endpoint.clients:
        await client.close()


def _asked_pause(state: tenacity.RetryCallState) -> float | None:
    """Seconds after which the endpoint wants to be asked again, if it said so."""
    fault = state.outcome.exception() if state.outcome else None
    return fault.retry_after if isinstance(fault, InfrastructureFault) else None


def _worth_another_attempt(error: BaseException) -> bool:
    return isinstance(error, InfrastructureFault) and not error.final and not error.fatal
