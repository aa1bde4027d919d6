"""Factories of rows with sensible defaults; a test passes what it is about."""

import datetime
import itertools
from typing import Any

from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from convention.club.models import (
    ClubRole,
    Company,
    CompanyContact,
    CompanyRole,
    Employment,
    Membership,
    Person,
    Plan,
    Seat,
)
from convention.events.models import Event, EventPicture, EventRole, Room
from convention.events.pictures.redraw import RedrawnPicture
from convention.events.pictures.save_pictures import store_picture
from convention.parsing.pictures import encode_jpeg
from registrations.models import (
    Addon,
    AnswerFile,
    Order,
    Question,
    QuestionOption,
    Registration,
    Ticket,
    Voucher,
)
from schedule.drafts.current_draft import copy_draft, get_current_draft
from schedule.models import AgendaPrint, PlanRun, Session, SessionSpeaker, Speaker, Track
from schedule.paper.print_options import PrintOptions

numbers = itertools.count(1)
START_OF_2020 = datetime.date(2020, 1, 1)


def make_event(**fields: Any) -> Event:
    """Create a public convention in a month, with registration open."""
    number = next(numbers)
    starts = timezone.now() + datetime.timedelta(days=30)
    values = {
        "slug": f"event-{number}",
        "name": f"Convention {number}",
        "visibility": Event.Visibility.PUBLIC,
        "starts_at": starts,
        "ends_at": starts + datetime.timedelta(days=1),
    }
    return Event.objects.create(**{**values, **fields})


def make_ticket(event: Event | None = None, **fields: Any) -> Ticket:
    """Create a free ticket for guests without limit."""
    slug = fields.pop("slug", "guest")
    return Ticket.objects.create(
        event=event or make_event(), slug=slug, **{"name": slug.capitalize(), **fields}
    )


def make_addon(event: Event, **fields: Any) -> Addon:
    """Create a dinner at 45 euros without limit, for all tickets."""
    values = {"slug": "dinner", "name": "Dîner", "name_en": "Dinner", "kind": "meal", "price": 4_500}
    return Addon.objects.create(event=event, **{**values, **fields})


def make_voucher(event: Event, *tickets: Ticket, **fields: Any) -> Voucher:
    """Create a code for one place at half price, for these tickets or all."""
    voucher = Voucher.objects.create(
        event=event, **{"code": "HALF", "kind": "percent", "value": 50, "capacity": 1, **fields}
    )
    voucher.tickets.set(tickets)
    return voucher


def make_company(*, role: str | None = CompanyRole.Role.MEMBER, **fields: Any) -> Company:
    """Create a member company."""
    number = next(numbers)
    company = Company.objects.create(**{"name": f"Société {number}", "slug": f"societe-{number}", **fields})
    if role:
        CompanyRole.objects.create(company=company, role=role, starts_on=START_OF_2020)
    if role == CompanyRole.Role.MEMBER:
        make_membership(company)
    return company


def make_membership(company: Company, **fields: Any) -> Membership:
    """Create a confirmed membership without end date, with enough seats."""
    plan, _made = Plan.objects.get_or_create(slug="standard", defaults={"name": "Standard"})
    values = {
        "plan": plan,
        "plan_name": plan.name,
        "seats": 50,
        "starts_on": START_OF_2020,
        "confirmed_on": START_OF_2020,
    }
    return Membership.objects.create(company=company, **{**values, **fields})


def make_person(**fields: Any) -> Person:
    """Create a person with an address."""
    number = next(numbers)
    values = {"email": f"person{number}@example.org", "first_name": "Ana", "last_name": f"Silva {number}"}
    return Person.objects.create_user(**{**values, **fields})


def make_account(**fields: Any) -> Person:
    """Create a person who can sign in, with a verified address."""
    return verify_address(make_person(**fields))


def verify_address(person: Person) -> Person:
    """Verify the person's address, and return the person."""
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def make_member(company: Company | None = None, **fields: Any) -> Person:
    """Create a person at a member company with a seat of its membership, if there is one."""
    person, company = make_person(**fields), company or make_company()
    Employment.objects.create(person=person, company=company, starts_on=START_OF_2020)
    if membership := company.memberships.first():
        Seat.objects.create(membership=membership, person=person, starts_on=START_OF_2020)
    return person


def make_contact(company: Company | None = None, **fields: Any) -> Person:
    """Create a contact of the company, with a seat."""
    person = make_member(company, **fields)
    CompanyContact.objects.create(
        company=person.employments.get().company, person=person, starts_on=START_OF_2020
    )
    return person


def make_order(event: Event, **fields: Any) -> Order:
    """Create a free order of one buyer."""
    return Order.objects.create(event=event, **{"email": "buyer@example.org", "payment": "free", **fields})


