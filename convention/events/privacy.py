"""Personal data of events, declared for privacy requests."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from convention.club.merge_people.join_rows import join_columns
from convention.personal_data import DataSubject, PersonalDataSource

from .models import Delegation, Event, EventRole


def _delete_roles(rows: "QuerySet[Any]", _subject: DataSubject) -> None:
    """Delete the roles, so that a phone paired by the erased person loses access too."""
    rows.delete()


PERSONAL_DATA = [
    PersonalDataSource(
        model=EventRole,
        purpose=_("your roles at events"),
        person_columns=("person",),
        is_deleted_on_erasure=True,
        erase_rows=_delete_roles,
        merge_rows=join_columns("event_id", "role", "delegation_id"),
    ),
    PersonalDataSource(
        model=Event,
        purpose=_("your address, if it is shown as an event’s contact"),
        address_columns=("contact_email",),
        exported_columns=("id", "slug", "contact_email"),
        blanked_columns=("contact_email",),
        leads_to_other_tables=False,
    ),
]
FREE_TEXT = {Delegation: ("contract_number",), Event: ("cancellation_reason",)}
