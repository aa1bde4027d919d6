"""Somebody of whom the club holds something in every table, and where their values stand in the database."""

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from badges.attendance.models import Checkpoint, Presence, Scan
from badges.attendance.pair import pair
from badges.mailings.models import Mailing, Recipient, Unsubscription
from convention.api.tokens import create_token
from convention.club.models import ClubRole, CompanyContact, Mandate, Person, WorkingGroup
from convention.events.models import Event, EventRole
from convention.jobs.models import Job
from convention.models import BouncedAddress
from convention.privacy.models import Case, Consent, Purpose, PurposeText
from registrations.bill import receivable_of
from registrations.invoices.issue import issue
from registrations.invoices.models import Issuer
from registrations.invoices.pay import record_payment
from registrations.models import (
    ImportedRow,
    ImportRun,
    Order,
    Registration,
    SessionSeat,
    Voucher,
    WaitingEntry,
)
from registrations.visits.models import (
    Application,
    HostContact,
    Identity,
    Interest,
    NdaAcceptance,
    NdaText,
    Proposal,
    Visit,
    VisitorList,
)
from tests.factories import (
    make_answer_file,
    make_company,
    make_event,
    make_member,
    make_order,
    make_registration,
    make_session,
    make_ticket,
)
from tests.registrations.invoices.makers import make_issuer

LONG_AGO = datetime.date(2020, 1, 1)
FIRST, LAST, ADDRESS = "Wzanna", "Qvortrup", "wzanna.qvortrup@firm.example"
VALUES = (FIRST, LAST, ADDRESS)


def past_event(**fields: Any) -> Event:
    """An event that was last month."""
    starts = timezone.now() - datetime.timedelta(days=30)
    return make_event(starts_at=starts, ends_at=starts + datetime.timedelta(hours=8), **fields)


def make_somebody() -> Person:
    """A member with a past of every kind, none of it unsettled."""
    person = make_member(make_company(), first_name=FIRST, last_name=LAST, email=ADDRESS)
    EmailAddress.objects.create(user=person, email=ADDRESS, verified=True, primary=True)
    event = past_event()
    registration = came(person, event)
    works(person, event)
    was_written_to(registration)
    visited(person)
    create_token(person_id=person.pk, name="Programme", scopes=["events:read"])
    text = PurposeText.objects.create(
        purpose=Purpose.objects.create(slug="photos", name="Photos"), number=1, text="Oui"
    )
    Consent.objects.create(person=person, text=text)
    Case.objects.create(kind="access", person=person, email=ADDRESS)
    return person


def came(person: Person, event: Event) -> Registration:
    """A paid and invoiced place with answers, a file, a seat and scans."""
    if Issuer.current() is None:
        make_issuer()
    ticket = make_ticket(event, price=12_000)
    order = make_order(
        event, email=ADDRESS.upper(), payment="invoice", total=12_000, billing_name=f"{FIRST} {LAST}",
        billing_street="1 rue Qvortrup", billing_city="Lyon", billing_postcode="69001", billing_country="FR",
    )  # fmt: skip
    registration = make_registration(
        ticket, order=order, person=person, first_name=FIRST, last_name=LAST, email=ADDRESS, price=12_000
    )
    make_answer_file(registration)
    receivable = receivable_of(order)
    issue(receivable=receivable)
    record_payment(receivable=receivable, amount=12_000, method="transfer")
    session = make_session(event, is_bookable=True)
    SessionSeat.objects.create(registration=registration, session=session)
    ImportedRow.objects.create(
        run=ImportRun.objects.create(event=event), registration=registration, after={"last_name": LAST}
    )
    scanned(registration)
    return registration


