"""No page or endpoint makes more queries when there are more rows.

Read every address of the URL patterns with few rows and with many, and compare the counts.
"""

import datetime
import uuid

import pytest
from django.core.cache import cache
from django.db import connection, reset_queries
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from badges.attendance.models import Checkpoint, Device, Presence, Scan
from badges.feedback.models import SessionFeedback
from badges.mailings.models import Mailing, Recipient
from convention.audit.models import AuditEntry
from convention.club.models import Company, DirectoryImport, Employment, Market, Person
from convention.events.models import EventRole
from convention.jobs.models import Job
from convention.models import BouncedAddress
from registrations.models import (
    PriceStep,
    Quota,
    Registration,
    RegistrationAddon,
    SessionBooking,
    WaitingEntry,
)
from registrations.order_request import OrderRequest
from registrations.quotations.create import create_package_quotation
from registrations.visits.models import (
    Application,
    DebriefNote,
    FeedbackAnswer,
    FeedbackQuestion,
    NdaAcceptance,
    NdaText,
    Proposal,
    Ride,
    RideSeat,
    Visit,
)
from tests.bearer_tokens import make_tokens
from tests.factories import (
    START_OF_2020,
    make_addon,
    make_administrator,
    make_company,
    make_event,
    make_member,
    make_order,
    make_person,
    make_registration,
    make_room,
    make_session,
    make_ticket,
    make_track,
    make_voucher,
)
from tests.permission_table import POST_ONLY
from tests.registrations.sponsors.factories import make_package, make_sponsorship
from tests.registrations.visits.objects import add_hosted
from tests.schedule.proposals.factories import make_proposal, make_review, make_slides
from tests.site_objects import list_url_patterns, make_client, make_event_objects
from tests.test_permissions import PAGES_NEEDING_DATA

pytestmark = [pytest.mark.django_db, pytest.mark.once, pytest.mark.long]

MORE = 12
ENDPOINTS = {
    "api-event",
    "api-sessions",
    "api-registrations",
    "api-attendance",
    "scanner-snapshot",
    "api-attendance-figures",
    "scanner-conflicts",
} | {
    "api-draft",
    "api-draft-conflicts",
    "api-session",
    "api-speakers",
    "api-session-proposals",
    "api-rooms",
}


def add_one(here, number, person):
    """Add one more object of each kind to the event, related to the others."""
    event, at = here.event, timezone.now()
    room = make_room(event, f"Salle {number}")
    track = make_track(event, f"Parcours {number}", slug=f"p{number}")
    session = make_session(
        event,
        f"Session {number}",
        speakers=(f"Ana {number}", f"Zoé {number}"),
        room=room,
        track=track,
        number=100 + number,
        is_bookable=True,
    )
    ticket = make_ticket(event, slug=f"t{number}", name=f"Billet {number}", capacity=10)
    PriceStep.objects.create(ticket=ticket, price=1, ends_at=at + datetime.timedelta(days=number))
    ticket.quota = Quota.objects.create(event=event, name=f"Quota {number}", capacity=100)
    ticket.save(update_fields=["quota"])
    addon = make_addon(event, slug=f"addon{number}")
    addon.tickets.add(ticket)
    package = make_package(event, ticket, slug=f"gold{number}")
    make_sponsorship(package, name=f"Sponsor {number}")
    create_package_quotation(package=package, request=OrderRequest(email="q@example.org", places=()))
    voucher = make_voucher(event, ticket, code=f"MORE{number}")
    # One registration in the order whose page is read, one in an order of its own.
    company = make_company()
    people = [
        make_registration(
            ticket, order=here.registration.order, company=company.name, last_name=f"B{number}"
        ),
        make_registration(ticket, order=make_order(event), person=person, last_name=f"C{number}"),
    ]
    for one in people:
        RegistrationAddon.objects.create(registration=one, addon=addon, price=4_500)
    Registration.objects.filter(pk__in=[one.pk for one in people]).update(voucher=voucher)
    for registration in people:
        SessionBooking.objects.create(registration=registration, session=session)
    fields = {"event": event, "email": f"w{number}@example.org", "address": f"w{number}@example.org"}
    for awaited in (ticket, here.registration.ticket):
        WaitingEntry.objects.create(ticket=awaited, **fields)
    WaitingEntry.objects.create(event=event, session=session, registration=here.registration)
    door = Checkpoint.objects.create(event=event, name=f"Porte {number}", kind="session", session=session)
    device = Device.objects.create(
        event=event, checkpoint=door, token_hash=f"{number:064}", expires_at=at + datetime.timedelta(days=1)
    )
    for registration in people:
        add_scans(device, registration, at)
    for stars in (3, 4, 5):
        SessionFeedback.objects.create(session=session, stars=stars, comment="Bien")
    EventRole.objects.create(event=event, person=make_member(), role="desk", starts_on=at.date())
    for subject in (here.registration, *people):
        label = f"registrations.registration:{subject.pk}"
        AuditEntry.objects.create(
            actor=make_person(), verb="registration.correct", event=event.slug, subject=label
        )
    add_mailings(event, people)
    add_applications(event, people[1], person, number)
    add_hosted(people[0], number)
    call = event.call_for_proposals
    proposal = make_proposal(call, f"Proposal {number}", session=session, accepted_at=at)
    make_review(proposal, make_person(), 3, 4)
    make_review(make_proposal(call, f"Open {number}"), person, 3, 4)
    make_slides(session, session.speakers.all()[0])
    add_visitors(event, people, number)
    add_directory(event, number)
    other = make_event()
    make_registration(make_ticket(other), person=person)


