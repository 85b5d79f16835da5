"""Tokens are asked for once, renewed early, and never shown."""

from __future__ import annotations

import base64
import json
import threading
from typing import Any, NamedTuple

from mlflow_aml_magics.client.auth import CachedCredential
from mlflow_aml_magics.client.identity import who


class Token(NamedTuple):
    token: str
    expires_on: float


def jwt(**claims: str) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"h.{body}.signature-that-is-secret"


class Counting:
    """A credential that counts; each of its tokens lasts ``seconds``."""

    def __init__(self, clock: Any, seconds: float = 3600) -> None:
        self.clock, self.seconds, self.asked = clock, seconds, 0

    def get_token(self, *scopes: str, **_: Any) -> Token:
        self.asked += 1
        return Token(jwt(upn="ada@example.com", tid="t-1", n=str(self.asked)), self.clock() + self.seconds)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_one_question_a_scope_until_five_minutes_before_its_end() -> None:
    clock = Clock()
    inner = Counting(clock)
    cached = CachedCredential(inner, clock=clock)
    first = cached.get_token("a")
    assert all(cached.get_token("a") == first for _ in range(20))
    cached.get_token("b")
    assert inner.asked == 2
    clock.now += 3600 - 301
    assert cached.get_token("a") == first
    clock.now += 2
    assert cached.get_token("a") != first
    assert inner.asked == 3


def test_a_short_token_is_not_asked_for_at_every_call() -> None:
    clock = Clock()
    inner = Counting(clock, seconds=60)
    cached = CachedCredential(inner, clock=clock)
    for _ in range(20):
        cached.get_token("a")
    assert inner.asked == 1


def test_a_challenge_is_never_answered_from_the_cache() -> None:
    inner = Counting(Clock())
    cached = CachedCredential(inner, clock=inner.clock)
    cached.get_token("a")
    cached.get_token("a", claims="{}")
    assert inner.asked == 2


def test_threads_ask_once() -> None:
    inner = Counting(Clock())
    cached = CachedCredential(inner, clock=inner.clock)
    threads = [threading.Thread(target=cached.get_token, args=("a",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inner.asked == 1


def test_who_is_told_and_the_token_is_not() -> None:
    inner = Counting(Clock())
    cached = CachedCredential(inner, clock=inner.clock)
    identity = who(cached, "a")
    assert str(identity) == "ada@example.com (tenant t-1)"
    assert "secret" not in repr(cached) + repr(identity) + str(vars(identity) if hasattr(identity, "__dict__") else "")
