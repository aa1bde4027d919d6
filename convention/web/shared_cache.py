"""The cache on a Redis or Valkey server that several machines share; settings choose it by CACHE_URL."""

import functools
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from django.db import OperationalError
from redis import RedisError

TIMEOUT_SECONDS = 3


def report_outage[**P, T](method: Callable[P, T]) -> Callable[P, T]:
    """Decorate a method: raise OperationalError where the server does not answer."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except RedisError as error:
            raise OperationalError("The shared cache does not answer.") from error

    return call


class SharedCache(RedisCache):
    """Django's cache on Redis; an outage causes a 503 within seconds, like an outage of the database.

    Without a timeout, a server that hangs would block every thread that calls it.
    """

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        timeouts = {"socket_connect_timeout": TIMEOUT_SECONDS, "socket_timeout": TIMEOUT_SECONDS}
        super().__init__(server, {**params, "OPTIONS": timeouts | params.get("OPTIONS", {})})

    add = report_outage(RedisCache.add)
    get = report_outage(RedisCache.get)
    set = report_outage(RedisCache.set)
    touch = report_outage(RedisCache.touch)
    delete = report_outage(RedisCache.delete)
    get_many = report_outage(RedisCache.get_many)
    has_key = report_outage(RedisCache.has_key)
    incr = report_outage(RedisCache.incr)
    set_many = report_outage(RedisCache.set_many)
    delete_many = report_outage(RedisCache.delete_many)
    clear = report_outage(RedisCache.clear)
