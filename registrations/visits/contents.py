"""What a visitor list holds; how it is hashed, sealed and opened, which the audit trail notes each time."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import Expired
from convention.sealed import seal, unseal

from .differences import Differences, Row, differences
from .models import Application, HostContact, VisitorList

COLUMNS = ("last_name", "first_name", "company")


@dataclass(frozen=True)
class Content:
    """The rows of one version, the rows of the version sent before it, and the fields that are asked.

    `salt` is random: without it the hash, which is kept for ever, would let names and dates be guessed.
    """

    salt: str
    fields: list[str]
    rows: list[Row]
    before: list[Row] | None = None

    @property
    def hash(self) -> str:
        """SHA-256 of salt, fields and rows in their canonical form, as hexadecimal."""
        return hash_of(self.salt, self.fields, self.rows)

    @property
    def difference(self) -> Differences | None:
        """What changed since the version that was sent before; None where there was none."""
        return None if self.before is None else differences(self.before, self.rows)


def new_content(fields: Sequence[str], rows: list[Row], before: list[Row] | None) -> Content:
    """A version about to be made."""
    return Content(secrets.token_hex(16), list(fields), rows, before)


def hash_of(salt: str, fields: Sequence[str], rows: Sequence[Row]) -> str:
    """What anybody who holds a list and its salt can count again."""
    said = {"salt": salt, "fields": list(fields), "rows": list(rows)}
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def row_of(application: Application, identity: dict[str, Any]) -> Row:
    """One visitor as the host reads them: the name is that of the person, as on the badge."""
    registration = application.registration
    assert registration is not None
    return {
        "key": application.pk,
        "last_name": registration.last_name,
        "first_name": registration.first_name,
        "company": application.company.name if application.company else registration.company,
        "identity": identity,
    }


def sealed_for(visitor_list: VisitorList) -> str:
    """What the rows of a version are bound to."""
    return f"list:{visitor_list.visit_id}:{visitor_list.number}"


def close(content: Content, visitor_list: VisitorList) -> bytes:
    """Seal it for its version."""
    kept = {name: getattr(content, name) for name in ("salt", "fields", "rows", "before")}
    return seal(kept, of=sealed_for(visitor_list))


def open_content(visitor_list: VisitorList) -> Content:
    """Its rows. Raises Expired after the purge, Unsealable, NoKey. For acts: readers call `read_list`."""
    if visitor_list.sealed is None:
        raise Expired(_("The names on this list were removed, as announced; its hash and counts are kept."))
    return Content(**unseal(visitor_list.sealed, of=sealed_for(visitor_list)))


def read_list(*, visitor_list: VisitorList, by: HostContact | None = None, through: str = "") -> Content:
    """The rows for somebody's eyes, which the audit trail notes: who, by what way, and which fields.

    `by` is a contact at the host's; `through` a word for another way, such as `link`. Raises Expired.
    """
    content = open_content(visitor_list)
    record(
        "visitor_list.read",
        visitor_list,
        event=visitor_list.visit.event,
        fields=[*COLUMNS, *content.fields],
        reason=f"host contact #{by.pk}" if by else through,
    )
    return content
