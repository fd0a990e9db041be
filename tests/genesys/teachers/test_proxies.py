"""An endpoint on this machine is asked directly, whatever proxy the environment names for the world outside."""

import pytest

from genesys.chat import ChatRequest, Message
from genesys.teachers.openai_teacher import OpenAITeacher
from tests.support.openai_server import OpenAIServer


async def test_a_local_endpoint_is_not_looked_for_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # the discard port: nobody listens
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    request = ChatRequest(messages=(Message(role="user", content="What is 1+1? [[gold:2]]"),), sampling={})
    with OpenAIServer() as server:
        teacher = OpenAITeacher("test-model", [server.base_url], attempts=1)
        try:
            assert (await teacher.complete(request)).answer.content
        finally:
            await teacher.aclose()
