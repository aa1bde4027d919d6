"""The contents of a visitor list: rows, hash, encryption. Each reading goes to the audit trail."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.codes.encryption import decrypt_value, encrypt_value
from convention.errors import LinkExpired
from registrations.visits.models import Application, HostContact, VisitorList

from .differences import ListDifferences, VisitorRow, compare_rows

NAME_COLUMNS = ("last_name", "first_name", "company")


@dataclass(frozen=True)
class ListContent:
    """The rows of one version and of the version sent before it, and the requested fields.

    `salt` is random: the hash outlives the rows, and without a salt names and birth dates could be guessed
    from it.
    """

    salt: str
    fields: list[str]
    rows: list[VisitorRow]
    previous_rows: list[VisitorRow] | None = None

    @property
    def hash(self) -> str:
        """Return the SHA-256 hash of salt, fields and rows as hexadecimal."""
        return hash_content(self.salt, self.fields, self.rows)

    @property
    def difference(self) -> ListDifferences | None:
        """Return the changes since the version sent before, None for the first."""
        return None if self.previous_rows is None else compare_rows(self.previous_rows, self.rows)


def build_content(
    fields: Sequence[str], rows: list[VisitorRow], previous_rows: list[VisitorRow] | None
) -> ListContent:
    return ListContent(secrets.token_hex(16), list(fields), rows, previous_rows)


def hash_content(salt: str, fields: Sequence[str], rows: Sequence[VisitorRow]) -> str:
    """Return the SHA-256 hash of canonical JSON, which anybody with the list and its salt can recompute."""
    payload = {"salt": salt, "fields": list(fields), "rows": list(rows)}
    # Canonical form: sorted keys, no spaces, UTF-8.
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def build_row(application: Application, identity: dict[str, Any]) -> VisitorRow:
    """Return one visitor's row, with the name on the registration as on the badge."""
    registration = application.registration
    assert registration is not None
    return {
        # Not the name, which may be corrected between versions: a correction is a change, not a new visitor.
        "key": application.pk,
        "last_name": registration.last_name,
        "first_name": registration.first_name,
        "company": application.company.name if application.company else registration.company,
        "identity": identity,
    }


def encrypt_content(content: ListContent, visitor_list: VisitorList) -> bytes:
    payload = {name: getattr(content, name) for name in ("salt", "fields", "rows", "previous_rows")}
    return encrypt_value(payload, row_label=visitor_list.encryption_label)


def decrypt_content(visitor_list: VisitorList) -> ListContent:
    """Return the contents without recording it; pages and commands must call `read_list` instead.

    Raise LinkExpired after the purge, DecryptionFailed, or MissingEncryptionKey.
    """
    if visitor_list.encrypted_data is None:
        raise LinkExpired(
            _("The names on this list have been deleted as planned. Its checksum and counts are kept.")
        )
    return ListContent(**decrypt_value(visitor_list.encrypted_data, row_label=visitor_list.encryption_label))


def read_list(
    *, visitor_list: VisitorList, contact: HostContact | None = None, through: str = ""
) -> ListContent:
    """Return the contents and record the reading with its fields in the audit trail.

    `contact` is the host's contact who reads, or `through` names another way, such as "link". Raise
    LinkExpired.
    """
    # Recorded after decrypting, since a failed decryption is no reading.
    content = decrypt_content(visitor_list)
    record_action(
        "visitor_list.read",
        visitor_list,
        event=visitor_list.visit.event,
        fields=[*NAME_COLUMNS, *content.fields],
        reason=f"host contact #{contact.pk}" if contact else through,
    )
    return content
