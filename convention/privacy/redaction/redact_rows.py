"""Redact a person's names and addresses in free text, sessions and stored mails.

Free text is what other people may have written: notes, reasons, answers of mail servers, logs. The columns
are listed in `FREE_TEXT` of each app's `privacy.py`.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import Any, Final

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Q
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.mail.stored_mails import remove_stored_mails
from convention.personal_data import DataSubject
from convention.privacy.find_data import FoundRows, is_about_subject
from convention.privacy.registry import get_free_text_columns, get_transient_text_columns, list_data_sources

from .redactor import Redactor

# Databases limit the number of parameters of a query (SQLite to 32,766 by default).
BATCH_SIZE: Final = 2000
# Primary keys by model.
type KeysByModel = dict[type[models.Model], set[Any]]


@dataclass(frozen=True)
class ErasedSubject:
    """A subject whose rows were blanked, the keys of these rows, and whether there is a namesake."""

    subject: DataSubject
    own_keys: KeysByModel
    has_namesake: bool

    @property
    def redacted_subject(self) -> DataSubject:
        """Return the addresses and names to redact in other rows: no names if there is a namesake."""
        return replace(self.subject, names=frozenset()) if self.has_namesake else self.subject


def make_wide_redactor(erased: Sequence[ErasedSubject]) -> Redactor:
    """Return one redactor of the addresses and names of all these people, for any row."""
    return Redactor(
        DataSubject(
            addresses=frozenset().union(
                *(erased_subject.redacted_subject.addresses for erased_subject in erased)
            ),
            names=frozenset().union(*(erased_subject.redacted_subject.names for erased_subject in erased)),
        )
    )


def redact_subjects(erased: Sequence[ErasedSubject]) -> int:
    """Redact all free text for these people, in one pass; return how many texts changed.

    In rows about one of them each single name is redacted too; in all other rows only full names and
    addresses are.
    """
    if not erased:
        return 0
    redacted_count = 0
    wide_redactor = make_wide_redactor(erased)
    person_redactors = [
        (Redactor(erased_subject.subject, redact_single_names=True), erased_subject.own_keys)
        for erased_subject in erased
    ]
    for model, columns in get_free_text_columns().items():
        # A row about two of these people gets the redactor of the last; the wide one has the names of both.
        own_redactors = {key: redactor for redactor, keys in person_redactors for key in keys.get(model, ())}
        redacted_count += _redact_model(model, columns, own_redactors, wide_redactor)
    for model, columns in get_transient_text_columns().items():
        redacted_count += _delete_naming_rows(model, columns, wide_redactor)
    redacted_count += redact_sessions(wide_redactor)
    # Mails exist as files on development sites only.
    remove_stored_mails(wide_redactor.has_match)
    return redacted_count


def find_rows_about(tables: list[FoundRows]) -> KeysByModel:
    """Return the keys of rows about the subject, and of audit and log entries about these rows."""
    own_keys: KeysByModel = defaultdict(set)
    for table in tables:
        if is_about_subject(table.source, table.source.model):
            own_keys[table.source.model] |= {*table.keys}
    for model, keys in list(own_keys.items()):
        # Some people have more rows than one query can have parameters.
        for batch in batched(sorted(keys), BATCH_SIZE, strict=False):
            own_keys[AuditEntry] |= _find_keys(
                AuditEntry, subject__in=[f"{model._meta.label_lower}:{key}" for key in batch]
            )
            of_model = {"content_type": ContentType.objects.get_for_model(model)}
            # Django's back office writes the name of the object into its log.
            own_keys[LogEntry] |= _find_keys(LogEntry, **of_model, object_id__in=list(map(str, batch)))
    return own_keys


def _find_keys(model: type[models.Model], **conditions: Any) -> set[Any]:
    return set(model._base_manager.filter(**conditions).order_by().values_list("pk", flat=True))


def has_namesake(subject: DataSubject, tables: list[FoundRows]) -> bool:
    """Return whether a row that is not the subject's has one of their names."""
    own_keys: KeysByModel = defaultdict(set)
    for table in tables:
        own_keys[table.source.model] |= {*table.keys}
    for source in list_data_sources():
        for name in subject.names:
            if len(name) == len(source.name_columns):
                same_name = {
                    # `iexact` finds most namesakes, and the database evaluates it.
                    f"{column}__iexact": part
                    for column, part in zip(source.name_columns, name, strict=True)
                }
                other_rows = source.model._base_manager.filter(**same_name).exclude(
                    pk__in=own_keys[source.model]
                )
                if other_rows.exists():
                    return True
    return False


def _redact_model(
    model: type[models.Model],
    columns: Iterable[str],
    own_redactors: Mapping[Any, Redactor],
    wide_redactor: Redactor,
) -> int:
    """Update the rows of the table in which something is redacted; return how many."""
    changed_count = 0
    for pk, values in iterate_texts(model, list(columns)):
        redactors = [wide_redactor, own_redactors[pk]] if pk in own_redactors else [wide_redactor]
        changed = {name: new for name, old in values.items() if (new := _redact_value(redactors, old)) != old}
        if changed:
            # A plain queryset: the model's own may refuse to update its rows.
            changed_count += models.QuerySet(model).filter(pk=pk).update(**changed)
    return changed_count


def _delete_naming_rows(model: type[models.Model], columns: Iterable[str], wide_redactor: Redactor) -> int:
    naming_keys = [
        pk
        for pk, values in iterate_texts(model, list(columns))
        if any(map(wide_redactor.has_match, values.values()))
    ]
    model._base_manager.filter(pk__in=naming_keys).delete()
    return len(naming_keys)


def _redact_value(redactors: Iterable[Redactor], value: Any) -> Any:
    for redactor in redactors:
        value = redactor.redact_value(value)
    return value


def iterate_texts(model: type[models.Model], columns: list[str]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield key and columns of each row in which one of the columns is not empty."""
    fields = [model._meta.get_field(name) for name in columns]
    has_text = Q()
    for field in fields:
        is_json = isinstance(field, models.JSONField)
        has_text |= Q(**{f"{field.name}__isnull": False}) if is_json else ~Q(**{field.name: ""})
    rows: models.QuerySet[Any, Any] = (
        models.QuerySet(model).filter(has_text).order_by("pk").values_list("pk", *columns)
    )
    # In batches by key: tables may be large, and rows change meanwhile.
    last: Any = None
    while batch := list((rows.filter(pk__gt=last) if last is not None else rows)[:BATCH_SIZE]):
        last = batch[-1][0]
        for pk, *values in batch:
            yield pk, dict(zip(columns, values, strict=True))


def redact_sessions(redactor: Redactor) -> int:
    """Remove session data that mentions the subject, such as a half-filled form; return how many entries."""
    store, dropped_count = SessionStore(), 0
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator(chunk_size=BATCH_SIZE):
        # The content is signed: it has to be decoded to be searched, and encoded to be valid again.
        data = store.decode(session.session_data)
        remaining = {
            key: value for key, value in data.items() if not redactor.has_match(_format_as_text(value))
        }
        if len(remaining) < len(data):
            dropped_count += len(data) - len(remaining)
            Session.objects.filter(pk=session.pk).update(session_data=store.encode(remaining))
    # Expired sessions may name the person too, and nobody can read them any more.
    Session.objects.filter(expire_date__lte=timezone.now()).delete()
    return dropped_count


def _format_as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
