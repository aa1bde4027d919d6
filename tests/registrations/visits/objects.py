"""One of everything that the addresses of lists and hosts name, of any event."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from registrations.models import Registration
from registrations.visits.hosts.contacts import add_host_contact
from registrations.visits.models import Application, Visit, VisitorList
from registrations.visits.models.identities import hash_token
from registrations.visits.visitor_list.contents import build_content, encrypt_content
from tests.factories import make_company

WITH_A_PLACE = ("replace", "refuse", "approve", "seat")
"""Pages that name somebody with a place."""


def make_host_arguments(registration: Registration, *, spare: int = 0) -> dict[str, dict[str, Any]]:
    """Return the arguments of each address of that event's visit, whose list is locked and was sent."""
    now, event = timezone.now(), registration.event
    visit = Visit.objects.get(event=event)
    visit.security_email, visit.locked_at, visit.sent_at = "garde@hote.example", now, now
    visit.save()
    application, _made = Application.objects.update_or_create(
        visit=visit, registration=registration, defaults={"company": make_company(), "listed_at": now}
    )
    number, token = 1 + spare, f"{spare:043d}"
    row = make_version(visit, number, [])
    VisitorList.objects.filter(pk=row.pk).update(
        link_hash=hash_token(token),
        link_expires_at=now + datetime.timedelta(days=14),
        sent_at=now,
        send_requested_at=now,
        sent_to=visit.security_email,
    )
    contact = add_host_contact(visit=visit, name="Sophie", email=f"sophie{spare}@hote.example")
    lists = {f"organize-visit-list{name}": {"number": number} for name in ("", "-send", "-revoke")}
    people = {f"organize-visit-{name}": {"pk": application.pk} for name in WITH_A_PLACE}
    return {
        **lists,
        **people,
        "organize-visit-host-end": {"contact": contact.pk},
        "host-sign-in": {"token": token},
        "host-list": {"token": token},
        "host-person": {"pk": application.pk},
    }


ANA = {"key": 1, "last_name": "Silva", "first_name": "Ana", "company": "Acme", "identity": {}}
"""A visitor as a list keeps her; she has left since, so that the list goes out no more."""


def make_version(visit: Visit, number: int, rows: Sequence[dict[str, Any]] = (ANA,)) -> VisitorList:
    """A version of the list with these visitors."""
    content = build_content([], list(rows), None)
    made = VisitorList(visit=visit, number=number, hash=content.hash, count=len(rows))
    made.encrypted_data = encrypt_content(content, made)
    made.save()
    return made


def add_hosted(registration: Registration, number: int) -> None:
    """One more visitor, version, contact and replacement of that event's visit."""
    visit = Visit.objects.get(event=registration.event)
    came, _made = Application.objects.update_or_create(
        visit=visit, registration=registration, defaults={"listed_at": timezone.now()}
    )
    Application.objects.create(visit=visit, replaces=came, company=make_company())
    make_version(visit, 100 + number)
    add_host_contact(visit=visit, name="Paul", email=f"paul{number}-{visit.pk}@hote.example")
