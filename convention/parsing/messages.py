"""The messages between a process and the child that parses for it, pickled by both."""

from dataclasses import dataclass
from typing import Any

from convention.errors import ConventionError


@dataclass(frozen=True)
class Frame:
    """The limits of the process, and the language of its sentences."""

    cpu_seconds: int
    memory_bytes: int
    language: str
    locale_paths: list[str]


@dataclass(frozen=True)
class Reply:
    """The outcome of a call: its result, one of our errors with its attributes, or a traceback.

    `is_exhausted` says that memory or the stack was used up.
    """

    result: Any = None
    error: tuple[type[ConventionError], dict[str, Any]] | None = None
    crash: str = ""
    is_exhausted: bool = False
