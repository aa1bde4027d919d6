"""Visits in the states that a test is about."""

import datetime
import itertools
from typing import Any

from django.utils import timezone

from convention.club.models import Company, Market, Person
from convention.events.models import Event
from registrations.models import Ticket
from registrations.visits.applications.apply import apply_for_visit
from registrations.visits.applications.confidentiality import accept_nda_text
from registrations.visits.applications.state import ApplicationState, find_states
from registrations.visits.models import Application, NdaText, Visit
from tests.factories import make_company, make_event, make_member, make_ticket

numbers = itertools.count(1)
TEXT = "Ce qui est vu reste entre nous."


def make_market(name: str = "Stockage") -> Market:
    """What firms sell."""
    return Market.objects.create(slug=f"market-{next(numbers)}", name=name, name_en="Storage")


def make_visit(*, places: int | None = 5, cap: int | None = 2, text: str = TEXT, **fields: Any) -> Visit:
    """A visit to a vendor in 40 days, open to members, with a text of confidentiality."""
    starts = fields.pop("starts_at", timezone.now() + datetime.timedelta(days=40))
    host = fields.pop("host", None) or make_company(role="vendor")
    event = make_event(
        kind=Event.Kind.SITE_VISIT,
        visibility=fields.pop("visibility", Event.Visibility.MEMBERS),
        starts_at=starts,
        ends_at=fields.pop("ends_at", starts + datetime.timedelta(hours=6)),
        host=host,
        name="Visite",
        name_en="Visit",
        **{name: fields.pop(name) for name in ("slug", "registration_closes_at") if name in fields},
    )
    make_ticket(
        event,
        slug="member",
        audience=Ticket.Audience.MEMBER,
        capacity=places,
        company_cap=cap,
        is_default=True,
        price=fields.pop("price", 0),
    )
    visit = Visit.objects.create(event=event, **{"agreed_at": timezone.now(), **fields})
    if text:
        NdaText.objects.create(visit=visit, number=1, text=text)
    return visit


def make_application(visit: Visit, company: Company | None = None, **fields: Any) -> Application:
    """Apply for the visit as a new member of this or a new company."""
    return apply_for_visit(visit=visit, person=make_member(company, **fields))


def accept_current_text(application: Application) -> Application:
    """Accept the current text for the application, and return it."""
    text = NdaText.objects.filter(visit=application.visit).first()
    assert text is not None
    accept_nda_text(application=application, text_hash=text.hash, name="Ana Silva")
    return application


def get_state(application: Application) -> ApplicationState:
    """Return the current state of the application."""
    found = Application.objects.select_related("visit__event").get(pk=application.pk)
    return find_states(found.visit, [found])[found.pk]


def reload_visit(visit: Visit) -> Visit:
    """Return the visit as it is stored."""
    return Visit.objects.select_related("event__host").get(pk=visit.pk)


def get_applicant(application: Application) -> Person:
    """Return the person who applied."""
    assert application.person is not None
    return application.person
