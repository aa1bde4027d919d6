"""Export a person's data as a ZIP file: JSON for programs, and the files."""

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

from convention.audit.record import record_action
from convention.personal_data import DataSubject, PersonalDataSource

from .find_data import FoundRows, SubjectData
from .registry import list_agreements

EXPORT_FORMAT: Final = "convention-personal-data"
# Programs may read the file (GDPR, article 20): raise this number if its structure changes.
EXPORT_VERSION: Final = 1
# Keys of these models are exported together with the name of the row.
NAMED_MODELS: Final = (
    "events.event",
    "club.company",
    "registrations.ticket",
    "registrations.addon",
    "schedule.session",
)


@transaction.atomic
def export_personal_data(*, subject: DataSubject) -> bytes:
    """Return a ZIP file with `data.json`, a read-me and files, and record the export in the audit trail."""
    data = SubjectData(subject)
    # Names of tables alone: the trail holds no values.
    record_action(
        "person.export",
        subject.person or "address",
        fields=[table.source.table_label for table in data.tables_with_rows],
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "data.json", json.dumps(build_export(data), ensure_ascii=False, indent=2, default=serialize_value)
        )
        archive.writestr(_("read-me.txt"), write_readme(subject))
        for name, content in iterate_files(data):
            archive.writestr(name, content)
    return file.getvalue()


def build_export(data: SubjectData) -> dict[str, Any]:
    """Return the content of `data.json`: each table with its rows, purpose and erasure action."""
    subject = data.subject
    return {
        "format": EXPORT_FORMAT,
        "version": EXPORT_VERSION,
        "site": settings.SITE_URL,
        "made_at": timezone.now(),
        "person": subject.person_id,
        "addresses": sorted(subject.addresses),
        "tables": [describe_table(table) for table in data.tables_with_rows],
        "agreements": [
            {
                "title": agreement.title,
                "text": agreement.text,
                "version": agreement.version,
                "given_at": agreement.given_at,
                "withdrawn_at": agreement.withdrawn_at,
            }
            for agreement in list_agreements(subject)
        ],
    }


def describe_table(table: FoundRows) -> dict[str, Any]:
    source, rows = table.source, list(table.rows)
    names = load_related_names(source, rows)
    return {
        "table": source.table_label,
        "title": source.title,
        "why": source.purpose,
        "erasure": source.erasure_action,
        "kept_because": source.retention_reason,
        "labels": {field.name: str(field.verbose_name) for field in get_exported_columns(source)},
        "rows": [describe_row(source, row, names) for row in rows],
    }


def get_exported_columns(source: PersonalDataSource) -> list[Any]:
    """Return all columns but secrets and content of files."""
    fields = [
        field
        for field in source.model._meta.concrete_fields
        # Files are exported beside the JSON (`export_files`).
        if not isinstance(field, models.BinaryField) and field.name not in source.hidden_columns
    ]
    return [field for field in fields if not source.exported_columns or field.name in source.exported_columns]


def describe_row(source: PersonalDataSource, row: Any, names: dict[tuple[str, Any], str]) -> dict[str, Any]:
    """Return the exported columns of a row; keys of named rows come with their names."""
    values: dict[str, Any] = {}
    for column in get_exported_columns(source):
        value = getattr(row, column.attname)
        # A bare key would mean nothing to the person.
        name = names.get((column.name, value)) if column.is_relation else None
        values[column.name] = {"id": value, "name": name} if name else value
    return values | (source.export_extra(row) if source.export_extra else {})


def load_related_names(source: PersonalDataSource, rows: list[Any]) -> dict[tuple[str, Any], str]:
    """Return the names of events, companies, tickets and sessions that the rows point to.

    Keys are column and primary key. One query for each table.
    """
    keys_by_model: dict[Any, set[Any]] = defaultdict(set)
    fields = [
        column
        for column in get_exported_columns(source)
        if column.is_relation and column.related_model._meta.label_lower in NAMED_MODELS
    ]
    for column in fields:
        keys_by_model[column.related_model] |= {getattr(row, column.attname) for row in rows} - {None}
    # `_base_manager` hides no rows, as a model's own manager may.
    rows_by_model = {model: model._base_manager.in_bulk(keys) for model, keys in keys_by_model.items()}
    return {
        (column.name, key): str(row)
        for column in fields
        for key, row in rows_by_model[column.related_model].items()
    }


def iterate_files(data: SubjectData) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of each file, in a folder named after its table."""
    for table in data.tables_with_rows:
        if table.source.export_files:
            for row in table.rows:
                for name, content in table.source.export_files(row):
                    # A slash in an uploaded name must not create folders where the file is unpacked.
                    yield f"files/{table.source.table_label}/{row.pk}-{name.replace('/', '-')}", content


def serialize_value(value: Any) -> Any:
    """Convert what JSON lacks: times to ISO 8601, bytes to base64, other types to text."""
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, Promise | uuid.UUID | decimal.Decimal | models.fields.files.FieldFile):
        return str(value)
    raise TypeError(f"{type(value)} has no form in JSON.")


def write_readme(subject: DataSubject) -> str:
    """Return a description of the file, in the active language."""
    values = {"club": settings.SITE_NAME, "addresses": ", ".join(sorted(subject.addresses))}
    if subject.person:
        scope = _("This file contains all the data that %(club)s stores about you.") % values
    else:
        # The same person may be known under another address.
        scope = _("This file contains all the data that %(club)s stores under %(addresses)s.") % values
    sentences = (
        scope,
        _(
            "`data.json` can be read by people and by software. For each table it gives the "
            "purpose and the rows."
        ),
        _("`files` contains the files you uploaded and your invoices."),
        _("You can have errors corrected and most data erased: contact the club, or use its website."),
    )
    return "\n".join(sentences) + "\n"