def make_registration(ticket: Ticket | None = None, **fields: Any) -> Registration:
    """Create a confirmed registration in an order of its own."""
    ticket = ticket or make_ticket()
    order = fields.pop("order", None) or make_order(ticket.event)
    values = {
        "first_name": "Zoé",
        "last_name": "Müller",
        "email": "zoe@example.org",
        "company": "Acme",
        "confirmed_at": timezone.now(),
    }
    registration = Registration.objects.create(
        event=ticket.event, order=order, ticket=ticket, **{**values, **fields}
    )
    if registration.occupies_place:
        ticket.reserved += 1
        ticket.save(update_fields=["reserved"])
    return registration


def make_room(event: Event, name: str = "Auditorium", **fields: Any) -> Room:
    """Create a room of the event, after the existing ones."""
    return Room.objects.create(event=event, name=name, **{"position": event.rooms.count(), **fields})


def make_track(event: Event, name: str = "Cloud", **fields: Any) -> Track:
    """Create a track with a colour."""
    return Track.objects.create(event=event, name=name, **{"color": "#0b5c8a", "slug": "cloud", **fields})


def make_session(
    event: Event, title: str = "Session", *, speakers: tuple[str, ...] = (), minutes: int = 50, **fields: Any
) -> Session:
    """Create a session at the event's start, in no room; speakers by name, created if new."""
    starts = fields.pop("starts_at", event.starts_at)
    ends = starts + datetime.timedelta(minutes=minutes) if starts else None
    values = {"number": event.sessions.count() + 1, "starts_at": starts, "ends_at": ends}
    session = Session.objects.create(event=event, title=title, **{**values, **fields})
    for position, name in enumerate(speakers):
        speaker, _ = Speaker.objects.get_or_create(event=event, name=name)
        SessionSpeaker.objects.create(session=session, speaker=speaker, position=position)
    return session


def make_plan_run(event: Event) -> PlanRun:
    """Create a run of the planner that ended with a copy of the draft as its proposal."""
    draft = get_current_draft(event)
    return PlanRun.objects.create(
        event=event, from_draft=draft, proposal=copy_draft(draft=draft), state=PlanRun.State.DONE
    )


def make_print(event: Event, requested_by: Person | None = None) -> AgendaPrint:
    """Create a print of the booklet whose file is ready, of a past state of the programme."""
    row = AgendaPrint(
        event=event,
        kind="booklet",
        options=PrintOptions().to_json(),
        options_key="booklet",
        fingerprint=str(next(numbers)),
        requested_by=requested_by or make_person(),
        finished_at=timezone.now(),
        page_count=4,
        byte_count=9,
    )
    row.file.save("print.pdf", ContentFile(b"%PDF-1.4\n"), save=False)
    row.save()
    return row


def make_administrator(**fields: Any) -> Person:
    """Create a person who organizes every event of the club."""
    person = make_person(**fields)
    ClubRole.objects.create(
        person=person, role=ClubRole.Role.ADMINISTRATOR, starts_on=datetime.date(2020, 1, 1)
    )
    return person


def make_secretary(**fields: Any) -> Person:
    """Create the club's secretary."""
    person = make_person(**fields)
    ClubRole.objects.create(person=person, role=ClubRole.Role.SECRETARY, starts_on=START_OF_2020)
    return person


def make_staff(event: Event, role: str = "organizer", **fields: Any) -> Person:
    """Create a person with a role for that event alone."""
    person = make_person(**fields)
    EventRole.objects.create(event=event, person=person, role=role, starts_on=datetime.date(2020, 1, 1))
    return person


def make_question(event: Event, slug: str = "diet", options: Any = (), **fields: Any) -> Question:
    """Create a text question; or, with options as slugs or (slug, places), a choice."""
    kind = Question.Kind.CHOICE if options else Question.Kind.TEXT
    values = {"text": slug.capitalize(), "kind": kind, "position": next(numbers)}
    question = Question.objects.create(event=event, slug=slug, **{**values, **fields})
    for position, option in enumerate(options):
        name, places = option if isinstance(option, tuple) else (option, None)
        words = {"text": name.capitalize(), "capacity": places, "position": position}
        QuestionOption.objects.create(question=question, slug=name, **words)
    return question


def make_answer_file(registration: Registration, slug: str = "diet") -> AnswerFile:
    """Create a small PDF as the answer to a question."""
    question = make_question(registration.event, slug, kind=Question.Kind.FILE)
    token = f"{registration.pk:0>43}"
    registration.answers = {slug: {"file": token, "name": "a.pdf"}}
    registration.save(update_fields=["answers"])
    return AnswerFile.objects.create(
        event=registration.event, question=question, registration=registration, token=token, name="a.pdf",
        content_type="application/pdf", content=b"%PDF-1.4",
    )  # fmt: skip


def make_picture(event: Event, kind: str = "header") -> EventPicture:
    """Give the event a plain picture of 800 by 450 pixels."""
    content = encode_jpeg(Image.new("RGB", (800, 450), "#446688"))
    return store_picture(event=event, kind=kind, picture=RedrawnPicture(content, "image/jpeg", 800, 450))
