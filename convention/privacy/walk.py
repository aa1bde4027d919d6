"""What each app's `privacy.py` says, walked once, lowest storey first (see `convention/personal.py`)."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.db import models

from convention.personal import Agreement, Holding, Rule, Subject, Words


@cache
def modules() -> list[Any]:
    """The `privacy` module of each app that has one; the ground's own name is this package."""
    apps = [app for app in reversed(settings.INSTALLED_APPS) if app != "convention"]
    return [import_module(f"{app}.privacy") for app in apps if find_spec(f"{app}.privacy")]


def said(kind: str) -> Iterator[Any]:
    """All that the apps say of one kind, such as HOLDINGS."""
    for module in modules():
        yield from getattr(module, kind, ())


def holdings() -> list[Holding]:
    """Every table that holds something of people."""
    return list(said("HOLDINGS"))


def silent() -> set[type[models.Model]]:
    """Tables that hang on those and say nothing of anybody."""
    return set(said("SILENT"))


def rules() -> list[Rule]:
    """How long each kind of data is kept."""
    return list(said("RETENTION"))


def free_text() -> dict[type[models.Model], tuple[str, ...]]:
    """Return the columns of each table where others may have written anybody's name or address."""
    found: dict[type[models.Model], tuple[str, ...]] = {}
    for module in modules():
        found |= getattr(module, "FREE_TEXT", {})
    return found


def transient_text() -> dict[type[models.Model], tuple[str, ...]]:
    """Return the columns of tables whose rows are removed where they name the person (half-filled forms)."""
    found: dict[type[models.Model], tuple[str, ...]] = {}
    for module in modules():
        found |= getattr(module, "TRANSIENT_TEXT", {})
    return found


def own_addresses(subject: Subject) -> frozenset[str]:
    """Return addresses, folded, that rows of the person show to be theirs and the account does not list."""
    sources: Iterator[Callable[[Subject], Iterable[str]]] = said("OWN_ADDRESSES")
    return frozenset(address for source in sources for address in source(subject))


def retained_by_law(subject: Subject) -> list[Words]:
    """Return sentences that name the documents of this person which the law requires to stay."""
    sources: Iterator[Callable[[Subject], Iterable[Words]]] = said("LEGAL_RETENTION")
    return [sentence for source in sources for sentence in source(subject)]


def obstacles(subject: Subject) -> list[Words]:
    """What has to be settled before this person can be erased, in sentences."""
    checks: Iterator[Callable[[Subject], Iterator[Words]]] = said("OBSTACLES")
    return [sentence for check in checks for sentence in check(subject)]


def agreements(subject: Subject) -> list[Agreement]:
    """What this person agreed to, or may agree to, wherever that is kept."""
    return [one for source in said("AGREEMENTS") for one in source(subject)]
