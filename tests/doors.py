"""Every address of the site, with objects of two events to fill them, and everyone who may come to a door."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from badges.attendance.models import Checkpoint
from badges.attendance.pair import pair
from badges.attendance.revoke import revoke
from convention.api.models import ApiToken
from convention.api.tokens import create_token
from convention.club.models import ClubRole, CompanyRole, Employment, Person
from convention.events.models import Event, EventRole
from convention.jobs.models import Job
from registrations.bill import receivable_of
from registrations.checkout.models import Assignment, BankLine, Statement
from registrations.invoices.pay import record_payment
from registrations.models import Registration
from schedule.models import Selection
from tests.factories import (
    make_company,
    make_event,
    make_person,
    make_registration,
    make_room,
    make_session,
    make_ticket,
    make_track,
)

# Addresses of other packages have locks of their own, tried there.
ELSEWHERE = ("accounts/", "back-office/")
LONG_AGO = datetime.date(2020, 1, 1)


def named_addresses(patterns: Any = None, before: str = "") -> Iterator[tuple[str, list[str]]]:
    """Every named address of ours with the arguments it takes."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if not address.startswith(ELSEWHERE):
                yield from named_addresses(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name, list(pattern.pattern.regex.groupindex)


@dataclass(frozen=True)
class Objects:
    """One event with one of everything, as the arguments of addresses."""

    event: Event
    values: dict[str, Any]
    special: dict[str, dict[str, Any]]
    registration: Registration

    def arguments(self, name: str, arguments: list[str]) -> dict[str, Any]:
        """What that address takes, of this event."""
        given = {**self.values, **self.special.get(name, {})}
        return {argument: given[argument] for argument in arguments}

    def address(self, name: str, arguments: list[str]) -> str:
        """The address, filled."""
        return reverse(name, kwargs=self.arguments(name, arguments))


def objects_of(slug: str, *, spare: int = 0) -> Objects:
    """An event with one of everything; `spare` shifts its numbers, so that two events share none."""
    event = make_event(slug=slug)
    ticket = make_ticket(event, slug=f"guest{spare or ''}")
    registration = make_registration(ticket)
    session = make_session(event, speakers=("Ana",), number=1 + spare)
    speaker, track = session.speakers.get(), make_track(event)
    token = f"{spare:043d}"
    selection = Selection.objects.create(event=event, token=token)
    door = Checkpoint.objects.create(event=event, name="Entrée", kind=Checkpoint.Kind.ENTRANCE)
    role = EventRole.objects.create(event=event, person=make_person(), role="desk")
    make_room(event)
    line, assignment = bank_line_of(registration, spare)
    values = {
        "door": door.pk, "device": pair(checkpoint=door).device.pk, "scan": 1,
        "event": slug, "slug": slug, "colour": "0b5c8a", "kind": "sold-out", "guid": session.guid,
        "number": session.number, "reference": registration.order.reference,
        "secret": registration.order.secret,
        "person": registration.reference, "role_id": role.pk, "token_id": 1, "session_id": 1,
        "file": "x.log", "position": 1,
        "line": line, "assignment": assignment,
        "layout": "a6", "ticket": ticket.slug, "registration": registration.reference,
    }  # fmt: skip
    person = {"reference": registration.reference}
    job = Job.objects.create(event=event, kind="badges", title="Badges", language="fr")
    job.file.save(slug, ContentFile(b"%PDF"))
    special = {
        "organize-job": {"pk": job.pk},
        "organize-job-file": {"pk": job.pk},
        "speaker": {"guid": speaker.guid},
        "organize-attendance-file": {"kind": "csv"},
        "organize-attendance-person": person,
        "organize-check-in": person,
        "organize-conflict-resolve": person,
        "desk-badge": person,
        "organize-registration": person,
        "organize-registration-cancel": person,
        "organize-registration-resend": person,
        "organize-registration-renew": person,
        "organize-speaker": {"pk": speaker.pk},
        "organize-speaker-remove": {"pk": speaker.pk},
        "organize-track": {"pk": track.pk},
        "organize-track-move": {"pk": track.pk},
        "organize-track-remove": {"pk": track.pk},
        "my-agenda-feed": {"token": selection.token},
        "shared-agenda": {"token": selection.token},
        "keep-agenda": {"token": selection.token},
        "organize-import-preview": {"token": "nothing"},
        "prove": {"token": "forged"},
        "organize-ticket": {"slug": ticket.slug},
        "organize-ticket-remove": {"slug": ticket.slug},
        "badge": {"token": "A" * 125},
    }
    return Objects(event, values, special, registration)


def bank_line_of(registration: Registration, spare: int) -> tuple[int, int]:
    """A line of a bank statement, a part of it taken as a payment of the order."""
    statement = Statement.objects.create(name=f"{registration.event.slug}.xml")
    line = BankLine.objects.create(
        statement=statement,
        fingerprint=f"{registration.pk}-{spare}",
        booked_on=LONG_AGO,
        amount=1_000,
        party="Acme",
    )
    receivable = receivable_of(registration.order)
    payment = record_payment(receivable=receivable, amount=400, method="transfer")
    made = Assignment.objects.create(line=line, receivable=receivable, payment=payment, amount=400)
    return line.pk, made.pk


def people_of(here: Objects, elsewhere: Event) -> dict[str, Person]:
    """One person for each role."""
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    names = (
        "attendee", "other attendee", "company contact", "organizer elsewhere", "scanner", "desk",
        "organizer", "outside organizer", "former organizer", "erased organizer", "treasurer", "secretary",
        "administrator",
    )  # fmt: skip
    people = {name: make_person() for name in names}
    Registration.objects.filter(pk=here.registration.pk).update(person=people["attendee"])
    Registration.objects.filter(event=elsewhere).update(person=people["other attendee"])
    works(people["company contact"], CompanyRole.Role.MEMBER, is_contact=True)
    works(people["outside organizer"], CompanyRole.Role.ORGANIZER)
    for name, event, role, until in (
        ("organizer elsewhere", elsewhere, "organizer", None),
        ("scanner", here.event, "scanner", None),
        ("desk", here.event, "desk", None),
        ("organizer", here.event, "organizer", timezone.localdate()),
        ("outside organizer", here.event, "organizer", None),
        ("former organizer", here.event, "organizer", yesterday),
        ("erased organizer", here.event, "organizer", None),
    ):
        EventRole.objects.create(
            event=event, person=people[name], role=role, starts_on=LONG_AGO, ends_on=until
        )
    for name in ("treasurer", "secretary", "administrator"):
        ClubRole.objects.create(person=people[name], role=name, starts_on=LONG_AGO)
    return people


def make_world() -> tuple[dict[str, Person], dict[str, Any], dict[str, dict[str, Any]]]:
    """People by role and values for addresses of the event `doors`; `elsewhere` is a bare one."""
    here, elsewhere = objects_of("doors"), make_event(slug="elsewhere")
    return people_of(here, elsewhere), here.values, here.special


def works(person: Person, role: str, *, is_contact: bool = False) -> None:
    """Give a person a job at a company of that role."""
    company = make_company(role=role)
    Employment.objects.create(person=person, company=company, starts_on=LONG_AGO, is_contact=is_contact)


def client_of(person: Person | None) -> Client:
    """A browser, signed in where there is a person."""
    client = Client()
    if person:
        client.force_login(person)
    return client


def is_let_in(answer: HttpResponse) -> bool:
    """Whether the door opened: no sign-in, no refusal, nothing missing; 405 says that there is none."""
    to_sign_in = answer.status_code == 302 and "/login/?next=" in answer["Location"]
    return not to_sign_in and answer.status_code not in {401, 403, 404, 405}


def bearers_of(here: Objects, elsewhere: Objects) -> dict[str, str]:
    """A bearer token of each kind: devices, and programs of people."""
    door = here.event.checkpoints.get()
    revoked = pair(checkpoint=door)
    revoke(device=revoked.device)
    expired = pair(checkpoint=door)
    expired.device.expires_at = timezone.now()
    expired.device.save()
    bearers = {
        "nobody": "x" * 43,
        "device": pair(checkpoint=door).token,
        "revoked device": revoked.token,
        "expired device": expired.token,
    }
    reads = [ApiToken.Scope.REGISTRATIONS_READ]
    for name, event, scopes in (
        ("organizer’s program", here.event, reads),
        ("program of an organizer elsewhere", elsewhere.event, reads),
        ("program without the scope", here.event, [s for s in ApiToken.Scope if s not in reads]),
        ("revoked program", here.event, reads),
        ("expired program", here.event, reads),
        ("program of someone erased", here.event, reads),
    ):
        person = make_person()
        EventRole.objects.create(event=event, person=person, role="organizer", starts_on=LONG_AGO)
        row, bearers[name] = create_token(person_id=person.pk, name=name, scopes=scopes)
        if name.startswith("revoked"):
            ApiToken.objects.filter(pk=row.pk).update(revoked_at=timezone.now())
        if name.startswith("expired"):
            ApiToken.objects.filter(pk=row.pk).update(expires_at=timezone.now())
        if name.endswith("erased"):
            Person.objects.filter(pk=person.pk).update(is_active=False)
    return bearers