def scanned(registration: Registration) -> None:
    """In at the door, and what it adds up to."""
    event, at = registration.event, timezone.now() - datetime.timedelta(days=30)
    door = Checkpoint.objects.create(event=event, name="Entrée")
    Scan.objects.create(
        uid="12345678-1234-5678-1234-567812345678", device=pair(checkpoint=door).device, event=event,
        checkpoint=door, registration=registration, payload_hash="x", direction="in", scanned_at=at,
        received_at=at, effective_at=at, verdict="admitted",
    )  # fmt: skip
    Presence.objects.create(
        event=event, checkpoint=door, registration=registration, entries=1, first_in=at, seconds_inside=3600
    )


def works(person: Person, event: Event) -> None:
    """Roles of every kind, and what was done with them."""
    job = person.employments.get()
    job.title = f"Chef {LAST}"
    job.save()
    CompanyContact.objects.create(company=job.company, person=person, starts_on=LONG_AGO)
    ClubRole.objects.create(person=person, role="treasurer", starts_on=LONG_AGO)
    group = WorkingGroup.objects.create(slug="cloud", name="Cloud", kind="thematic")
    Mandate.objects.create(group=group, person=person, role="lead", starts_on=LONG_AGO)
    EventRole.objects.create(event=event, person=person, role="desk", starts_on=LONG_AGO)
    Event.objects.filter(pk=event.pk).update(contact_email=ADDRESS)
    job_made = Job.objects.create(
        event=event, asked_by=person, kind="badges", title="Badges", language="fr", finished_at=timezone.now()
    )
    job_made.file.save("list", ContentFile(f"{FIRST} {LAST}".encode()))


def was_written_to(registration: Registration) -> None:
    """A mailing, an unsubscription, a bounce, a code and a wait that is over."""
    event, now = registration.event, timezone.now()
    mailing = Mailing.objects.create(event=event, subject_fr="Bonjour", text_fr="Bonjour")
    recipient = Recipient.objects.create(mailing=mailing, language="fr", due_at=now, accepted_at=now)
    recipient.registrations.add(registration)
    Unsubscription.objects.create(email=ADDRESS)
    BouncedAddress.objects.create(email=ADDRESS)
    Voucher.objects.create(event=event, code="ELLE", for_address=ADDRESS)
    WaitingEntry.objects.create(
        event=event, ticket=registration.ticket, first_name=FIRST, last_name=LAST, email=ADDRESS,
        address=ADDRESS, left_at=now,
    )  # fmt: skip


def visited(person: Person) -> Application:
    """A visit that was held, whose lists are purged."""
    visit = Visit.objects.create(event=past_event(kind="site_visit"))
    text = NdaText.objects.create(visit=visit, number=1, text="Chut")
    application = Application.objects.create(visit=visit, person=person)
    NdaAcceptance.objects.create(application=application, nda=text, name=f"{FIRST} {LAST}", hash=text.hash)
    Identity.objects.create(application=application, sealed=b"sealed", fields=["birth_date"])
    VisitorList.objects.create(
        visit=visit, number=1, hash="a" * 64, count=12, sent_to=ADDRESS, acknowledged_by=f"{FIRST} {LAST}"
    )
    HostContact.objects.create(visit=visit, name=f"{FIRST} {LAST}", email=ADDRESS)
    Interest.objects.create(proposal=Proposal.objects.create(title="Un centre"), person=person)
    Visit.objects.filter(pk=visit.pk).update(security_name=f"{FIRST} {LAST}", security_email=ADDRESS)
    return application


def where(values: Iterable[str]) -> set[str]:
    """Each column of the database in which one of the values stands, as `table.column`."""
    found = set()
    wanted = [value.casefold() for value in values]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    said = text_of(value).casefold()
                    if any(word in said for word in wanted):
                        found.add(f"{table}.{name}")
    return found


def text_of(value: Any) -> str:
    """What a column says, bytes too."""
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


def files_with(values: Iterable[str]) -> list[Path]:
    """Each kept file in which one of the values stands."""
    paths = [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    return [path for path in paths if any(value.encode() in path.read_bytes() for value in values)]


def order_of(person: Person) -> Order:
    """What they ordered."""
    return Registration.objects.get(person=person).order