def add_applications(event, place, person, number):
    """Add an application with a place, a waiting one and a text to the visit, and a visit of the reader."""
    visit = Visit.objects.get(event=event)
    text = NdaText.objects.create(visit=visit, number=number + 2, text=f"Version {number}")
    placed, _made = Application.objects.update_or_create(
        visit=visit, registration=place, defaults={"person": make_member(), "company": make_company()}
    )
    NdaAcceptance.objects.create(application=placed, nda=text, name="Ana", hash=text.hash)
    waits = WaitingEntry.objects.filter(event=event, ticket=place.ticket).last()
    Application.objects.create(visit=visit, person=make_member(), company=make_company(), waiting_entry=waits)
    other = Visit.objects.create(event=make_event(kind="site_visit"), agreed_at=timezone.now())
    Application.objects.create(visit=other, person=person)


def add_visitors(event, people, number):
    """Give these people a place at the visit and in a new ride, with scans and notes."""
    visit = Visit.objects.get(event=event)
    ride = Ride.objects.create(
        visit=visit, direction="out", meeting_point=f"Gare {number}", leaves_at=event.starts_at
    )
    coach = Checkpoint.objects.create(event=event, name=f"Car {number}", kind="coach", ride=ride)
    question = FeedbackQuestion.objects.create(visit=visit, text=f"Utile {number} ?")
    for registration in people:
        one, _made = Application.objects.get_or_create(visit=visit, registration=registration)
        RideSeat.objects.create(ride=ride, application=one)
        DebriefNote.objects.create(debrief=visit.debrief, application=one, text="Vu")
        FeedbackAnswer.objects.create(question=question, application=one, rating=4)
        Presence.objects.create(
            event=event,
            checkpoint=coach,
            registration=registration,
            first_entered_at=event.starts_at,
            entries=1,
        )


def add_directory(event, number):
    """Add a company with related objects, a person's history, an import, proposals and a visit."""
    market = Market.objects.create(slug=f"market{number}", name=f"Marché {number}")
    company = Company.objects.filter(contacts__isnull=False).order_by("pk")[0]
    company.markets.add(market)
    company.roles.create(role="vendor", starts_on=START_OF_2020, ends_on=START_OF_2020)
    make_company(parent=company).markets.add(market)
    colleague = Person.objects.filter(employments__company=company, company_contacts=None).order_by("pk")[0]
    other = make_company()
    colleague.employments.create(company=other, starts_on=START_OF_2020, ends_on=START_OF_2020)
    colleague.seats.create(membership=other.memberships.get(), starts_on=START_OF_2020, ends_on=START_OF_2020)
    Employment.objects.create(person=make_person(), company=company, starts_on=START_OF_2020)
    member = make_member(company)
    DirectoryImport.objects.create(imported_by=member, created_count=1)
    for proposal in Proposal.objects.all():
        proposal.interests.create(person=member)
    visited = make_event(kind="site_visit", host=other, visibility="members")
    make_ticket(visited, audience="member")
    visit = Visit.objects.create(event=visited)
    Application.objects.create(visit=visit, person=member, company=company)
    Proposal.objects.create(title="Stockage", host=other, proposed_by=member, visit=visit)
    Proposal.objects.create(title="Nuage", host=other, proposed_by=member).interests.create(person=member)


