"""Collect the declarations of each app's `privacy.py`, from the lowest layer to the highest."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models

from convention.personal_data import (
    Agreement,
    DataSubject,
    ErasureBlocker,
    PersonalDataSource,
    RetentionRule,
    TranslatableText,
)


@cache
def load_privacy_modules() -> list[Any]:
    """Return the `privacy` module of each app that has one, lowest layer first."""
    # `convention.privacy` is this package, not declarations of the app `convention`.
    names = [app for app in reversed(settings.INSTALLED_APPS) if app != "convention"]
    # `reversed`: INSTALLED_APPS begins with the highest layer.
    return [import_module(f"{app}.privacy") for app in names if find_spec(f"{app}.privacy")]


def collect_declarations(kind: str) -> Iterator[Any]:
    """Yield what all apps declare under one name, such as `PERSONAL_DATA`."""
    for module in load_privacy_modules():
        yield from getattr(module, kind, ())


def list_data_sources() -> list[PersonalDataSource]:
    return list(collect_declarations("PERSONAL_DATA"))


def list_models_without_data() -> set[type[models.Model]]:
    """Return the tables that depend on personal data and contain none themselves."""
    return set(collect_declarations("NO_PERSONAL_DATA"))


def get_table_title(label: str) -> str:
    """Return the name for people of a table, such as `registrations.order`."""
    try:
        model = apps.get_model(label)
    except LookupError:
        # A record may be older than a table that was removed since.
        return label
    names = [source.name for source in list_data_sources() if source.model is model]
    # A table of another project has no name of ours; one with several sources has the name of its rows.
    return str(names[0] if names and all(names) else model._meta.verbose_name_plural)


def group_erased_tables(counts: dict[str, dict[str, int]]) -> dict[str, list[str]]:
    """Return the labels of the tables by erasure action, without privacy requests, which prove the answer."""
    labels: dict[str, list[str]] = {}
    for label, table_counts in counts.items():
        for action in table_counts:
            if label != "privacy.privacycase":
                labels.setdefault(action, []).append(label)
    return labels


def list_retention_rules() -> list[RetentionRule]:
    return list(collect_declarations("RETENTION"))


def get_free_text_columns() -> dict[type[models.Model], tuple[str, ...]]:
    """Return the columns of each table in which people may have written any name or address."""
    columns: dict[type[models.Model], tuple[str, ...]] = {}
    for module in load_privacy_modules():
        columns |= getattr(module, "FREE_TEXT", {})
    return columns


def get_transient_text_columns() -> dict[type[models.Model], tuple[str, ...]]:
    """Return the columns of tables whose rows are deleted if they name the person (half-filled forms)."""
    columns: dict[type[models.Model], tuple[str, ...]] = {}
    for module in load_privacy_modules():
        columns |= getattr(module, "TRANSIENT_TEXT", {})
    return columns


def find_own_addresses(subject: DataSubject) -> frozenset[str]:
    """Return normalized addresses in the person's own rows, in addition to those of the account."""
    sources: Iterator[Callable[[DataSubject], Iterable[str]]] = collect_declarations("OWN_ADDRESSES")
    return frozenset(address for source in sources for address in source(subject))


def describe_retained_documents(subject: DataSubject) -> list[TranslatableText]:
    """Return sentences that name the person's documents which the law requires to stay."""
    sources: Iterator[Callable[[DataSubject], Iterable[TranslatableText]]] = collect_declarations(
        "LEGAL_RETENTION"
    )
    return [sentence for source in sources for sentence in source(subject)]


def find_erasure_blockers(subject: DataSubject) -> list[ErasureBlocker]:
    """Return sentences that say what has to be settled before this person can be erased."""
    checks: Iterator[Callable[[DataSubject], Iterator[ErasureBlocker]]] = collect_declarations(
        "ERASURE_BLOCKERS"
    )
    return [sentence for check in checks for sentence in check(subject)]


def list_agreements(subject: DataSubject) -> list[Agreement]:
    return [agreement for source in collect_declarations("AGREEMENTS") for agreement in source(subject)]
