"""Cache of permission queries, stored on the person of the current request.

Only `request.user` and the requester of an import job have a cache: permissions of a person read from the
database are queried each time.
"""

from collections.abc import Callable, Hashable
from typing import Any, Final

from .models import Person

CACHE_ATTRIBUTE: Final = "_permission_cache"


def enable_permission_cache(person: Person) -> None:
    """Cache permissions of this object from now on, as long as it lives."""
    # On the object, not in a module: it is discarded with the request and cannot be used by another one.
    setattr(person, CACHE_ATTRIBUTE, {})


def reset_permission_cache(person: Person) -> None:
    """Clear the cache after the person's roles have changed."""
    # An object without a cache must not get one: nobody would reset it.
    if getattr(person, CACHE_ATTRIBUTE, None) is not None:
        enable_permission_cache(person)


def get_cached_permission[T](person: Person, cache_key: Hashable, load: Callable[[], T]) -> T:
    """Return the cached value, or the one that `load` returns."""
    cached_values: dict[Hashable, Any] | None = getattr(person, CACHE_ATTRIBUTE, None)
    if cached_values is None:
        return load()
    if cache_key not in cached_values:
        cached_values[cache_key] = load()
    value: T = cached_values[cache_key]
    return value
