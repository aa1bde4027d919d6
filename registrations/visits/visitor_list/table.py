"""A visitor list as readable text, for page, workbook and PDF."""

import datetime
from collections.abc import Callable, Collection

from django.utils.translation import pgettext

from convention.text.countries import list_countries
from registrations.visits.identity.fields import DOCUMENT_KINDS, get_field_label
from registrations.visits.models import IdentityField

from .contents import NAME_COLUMNS, ListContent
from .differences import VisitorRow


def list_headings(content: ListContent, former_keys: Collection[int] = ()) -> list[str]:
    """Return the headings, with one for the status if some visitors no longer come (see `format_rows`)."""
    headings = [get_field_label(name) for name in (*NAME_COLUMNS, *content.fields)]
    return [*headings, pgettext("visitor", "Status")] if former_keys else headings


def format_rows(content: ListContent, former_keys: Collection[int] = ()) -> list[list[str]]:
    """Return the rows; a last column tells which visitors, those of `former_keys`, no longer come."""
    formatters = get_field_formatters()
    rows = [format_row(row, content.fields, formatters) for row in content.rows]
    if not former_keys:
        return rows
    former = pgettext("visitor", "no longer coming")
    return [
        [*cells, former if row["key"] in former_keys else ""]
        for row, cells in zip(content.rows, rows, strict=True)
    ]


def format_row(row: VisitorRow, fields: list[str], formatters: dict[str, Callable[[str], str]]) -> list[str]:
    names, identity = [str(row[name]) for name in NAME_COLUMNS], row["identity"]
    # The identity of somebody who lost their place was deleted; their name stays on the versions sent.
    deleted = pgettext("identity detail", "deleted")
    return names + [
        formatters.get(name, str)(str(identity[name])) if name in identity else deleted for name in fields
    ]


def get_field_formatters() -> dict[str, Callable[[str], str]]:
    """Return a formatter for each field whose stored value is a code or a date."""
    names, kinds = dict(list_countries()), {code: str(word) for code, word in DOCUMENT_KINDS}
    return {
        IdentityField.NATIONALITY: lambda code: names.get(code, code),
        IdentityField.DOCUMENT_KIND: lambda code: kinds.get(code, code),
        IdentityField.BIRTH_DATE: format_iso_date,
        IdentityField.DOCUMENT_EXPIRY: format_iso_date,
        IdentityField.VEHICLE_PLATE: lambda plate: plate or pgettext("number plate", "none"),
    }


def format_iso_date(day: str) -> str:
    """Return an ISO date as DD/MM/YYYY, "" for ""."""
    return f"{datetime.date.fromisoformat(day):%d/%m/%Y}" if day else ""


def describe_changes(content: ListContent) -> list[tuple[str, str, str]]:
    """Return kind, visitor and changed fields since the version before; never the values."""
    difference = content.difference
    if difference is None:
        return []
    return [
        *((pgettext("visitor", "added"), describe_visitor(row), "") for row in difference.added),
        *((pgettext("visitor", "removed"), describe_visitor(row), "") for row in difference.removed),
        *(
            (pgettext("visitor", "changed"), describe_visitor(row), ", ".join(map(get_field_label, names)))
            for row, names in difference.changed
        ),
    ]


def describe_visitor(row: VisitorRow) -> str:
    name = f"{row['first_name']} {row['last_name']}".strip()
    return f"{name}, {row['company']}" if row["company"] else name
