"""The pickled messages between a process and its parsing child."""

from dataclasses import dataclass
from typing import Any

from convention.errors import ConventionError


@dataclass(frozen=True)
class ChildLimits:
    """The limits of the child, and the language of its sentences."""

    cpu_seconds: int
    memory_bytes: int
    language: str
    locale_paths: list[str]


@dataclass(frozen=True)
class ChildReply:
    """The outcome of a call: its result, one of our errors with its attributes, or a traceback.

    `is_exhausted` says that memory or the stack was used up.
    """

    result: Any = None
    error: tuple[type[ConventionError], dict[str, Any]] | None = None
    crash_traceback: str = ""
    is_exhausted: bool = False
