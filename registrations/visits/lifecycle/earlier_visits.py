"""Prefill a visit's forms from an earlier visit: the terms and the confidentiality text.

Nothing is copied automatically: the forms show the earlier values, and saving a form stores them.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from registrations.visits.applications.eligibility import get_member_ticket
from registrations.visits.models import NdaText, Visit

# Without the security contact, who may be another person by now.
LIST_FIELDS = ("identity_fields", "identity_days_before")
COPIED_FIELDS = ("lock_working_days", "briefing", "briefing_en")


def find_earlier_agreement(visit: Visit) -> Visit | None:
    """Return the latest other visit to the same host; None once this visit has facts of its own."""
    has_facts = bool(visit.briefing or visit.identity_fields or visit.security_name)
    if visit.state != Visit.State.DRAFT or has_facts or visit.event.host_id is None:
        return None
    return _list_other_visits(visit).filter(event__host=visit.event.host_id).first()


def find_earlier_text(visit: Visit) -> NdaText | None:
    """Return the current text of the latest visit to the same host, else of the latest visit that has one."""
    others = _list_other_visits(visit).filter(nda_texts__isnull=False)
    source = others.filter(event__host=visit.event.host_id).first() or others.first()
    return source.nda_texts.select_related("visit__event").first() if source else None


def _list_other_visits(visit: Visit) -> QuerySet[Visit]:
    """Return the other visits, the latest first."""
    rows = Visit.objects.exclude(pk=visit.pk).select_related("event")
    return rows.order_by("-event__starts_at", "-pk").distinct()


def list_copied_facts(source: Visit, *, fields: Sequence[str]) -> dict[str, Any]:
    """Return these values of an earlier visit by form field, and the places of its ticket."""
    ticket = get_member_ticket(source)
    places = {"capacity": ticket.capacity, "company_cap": ticket.company_cap} if ticket else {}
    return {name: getattr(source, name) for name in fields} | places
