"""A person with data in every table, and a search for their values in the database."""

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from badges.attendance.devices.pairing import pair_device
from badges.attendance.models import Checkpoint, Presence, Scan
from badges.mailings.models import Mailing, Recipient, Unsubscription
from convention.api.tokens import create_token
from convention.club.models import ClubRole, CompanyContact, Mandate, Person, WorkingGroup
from convention.events.models import Event, EventRole
from convention.jobs.models import Job
from convention.models import BouncedAddress
from convention.privacy.models import Consent, PrivacyCase, Purpose, PurposeText
from registrations.billing.receivables import sync_receivable
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models.documents import Issuer
from registrations.models import (
    ImportedRow,
    ImportRun,
    Registration,
    SessionBooking,
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
from tests.registrations.invoices.factories import make_issuer

START_OF_2020 = datetime.date(2020, 1, 1)
FIRST, LAST, ADDRESS = "Wzanna", "Qvortrup", "wzanna.qvortrup@firm.example"
PERSONAL_VALUES = (FIRST, LAST, ADDRESS)


def past_event(**fields: Any) -> Event:
    """Return an event of last month."""
    starts = timezone.now() - datetime.timedelta(days=30)
    return make_event(starts_at=starts, ends_at=starts + datetime.timedelta(hours=8), **fields)


def make_person_with_data() -> Person:
    """Return a member with data of every kind, and nothing that blocks an erasure."""
    person = make_member(make_company(), first_name=FIRST, last_name=LAST, email=ADDRESS)
    EmailAddress.objects.create(user=person, email=ADDRESS, verified=True, primary=True)
    event = past_event()
    registration = make_past_registration(person, event)
    make_roles(person, event)
    make_mailing_history(registration)
    make_past_visit(person)
    create_token(person_id=person.pk, name="Programme", scopes=["events:read"])
    text = PurposeText.objects.create(
        purpose=Purpose.objects.create(slug="photos", name="Photos"), version=1, text="Oui"
    )
    Consent.objects.create(person=person, text=text)
    PrivacyCase.objects.create(kind="access", person=person, email=ADDRESS)
    return person


def make_past_registration(person: Person, event: Event) -> Registration:
    """Create a paid and invoiced registration with answers, a file, a session and scans."""
    if Issuer.get_current() is None:
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
    receivable = sync_receivable(order)
    issue_invoice(receivable=receivable)
    record_payment(receivable=receivable, amount=12_000, method="transfer")
    session = make_session(event, is_bookable=True)
    SessionBooking.objects.create(registration=registration, session=session)
    ImportedRow.objects.create(
        run=ImportRun.objects.create(event=event), registration=registration, values_after={"last_name": LAST}
    )
    make_scans(registration)
    return registration


def make_scans(registration: Registration) -> None:
    """Create an entry scan and the presence that follows from it."""
    event, at = registration.event, timezone.now() - datetime.timedelta(days=30)
    door = Checkpoint.objects.create(event=event, name="Entrée")
    Scan.objects.create(
        uid="12345678-1234-5678-1234-567812345678", device=pair_device(checkpoint=door).device, event=event,
        checkpoint=door, registration=registration, payload_hash="x", direction="in", scanned_at=at,
        received_at=at, effective_at=at, verdict="admitted", let_in=True,
    )  # fmt: skip
    Presence.objects.create(
        event=event,
        checkpoint=door,
        registration=registration,
        entries=1,
        first_entered_at=at,
        seconds_inside=3600,
    )


def make_roles(person: Person, event: Event) -> None:
    """Give the person roles of every kind, and let them start a job."""
    job = person.employments.get()
    job.title = f"Chef {LAST}"
    job.save()
    CompanyContact.objects.create(company=job.company, person=person, starts_on=START_OF_2020)
    ClubRole.objects.create(person=person, role="treasurer", starts_on=START_OF_2020)
    group = WorkingGroup.objects.create(slug="cloud", name="Cloud", kind="thematic")
    Mandate.objects.create(group=group, person=person, role="lead", starts_on=START_OF_2020)
    EventRole.objects.create(event=event, person=person, role="desk", starts_on=START_OF_2020)
    Event.objects.filter(pk=event.pk).update(contact_email=ADDRESS)
    job_made = Job.objects.create(
        event=event,
        requested_by=person,
        kind="badges",
        title="Badges",
        language="fr",
        finished_at=timezone.now(),
    )
    job_made.file.save("list", ContentFile(f"{FIRST} {LAST}".encode()))


def make_mailing_history(registration: Registration) -> None:
    """Create a mailing, an unsubscription, a bounce, a voucher and an ended wait."""
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


def make_past_visit(person: Person) -> Application:
    """Create a visit that took place, whose lists are purged."""
    visit = Visit.objects.create(event=past_event(kind="site_visit"))
    text = NdaText.objects.create(visit=visit, number=1, text="Chut")
    application = Application.objects.create(visit=visit, person=person)
    NdaAcceptance.objects.create(application=application, nda=text, name=f"{FIRST} {LAST}", hash=text.hash)
    Identity.objects.create(application=application, encrypted_data=b"sealed", field_names=["birth_date"])
    VisitorList.objects.create(
        visit=visit, number=1, hash="a" * 64, count=12, sent_to=ADDRESS, acknowledged_by=f"{FIRST} {LAST}"
    )
    HostContact.objects.create(visit=visit, name=f"{FIRST} {LAST}", email=ADDRESS)
    Interest.objects.create(proposal=Proposal.objects.create(title="Un centre"), person=person)
    Visit.objects.filter(pk=visit.pk).update(security_name=f"{FIRST} {LAST}", security_email=ADDRESS)
    return application


def find_columns_with(values: Iterable[str]) -> set[str]:
    """Return each column that contains one of the values, as `table.column`."""
    found = set()
    wanted = [value.casefold() for value in values]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    said = read_cell(value).casefold()
                    if any(word in said for word in wanted):
                        found.add(f"{table}.{name}")
    return found


def read_cell(value: Any) -> str:
    """Return the content of a cell as text."""
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


def find_files_with(values: Iterable[str]) -> list[Path]:
    """Return each stored file that contains one of the values."""
    paths = [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    return [path for path in paths if any(value.encode() in path.read_bytes() for value in values)]
