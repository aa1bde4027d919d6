"""Visits with people whose identities are known: what tests of lists and hosts begin with."""

import datetime
import itertools
import re
from typing import Any

from django.utils import timezone

from registrations.models import Ticket
from registrations.visits.hosts.contacts import add_host_contact
from registrations.visits.identity.identities import save_identity
from registrations.visits.models import Application, HostContact, NdaAcceptance, NdaText, Visit, VisitorList
from registrations.visits.visitor_list.create import EmptyVersion, create_list
from registrations.visits.visitor_list.send import send_list, send_list_mail
from tests.factories import (
    make_company,
    make_event,
    make_member,
    make_registration,
)

numbers = itertools.count(1)
FIELDS = ["birth_date", "birth_place", "nationality", "document_kind", "document_number", "document_expiry"]
DAY = datetime.timedelta(days=1)
ENTRY_PATH_PATTERN = re.compile(r"/host/enter/([\w-]{43})/")
LINK = re.compile(r"/host/lists/([\w-]{43})/")


def make_hosted(*, days: int = 5, fields: list[str] | None = None, **facts: Any) -> Visit:
    """A visit that begins in so many days, locked, with a text to agree to and a security contact."""
    starts = timezone.now() + days * DAY
    host = make_company(role="vendor")
    event = make_event(
        slug=f"visite-{next(numbers)}",
        kind="site_visit",
        visibility="members",
        host=host,
        starts_at=starts,
        ends_at=starts + datetime.timedelta(hours=6),
        contact_email="visites@club.example",
    )
    Ticket.objects.create(
        event=event,
        slug="member",
        name="Adhérent",
        audience="member",
        capacity=100,
        company_cap=2,
        is_default=True,
    )
    now = timezone.now()
    values = {
        "identity_fields": FIELDS if fields is None else fields,
        "security_name": "Poste de garde",
        "security_email": "garde@hote.example",
        "agreed_at": now,
        "locked_at": now,
    }
    visit = Visit.objects.create(event=event, **{**values, **facts})
    NdaText.objects.create(visit=visit, number=1, text="Rien ne sort d’ici.")
    return visit


def make_visitor(visit: Visit, **names: str) -> Application:
    """A member with a place who agreed to the text and said nothing yet of who they are."""
    person = make_member(**{"first_name": "Ana", "last_name": f"Silva {next(numbers)}", **names})
    company = person.employments.get().company
    registration = make_registration(
        visit.event.tickets.get(),
        person=person,
        member_of=company,
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email,
        company=company.name,
    )
    # Before the list was locked, as only then members can apply.
    application = Application.objects.create(
        visit=visit,
        person=person,
        company=company,
        registration=registration,
        applied_at=visit.event.created_at,
    )
    record_acceptance(application)
    return application


def record_acceptance(application: Application) -> None:
    """Record that the applicant accepted the current text."""
    text = application.visit.nda_texts.order_by("-number").first()
    assert text
    assert application.person
    NdaAcceptance.objects.create(
        application=application, nda=text, hash=text.hash, name=application.person.name
    )


def make_identity_answers(number: int) -> dict[str, str]:
    """Return identity answers that differ for each number."""
    return {
        "birth_date": f"1971-04-{number % 28 + 1:02}",
        "birth_place": f"Zwickelbourg-{number}",
        "nationality": "PT",
        "document_kind": "passport",
        "document_number": f"QX{number:07}ZZ",
        "document_expiry": "2039-11-30",
        "vehicle_plate": f"WX-{number:03}-YZ",
    }


def make_identified(visit: Visit, number: int, **names: str) -> Application:
    """A visitor whose identity is complete."""
    application = make_visitor(visit, **names)
    save_identity(application=application, answers=make_identity_answers(number))
    return application


def make_sent_list(visit: Visit, *, if_empty: EmptyVersion = EmptyVersion.REFUSE) -> VisitorList:
    """The next version, made, and its mail taken by the server."""
    row = send_list(visitor_list=create_list(visit=visit, if_empty=if_empty))
    send_list_mail.func(row.pk)
    row.refresh_from_db()
    visit.refresh_from_db()
    return row


def make_host(visit: Visit, email: str = "sophie@hote.example") -> HostContact:
    """Somebody at the host's."""
    return add_host_contact(visit=visit, name="Sophie Garde", email=email)


def extract_token(mail):
    """Return the token of the link to a list in a mail."""
    return LINK.search(mail.body)[1]


def make_host_path(visit: Visit) -> str:
    """Return the path of the host's page of the visit."""
    return f"/host/visits/{visit.event.slug}/"


def get_original_application(visit: Visit) -> Application:
    """Return the only application that replaces nobody."""
    return visit.applications.get(replaces=None)
