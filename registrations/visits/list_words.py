"""A visitor list as people read it: headings and cells in words, for page, workbook and paper alike."""

import datetime
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention.countries import countries

from .contents import COLUMNS, Content
from .differences import Row
from .identity_fields import DOCUMENTS
from .models import IdentityField


def headings(content: Content) -> list[str]:
    """What the columns are."""
    return [word_of(name) for name in (*COLUMNS, *content.fields)]


def cells(content: Content) -> list[list[str]]:
    """What each row says, in words."""
    said = sayings()
    return [cells_of(row, content.fields, said) for row in content.rows]


def cells_of(row: Row, fields: list[str], said: dict[str, Callable[[str], str]]) -> list[str]:
    """One row."""
    plain = [str(row[name]) for name in COLUMNS]
    return plain + [said.get(name, str)(str(row["identity"].get(name, ""))) for name in fields]


def sayings() -> dict[str, Callable[[str], str]]:
    """How the fields are said whose answer is a code."""
    names, kinds = dict(countries()), {code: str(word) for code, word in DOCUMENTS}
    return {
        IdentityField.NATIONALITY: lambda code: names.get(code, code),
        IdentityField.DOCUMENT_KIND: lambda code: kinds.get(code, code),
        IdentityField.BIRTH_DATE: say_iso,
        IdentityField.DOCUMENT_EXPIRY: say_iso,
        IdentityField.VEHICLE_PLATE: lambda plate: plate or pgettext("number plate", "none"),
    }


def say_iso(day: str) -> str:
    """A day as identity documents write it; what was never told stays empty."""
    return f"{datetime.date.fromisoformat(day):%d/%m/%Y}" if day else ""


def word_of(name: str) -> str:
    """What a column or a changed field is called."""
    known = {"last_name": _("Last name"), "first_name": _("First name"), "company": _("Company")}
    return known.get(name) or str(IdentityField(name).label).capitalize()


def changes_of(content: Content) -> list[tuple[str, str, str]]:
    """What changed since the version before: a word, who, and which fields; never what they say."""
    difference = content.difference
    if difference is None:
        return []
    return [
        *((pgettext("visitor", "added"), name_of(row), "") for row in difference.added),
        *((pgettext("visitor", "removed"), name_of(row), "") for row in difference.removed),
        *(
            (pgettext("visitor", "changed"), name_of(row), ", ".join(map(word_of, names)))
            for row, names in difference.changed
        ),
    ]


def name_of(row: Row) -> str:
    """Who it is, with the company."""
    name = f"{row['first_name']} {row['last_name']}".strip()
    return f"{name}, {row['company']}" if row["company"] else name