def add_mailings(event, people):
    """Add a draft, and a mailing sent to these people, whose address bounced."""
    at = timezone.now()
    Mailing.objects.create(event=event, subject_fr="Bonjour", text_fr="Bonjour")
    recipient = Recipient.objects.create(
        mailing=Mailing.objects.filter(event=event, started_at__isnull=False).first(),
        language="fr", due_at=at, accepted_at=at,
    )  # fmt: skip
    recipient.registrations.add(*people)
    BouncedAddress.objects.get_or_create(email=people[0].email)


def add_scans(device, registration, at):
    """Add two scans in conflict, and their presence."""
    for verdict in ("admitted", "already_in"):
        Scan.objects.create(
            uid=uuid.uuid4(), device=device, event=device.event, checkpoint=device.checkpoint,
            registration=registration, payload_hash="x", direction="in", scanned_at=at, received_at=at,
            effective_at=at, verdict=verdict, let_in=True,
        )  # fmt: skip
    Presence.objects.create(
        event=device.event, checkpoint=device.checkpoint, registration=registration, is_inside=True,
        first_entered_at=at, last_entered_at=at, last_device=device,
        last_checkpoint=device.checkpoint, entries=1, has_conflict=True, last_scan_at=at,
    )  # fmt: skip


def count_queries(client, address):
    """Return the number of queries for one response without caches, and its status."""
    cache.clear()
    # Pages check for a worker when a task has been waiting for long; on a slow machine, tasks queued by other
    # pages would add queries.
    DBTaskResult.objects.all().delete()
    reset_queries()  # the log of queries has a limit
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)
        if answer.streaming:
            b"".join(answer.streaming_content)
    assert answer.status_code < 500, address
    return len(asked), answer.status_code


def read_all(clients, here, only=None):
    """Return the number of queries and the status, by address and reader; `only` for some of them."""
    found = {}
    for name, arguments in list_url_patterns():
        if name in POST_ONLY or name in PAGES_NEEDING_DATA:
            continue
        address = here.address(name, arguments)
        readers = (
            ("device", "program", "attendance program", "schedule program")
            if name in ENDPOINTS
            else ("anonymous", "administrator")
        )
        for reader in readers:
            if only is None or (name, reader) in only:
                found[name, reader] = count_queries(clients[reader], address)
    return found


def test_query_counts_do_not_grow_with_rows():
    here, elsewhere = make_event_objects("growing"), make_event_objects("elsewhere", spare=7)
    person = make_administrator()
    bearers = make_tokens(here, elsewhere)
    add_one(here, 0, person)
    add_one(here, 1, person)
    clients = {
        "anonymous": Client(),
        "administrator": make_client(person),
        "device": Client(headers={"authorization": f"Bearer {bearers['device']}"}),
        "program": Client(headers={"authorization": f"Bearer {bearers['organizer’s program']}"}),
        "schedule program": Client(
            headers={"authorization": f"Bearer {bearers['organizer’s program of the schedule']}"}
        ),
        "attendance program": Client(
            headers={"authorization": f"Bearer {bearers['organizer’s program of attendance']}"}
        ),
    }
    # A device is seen every half minute, a job counts as interrupted after some: on a slow machine this test
    # takes longer than that.
    later = timezone.now() + datetime.timedelta(hours=1)
    Device.objects.update(seen_at=later)
    Job.objects.update(last_reported_at=later)
    read_all(clients, here)  # fill what is read once for each process
    few = read_all(clients, here)
    for number in range(2, MORE):
        add_one(here, number, person)
    first = read_all(clients, here)
    differing = {place for place in few if few[place] != first[place]}

    many = read_all(clients, here, differing)  # the first request numbers new presences

    assert {place: (few[place], many[place]) for place in differing if few[place] != many[place]} == {}
