"""Strike a person's names and addresses out of free text, sessions and mails kept as files.

Free text is what others may have written about anybody: notes, reasons, answers of mail servers, logs. Which
columns those are stands in `FREE_TEXT` of each app's `privacy.py`.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import Any, Final

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Q
from django.utils import timezone

from convention.accounts.session_store import SessionStore
from convention.audit.models import Entry
from convention.mail_files import remove_mails
from convention.personal import Subject

from .held import Found, leads_to
from .redact import Redactor
from .walk import free_text, holdings, transient_text

AT_ONCE: Final = 2000
type Keys = dict[type[models.Model], set[Any]]
"""The keys of rows by table."""


@dataclass(frozen=True)
class Erased:
    """Somebody whose rows were emptied: which rows are about them, and whether somebody else has the name."""

    subject: Subject
    own: Keys
    has_namesake: bool

    @property
    def elsewhere(self) -> Subject:
        """The subject as it is struck in other rows: without names that may be somebody else's."""
        return replace(self.subject, names=frozenset()) if self.has_namesake else self.subject


def wide_redactor(erased: Sequence[Erased]) -> Redactor:
    """Return what is struck of these people in any row."""
    return Redactor(
        Subject(
            addresses=frozenset().union(*(one.elsewhere.addresses for one in erased)),
            names=frozenset().union(*(one.elsewhere.names for one in erased)),
        )
    )


def strike(erased: Sequence[Erased]) -> None:
    """Strike people out of all free text, in one pass.

    In rows about one of them each name is struck, also one by itself. In all others full names and
    addresses are.
    """
    if not erased:
        return
    wide = wide_redactor(erased)
    close = [(Redactor(one.subject, alone=True), one.own) for one in erased]
    for model, columns in free_text().items():
        own = {key: redactor for redactor, keys in close for key in keys.get(model, ())}
        _strike_in(model, columns, own, wide)
    for model, columns in transient_text().items():
        _remove_naming(model, columns, wide)
    strike_sessions(wide)
    remove_mails(wide.finds)


def rows_about(found: list[Found]) -> Keys:
    """Return the rows that are about the subject, and the lines of trails that name one of these."""
    own: Keys = defaultdict(set)
    for one in found:
        if leads_to(one.holding, one.holding.model):
            own[one.holding.model] |= {*one.keys}
    for model, keys in list(own.items()):
        for some in batched(sorted(keys), AT_ONCE, strict=False):
            own[Entry] |= _keys(Entry, subject__in=[f"{model._meta.label_lower}:{key}" for key in some])
            of_model = {"content_type": ContentType.objects.get_for_model(model)}
            own[LogEntry] |= _keys(LogEntry, **of_model, object_id__in=list(map(str, some)))
    return own


def _keys(model: type[models.Model], **conditions: Any) -> set[Any]:
    return set(model._base_manager.filter(**conditions).order_by().values_list("pk", flat=True))


def has_namesake(subject: Subject, found: list[Found]) -> bool:
    """Return whether a row that is not the subject's has one of their names."""
    known: Keys = defaultdict(set)
    for one in found:
        known[one.holding.model] |= {*one.keys}
    for holding in holdings():
        for name in subject.names:
            if len(name) == len(holding.names):
                same = {f"{column}__iexact": part for column, part in zip(holding.names, name, strict=True)}
                others = holding.model._base_manager.filter(**same).exclude(pk__in=known[holding.model])
                if others.exists():
                    return True
    return False


def _strike_in(
    model: type[models.Model], columns: Iterable[str], own: Mapping[Any, Redactor], wide: Redactor
) -> None:
    """Write each row of the table in which something is struck; the others are only read."""
    for pk, values in written(model, list(columns)):
        redactors = [wide, own[pk]] if pk in own else [wide]
        changed = {name: new for name, old in values.items() if (new := _struck(redactors, old)) != old}
        if changed:
            # Django's own set of rows: that of a model may refuse to change what was written.
            models.QuerySet(model).filter(pk=pk).update(**changed)


def _remove_naming(model: type[models.Model], columns: Iterable[str], wide: Redactor) -> None:
    naming = [pk for pk, values in written(model, list(columns)) if any(map(wide.finds, values.values()))]
    model._base_manager.filter(pk__in=naming).delete()


def _struck(redactors: Iterable[Redactor], value: Any) -> Any:
    for redactor in redactors:
        value = redactor.value(value)
    return value


def written(model: type[models.Model], columns: list[str]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield key and columns of each row in which any of them says something."""
    fields = [model._meta.get_field(name) for name in columns]
    has_text = Q()
    for field in fields:
        is_json = isinstance(field, models.JSONField)
        has_text |= Q(**{f"{field.name}__isnull": False}) if is_json else ~Q(**{field.name: ""})
    rows: models.QuerySet[Any, Any] = (
        models.QuerySet(model).filter(has_text).order_by("pk").values_list("pk", *columns)
    )
    last: Any = None
    while some := list((rows.filter(pk__gt=last) if last is not None else rows)[:AT_ONCE]):
        last = some[-1][0]
        for pk, *values in some:
            yield pk, dict(zip(columns, values, strict=True))


def strike_sessions(redactor: Redactor) -> int:
    """Drop what a browser's session holds of the subject, such as a half-filled form; how many it was."""
    store, dropped = SessionStore(), 0
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator(chunk_size=AT_ONCE):
        data = store.decode(session.session_data)
        remaining = {key: value for key, value in data.items() if not redactor.finds(_as_text(value))}
        if len(remaining) < len(data):
            dropped += len(data) - len(remaining)
            Session.objects.filter(pk=session.pk).update(session_data=store.encode(remaining))
    Session.objects.filter(expire_date__lte=timezone.now()).delete()
    return dropped


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
