"""All that the club holds of somebody, as one file: JSON that other programs read, and the files."""

import base64
import datetime
import decimal
import io
import json
import uuid
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.personal import Holding, Subject

from .held import Found, Held
from .walk import agreements

FORMAT: Final = "convention-personal-data"
VERSION: Final = 1
NAMED: Final = (
    "events.event",
    "club.company",
    "registrations.ticket",
    "registrations.addon",
    "schedule.session",
)
"""Rows of these are told by name beside their number."""


@transaction.atomic
def export(*, subject: Subject) -> bytes:
    """A zip with `data.json` and the files, for this person alone; that it was made is in the trail."""
    held = Held(subject)
    record("person.export", subject.person or "address", fields=[one.holding.table for one in held.found])
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(told(held), ensure_ascii=False, indent=2, default=plain))
        archive.writestr(_("read-me.txt"), read_me())
        for name, content in files_of(held):
            archive.writestr(name, content)
    return file.getvalue()


def told(held: Held) -> dict[str, Any]:
    """What `data.json` says: every table that holds something, why, and what becomes of it."""
    subject = held.subject
    return {
        "format": FORMAT,
        "version": VERSION,
        "site": settings.SITE_URL,
        "made_at": timezone.now(),
        "person": subject.person_id,
        "addresses": sorted(subject.addresses),
        "tables": [table_of(one) for one in held.found],
        "agreements": [
            {
                "title": one.title,
                "text": one.text,
                "version": one.version,
                "given_at": one.given_at,
                "withdrawn_at": one.withdrawn_at,
            }
            for one in agreements(subject)
        ],
    }


def table_of(found: Found) -> dict[str, Any]:
    """One table with its rows."""
    holding, rows = found.holding, list(found.rows)
    names = names_in(holding, rows)
    return {
        "table": holding.table,
        "title": holding.title,
        "why": holding.why,
        "erasure": holding.fate,
        "kept_because": holding.because,
        "labels": {field.name: str(field.verbose_name) for field in columns(holding)},
        "rows": [row_of(holding, row, names) for row in rows],
    }


def columns(holding: Holding) -> list[Any]:
    """The columns that are told: all but secrets and content of files."""
    fields = [
        field
        for field in holding.model._meta.concrete_fields
        if not isinstance(field, models.BinaryField) and field.name not in holding.hides
    ]
    return [field for field in fields if not holding.tells or field.name in holding.tells]


def row_of(holding: Holding, row: Any, names: dict[tuple[str, Any], str]) -> dict[str, Any]:
    """One row: numbers of other rows with their names where they have some."""
    said: dict[str, Any] = {}
    for column in columns(holding):
        value = getattr(row, column.attname)
        name = names.get((column.name, value)) if column.is_relation else None
        said[column.name] = {"id": value, "name": name} if name else value
    return said | (holding.reads(row) if holding.reads else {})


def names_in(holding: Holding, rows: list[Any]) -> dict[tuple[str, Any], str]:
    """The names of events, companies, tickets and sessions that these rows point to, in one read of each."""
    wanted: dict[Any, set[Any]] = defaultdict(set)
    fields = [
        column
        for column in columns(holding)
        if column.is_relation and column.related_model._meta.label_lower in NAMED
    ]
    for column in fields:
        wanted[column.related_model] |= {getattr(row, column.attname) for row in rows} - {None}
    known = {model: model._base_manager.in_bulk(keys) for model, keys in wanted.items()}
    return {
        (column.name, key): str(row) for column in fields for key, row in known[column.related_model].items()
    }


def files_of(held: Held) -> Iterator[tuple[str, bytes]]:
    """Each file, in a folder named after its table."""
    for found in held.found:
        if found.holding.files:
            for row in found.rows:
                for name, content in found.holding.files(row):
                    yield f"files/{found.holding.table}/{row.pk}-{name.replace('/', '-')}", content


def plain(value: Any) -> Any:
    """What JSON has no form of: moments as ISO 8601, bytes as base64, the rest as text."""
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, Promise | uuid.UUID | decimal.Decimal | models.fields.files.FieldFile):
        return str(value)
    raise TypeError(f"{type(value)} has no form in JSON.")


def read_me() -> str:
    """What the file is, in the language of the moment."""
    sentences = (
        _("This file holds all that %(club)s keeps about you.") % {"club": settings.SITE_NAME},
        _("`data.json` is readable by people and programs: each table says why it is kept and its rows."),
        _("`files` holds what you sent in, and your invoices."),
        _("What is wrong can be corrected, and most can be erased: write to the club, or use its website."),
    )
    return "\n".join(sentences) + "\n"
