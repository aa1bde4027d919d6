"""Every address of the site, objects of two events to fill them, and a person for each role."""

import datetime
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from badges.attendance.devices.pairing import pair_device
from badges.attendance.devices.pairing_codes import invite_devices
from badges.attendance.models import Checkpoint, ConflictResolution, Device, Scan
from badges.certificates.models import Certificate
from badges.desk.models import DeskDevice
from convention.club.models import (
    ClubRole,
    Company,
    CompanyContact,
    CompanyRole,
    DirectoryImport,
    Employment,
    Market,
    Person,
)
from convention.events.models import Delegation, Event, EventRole
from convention.jobs.models import Job
from convention.privacy.models import PrivacyCase, Purpose, PurposeText
from registrations.company.models import CompanyOrder
from registrations.invoices.ledger.charges import ChargeItem
from registrations.models import ImportRun, Quota, Registration, WaitingEntry
from registrations.order_request import OrderRequest
from registrations.quotations.create import create_package_quotation
from registrations.visits.models import Application, NdaText, Proposal, Visit
from schedule.models import (
    PersonalAgenda,
    ScheduleVersion,
    Session,
    Speaker,
    SpeakerLink,
    SpeakerMail,
    SpeakerMailing,
    SpeakerPhoto,
)
from tests.convention.club.objects import make_governance_objects
from tests.factories import (
    START_OF_2020,
    make_addon,
    make_answer_file,
    make_company,
    make_contact,
    make_event,
    make_person,
    make_picture,
    make_plan_run,
    make_print,
    make_registration,
    make_room,
    make_session,
    make_ticket,
    make_track,
    make_voucher,
)
from tests.money_objects import (
    DRAFT_PAGE_ENDINGS,
    RECEIVABLE_PAGES,
    STARTED_PAGE_ENDINGS,
    issue_order_invoice,
    make_bank_line,
    make_mailings,
    make_money_arguments,
    make_unsubscribe_token,
    record_registration_payment,
)
from tests.registrations.company.factories import make_company_quotation
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.sponsors.factories import make_package, make_sponsorship
from tests.registrations.visits.objects import make_host_arguments
from tests.registrations.visits.visit_day import RIDE_PAGE_NAMES, make_ride_objects
from tests.schedule.proposals.factories import make_call, make_proposal, make_slides
from tests.schedule.speakers.factories import make_image

OF_GUESTS = """
badge answers cancel confirm guest check-in undo note language correct substitute payment invoice
""".split()
# Addresses of other packages have locks of their own, tried there.
ELSEWHERE = ("accounts/", "back-office/")


def list_url_patterns(patterns: Any = None, before: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield every named address of ours with its arguments."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if not address.startswith(ELSEWHERE):
                yield from list_url_patterns(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name, list(pattern.pattern.regex.groupindex)


@dataclass(frozen=True)
class Objects:
    """One event with one object of each kind, as arguments of addresses."""

    event: Event
    values: dict[str, Any]
    special: dict[str, dict[str, Any]]
    registration: Registration

    def arguments(self, name: str, arguments: list[str]) -> dict[str, Any]:
        """Return the arguments of an address for this event."""
        given = {**self.values, **self.special.get(name, {})}
        return {argument: given[argument] for argument in arguments}

    def address(self, name: str, arguments: list[str]) -> str:
        """Return the filled address."""
        return reverse(name, kwargs=self.arguments(name, arguments))


def make_event_objects(slug: str, *, spare: int = 0) -> Objects:
    """Create an event with one of everything; `spare` shifts its numbers, so that two events share none."""
    event = make_event(slug=slug)
    ticket = make_ticket(event, slug=f"guest{spare or ''}")
    registration = make_registration(ticket)
    session = make_session(event, speakers=("Ana",), number=1 + spare)
    speaker, track = session.speakers.get(), make_track(event)
    plan_run, agenda_print = make_plan_run(event), make_print(event)
    schedule_version = ScheduleVersion.objects.create(event=event, number=7 + spare)
    selection = PersonalAgenda.objects.create(event=event)
    speaker_token = make_speaker_page(speaker)
    session_proposal, slides = make_proposal(make_call(event)), make_slides(session, speaker)
    make_session(event, "Atelier", number=2 + spare, capacity=5, is_bookable=True)
    address = "w@example.org"
    wait = WaitingEntry.objects.create(event=event, ticket=ticket, email=address, address=address)
    door = Checkpoint.objects.create(event=event, name="Entrée", kind=Checkpoint.Kind.ENTRANCE)
    role = EventRole.objects.create(event=event, person=make_person(), role="desk")
    room = make_room(event)
    imported = ImportRun.objects.create(event=event, created_count=1)
    two = {
        "reference": registration.reference,
        "other": make_registration(ticket, email="two@example.org").reference,
    }
    line, assignment = make_bank_line(registration, spare)
    values = {
        "checkpoint": door.pk, "device": pair_device(checkpoint=door).device.pk, "scan": 1,
        "invitation": invite_devices(checkpoint=door, person=make_person()).pk,
        "event": slug, "slug": slug, "colour": "0b5c8a", "kind": "sold-out", "guid": session.guid,
        "number": session.number, "reference": registration.order.reference,
        "secret": registration.order.manage_secret,
        "person": registration.reference, "role_id": role.pk, "token_id": 1, "session_id": 1,
        "file": "x.log", "position": 1,
        **make_company_objects(registration), **make_governance_objects(spare),
        "line_id": line, "assignment_id": assignment,
        "layout": "a6", "ticket": ticket.slug, "registration": registration.reference,
    }  # fmt: skip
    person = {"reference": registration.reference}
    quota = Quota.objects.create(event=event, name="Salle", capacity=400)
    addon = make_addon(event, slug=f"dinner{spare or ''}")
    voucher = make_voucher(event, code=f"CODE{spare}")
    values |= make_money_arguments(slug, event)
    package = make_package(event, ticket, slug=f"gold{spare or ''}")
    sponsorship = make_sponsorship(package)
    quotation = create_package_quotation(
        package=package, request=OrderRequest(email="q@example.org", places=())
    )
    linked = {"reference": sponsorship.order.reference, "secret": sponsorship.order.manage_secret}
    job = Job.objects.create(event=event, kind="badges", title="Badges", language="fr")
    job.file.save(slug, ContentFile(b"%PDF"))
    draft, sent = make_mailings(registration)
    applicant = make_visit_application(event).pk
    ride = make_ride_objects(event, registration)
    proposal = Proposal.objects.create(title="Stockage", host_name="Nuage")
    special = {
        **make_host_arguments(registration, spare=spare),
        **{f"organize-package{name}": {"slug": package.slug} for name in ("", "-remove", "-take")},
        **{
            f"organize-sponsor{name}": {"pk": sponsorship.pk}
            for name in ("", "-logo", "-logo-new", "-cancel")
        },
        "organize-event-start": {"kind": "convention"},
        "event-picture": {"kind": make_picture(event).kind},
        "sponsor-logo": {"pk": sponsorship.pk},
        "sponsor-order": {"slug": package.slug},
        **{f"order-{name}": linked for name in ("sponsor", "sponsor-logo", "pro-forma", "billing")},
        "quotation": {"secret": quotation.link_token},
        "quotation-pdf": {"secret": quotation.link_token},
        "quotation-mail": {"secret": quotation.link_token},
        "quotation-order": {"secret": quotation.link_token},
        "company-quotation-order": {"secret": make_company_quotation(ticket, values["company"]).link_token},
        **{name: {"reference": values["owed"]} for name in RECEIVABLE_PAGES},
        "receivable-lines": {
            "reference": make_receivable(ChargeItem("hand-1", "Salle", 9_000, 2000), event=event).reference
        },
        **{f"organize-quotation-{n}": {"number": quotation.number} for n in ("mail", "pdf", "withdraw")},
        **{f"organize-mailing{name}": {"pk": draft.pk} for name in DRAFT_PAGE_ENDINGS},
        **{f"organize-mailing{name}": {"pk": sent.mailing_id} for name in STARTED_PAGE_ENDINGS},
        "organize-mailing-log-file": {"pk": sent.mailing_id, "kind": "csv"},
        "organize-mailing-came-back": {"pk": sent.mailing_id, "recipient": sent.pk},
        "organize-mail-bounce-right": person,
        "unsubscribe": {"token": make_unsubscribe_token(sent)},
        "organize-visit-applicant": {"pk": applicant},
        "organize-visit-applicant-decide": {"pk": applicant},
        **{f"organize-visit-{name}": {"pk": ride.pk} for name in RIDE_PAGE_NAMES},
        "organize-visit-certificate": person,
        "organize-job": {"pk": job.pk},
        "organize-delegation-end": {"pk": make_delegation(event).pk},
        **make_privacy_objects(registration),
        "organize-job-file": {"pk": job.pk},
        "speaker": {"guid": speaker.guid},
        "api-speaker": {"guid": speaker.guid},
        "api-room": {"pk": room.pk},
        "speaker-photo": {"guid": speaker.guid},
        **{name: {"token": speaker_token} for name in ("speaker-page", "speaker-page-photo")},
        **{name: {"pk": session_proposal.pk} for name in ("organize-session-proposal", "review-proposal")},
        "own-session-proposal": {"token": session_proposal.link_token},
        **{name: {"pk": slides.pk} for name in ("session-file", "organize-session-file")},
        "organize-session-file-toggle": {"pk": slides.pk},
        "speaker-slides": {"token": speaker_token},
        "speaker-slides-file": {"token": speaker_token, "pk": slides.pk},
        "organize-speaker-mailing": {"pk": make_speaker_mailing(speaker).pk},
        "organize-attendance-file": {"kind": "csv"},
        "organize-attendance-person": person,
        "organize-check-in": person,
        "organize-conflict-resolve": person,
        "organize-conflict-reopen": {"resolution": make_resolution(door, registration).pk},
        "organize-no-shows": {"checkpoint": make_session_checkpoint(session).pk},
        **{
            f"organize-sheet{name}": {"day": str(timezone.localdate(event.starts_at, event.zone))}
            for name in ("", "-pdf")
        },
        **make_certificate_objects(registration),
        **{f"desk-{name}": person for name in OF_GUESTS},
        "desk-device-revoke": {"pk": DeskDevice.objects.create(event=event).pk},
        "desk-receipt": {**person, "pk": record_registration_payment(registration)},
        "desk-payment-undo": {**person, "pk": record_registration_payment(registration)},
        "organize-registration": person,
        "organize-registration-cancel": person,
        "organize-registration-reinstate": person,
        "organize-registration-note": person,
        "organize-registration-change": person,
        "organize-registration-confirm": person,
        "organize-registration-move": person,
        "api-cancel": person,
        "organize-registration-resend": person,
        "organize-registration-renew": person,
        "organize-registration-language": person,
        **{f"organize-plan-run{name}": {"pk": plan_run.pk} for name in ("", "-stop", "-adopt", "-delete")},
        "organize-version-restore": {"number": schedule_version.number},
        **{f"organize-print-{name}": {"pk": agenda_print.pk} for name in ("file", "download")},
        "organize-speaker": {"pk": speaker.pk},
        "organize-speaker-times": {"pk": speaker.pk},
        "organize-schedule-room": {"pk": room.pk},
        **{
            f"organize-speaker-{name}": {"pk": speaker.pk}
            for name in ("remove", "availability", "link-send", "link-revoke", "photo", "photo-file")
        },
        "organize-track": {"pk": track.pk},
        "organize-track-move": {"pk": track.pk},
        "organize-track-remove": {"pk": track.pk},
        "own-agenda-feed": {"token": selection.link_token},
        "shared-agenda": {"token": selection.link_token},
        "agenda-adopt": {"token": selection.link_token},
        "organize-import-preview": {"token": "nothing"},
        **{name: {"token": "forged"} for name in ("verify-order", "confirm-erasure")},
        "club-claim": {"token": "forged"},
        "waiting": {"secret": wait.link_token},
        "waiting-leave": {"secret": wait.link_token},
        "organize-waiting-action": {"pk": wait.pk},
        "organize-registration-sessions": person,
        "organize-registration-answers": person,
        "organize-registrations-import-undo": {"pk": imported.pk},
        "club-import-undo": {
            "pk": DirectoryImport.objects.create(created_count=1, created_keys={"company": [0]}).pk
        },
        **{f"organize-proposal{name}": {"pk": proposal.pk} for name in ("", "-date", "-decide")},
        "proposal-respond": {"pk": proposal.pk},
        "club-long-job": {"pk": Job.objects.create(kind="directory", title="Import", language="fr").pk},
        "host-proposal-withdraw": {"pk": proposal.pk},
        "club-role-end": make_vendor_role(),
        "club-person-role-end": {"role_id": values["role_of_club"]},
        "organize-registration-merge": two,
        "organize-duplicate-apart": two,
        "organize-question": {"slug": f"diet{spare or ''}"},
        "organize-question-move": {"slug": f"diet{spare or ''}"},
        "organize-question-remove": {"slug": f"diet{spare or ''}"},
        "organize-answer-file": {"token": make_answer_file(registration, f"diet{spare or ''}").token},
        "organize-ticket": {"slug": ticket.slug},
        "organize-addon": {"slug": addon.slug},
        "organize-addon-remove": {"slug": addon.slug},
        "organize-quota": {"pk": quota.pk},
        "organize-quota-remove": {"pk": quota.pk},
        "organize-voucher": {"code": voucher.code},
        "organize-voucher-remove": {"code": voucher.code},
        "organize-ticket-remove": {"slug": ticket.slug},
        "badge": {"token": "A" * 125},
        "company-place": person,
        "company-place-invite": person,
        "company-place-cancel": person,
        "company-place-correct": person,
        "company-invoice": {"invoice": issue_order_invoice(registration)},
    }
    special["order-invoice"] = special["company-invoice"]
    return Objects(event, values, special, registration)


def make_resolution(door: Checkpoint, registration: Registration) -> ConflictResolution:
    """Create a scan at the door whose conflict was resolved."""
    device, now = Device.objects.get(checkpoint=door), timezone.now()
    scan = Scan.objects.create(
        uid=uuid.uuid4(), device=device, event=door.event, checkpoint=door, registration=registration,
        payload_hash="x", direction="in", scanned_at=now, received_at=now, effective_at=now,
        verdict="admitted", let_in=True,
    )  # fmt: skip
    return ConflictResolution.objects.create(scan=scan, kind="misuse")


def make_session_checkpoint(session: Session) -> Checkpoint:
    return Checkpoint.objects.create(
        event=session.event, session=session, name=session.title, kind=Checkpoint.Kind.SESSION
    )


def make_certificate_objects(registration: Registration) -> dict[str, dict[str, Any]]:
    """Create a certificate, as argument of addresses."""
    certificate = Certificate.objects.create(
        event=registration.event, registration=registration, name="Zoé Müller"
    )
    code = {"code": certificate.code}
    names = ("organize-certificate", "organize-certificate-pdf", "organize-certificate-withdraw")
    return dict.fromkeys(("certificate", *names), code)


def make_speaker_page(speaker: Speaker) -> str:
    """Give a speaker an address, a published photograph and a link; return the link's token."""
    Speaker.objects.filter(pk=speaker.pk).update(email="ana@example.org")
    SpeakerPhoto.objects.create(
        speaker=speaker, content=make_image(), digest="0", consented_at=timezone.now(), consent_version=1
    )
    return SpeakerLink.objects.create(speaker=speaker).link_token


def make_speaker_mailing(speaker: Speaker) -> SpeakerMailing:
    """Create a mailing that this speaker got."""
    mailing = SpeakerMailing.objects.create(event=speaker.event, subject_fr="Bonjour", text_fr="Bonjour")
    SpeakerMail.objects.create(mailing=mailing, speaker=speaker, accepted_at=timezone.now())
    return mailing


def make_privacy_objects(registration: Registration) -> dict[str, dict[str, Any]]:
    """Create a privacy request and a purpose with its text, as arguments of addresses."""
    case = PrivacyCase.objects.create(kind=PrivacyCase.Kind.ERASURE, email=registration.email)
    purpose, _made = Purpose.objects.get_or_create(slug="photos", defaults={"name": "Photos"})
    PurposeText.objects.get_or_create(purpose=purpose, version=1, defaults={"text": "Oui"})
    names = ("", "-file", "-erase", "-refuse", "-answered", "-person")
    return {
        **{f"privacy-case{name}": {"pk": case.pk} for name in names},
        "privacy-case-ask": {"pk": case.pk, "event": registration.event.slug},
        "privacy-retention-edit": {"slug": "attendees"},
        "privacy-purpose-text": {"slug": purpose.slug},
        "my-privacy-agree": {"key": "purpose-photos"},
        "my-privacy-disagree": {"key": "purpose-photos"},
    }


def make_delegation(event: Event, *, until: datetime.date | None = None) -> Delegation:
    """Create a delegation contract with a firm that ends today, or on that day."""
    firm = make_company(role=CompanyRole.Role.ORGANIZER)
    last = until or timezone.localdate()
    return Delegation.objects.create(event=event, company=firm, starts_on=START_OF_2020, ends_on=last)


def make_delegated_role(contract: Delegation, person: Person, role: str = "organizer") -> EventRole:
    """Create a role for a person of the firm under its contract."""
    Employment.objects.create(person=person, company=contract.company, starts_on=START_OF_2020)
    return EventRole.objects.create(
        event=contract.event, person=person, role=role, starts_on=START_OF_2020, delegation=contract
    )


def make_vendor_role():
    """Create a role of a company that a secretary may end, too."""
    company = make_company()
    role = CompanyRole.objects.create(company=company, role="vendor", starts_on=START_OF_2020)
    return {"company": company.slug, "role_id": role.pk}


def make_company_objects(registration: Registration) -> dict[str, Any]:
    """Create a company with one of everything that addresses name, whose contact ordered that place."""
    company = make_company()
    contact = make_contact(company)
    colleague = make_person()
    job = Employment.objects.create(person=colleague, company=company, starts_on=START_OF_2020)
    CompanyOrder.objects.create(order=registration.order, company=company)
    return {
        "company": company.slug,
        "membership": company.memberships.get().pk,
        "contact": contact.company_contacts.get().pk,
        "seat": contact.seats.get().pk,
        "job": job.pk,
        "employment_id": job.pk,
        "person_id": colleague.pk,
        "address_id": EmailAddress.objects.create(user=colleague, email=f"other-{colleague.pk}@x.example").pk,
        "duplicate_id": make_person().pk,
        "role_of_company": company.roles.get().pk,
        "market": Market.objects.get_or_create(slug="stockage", defaults={"name": "Stockage"})[0].slug,
    }


def make_visit_application(event: Event) -> Application:
    """Create an application for the event, which becomes a visit open to members."""
    visit = Visit.objects.create(event=event, agreed_at=timezone.now())
    NdaText.objects.create(visit=visit, number=1, text="Entre nous.")
    return Application.objects.create(visit=visit, person=make_person())


def make_people_by_role(here: Objects, elsewhere: Event) -> dict[str, Person]:
    """Create one person for each role."""
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    names = (
        "attendee", "other attendee", "company contact", "organizer elsewhere", "desk", "reviewer",
        "organizer", "outside organizer", "former outside organizer", "former organizer", "erased organizer",
        "treasurer", "secretary", "administrator",
    )  # fmt: skip
    people = {name: make_person() for name in names}
    Registration.objects.filter(pk=here.registration.pk).update(person=people["attendee"])
    Registration.objects.filter(event=elsewhere).update(person=people["other attendee"])
    company = Company.objects.get(slug=here.values["company"])
    Employment.objects.create(person=people["company contact"], company=company, starts_on=START_OF_2020)
    CompanyContact.objects.create(company=company, person=people["company contact"], starts_on=START_OF_2020)
    make_delegated_role(make_delegation(here.event), people["outside organizer"])
    make_delegated_role(make_delegation(here.event, until=yesterday), people["former outside organizer"])
    for name, event, role, until in (
        ("organizer elsewhere", elsewhere, "organizer", None),
        ("desk", here.event, "desk", None),
        ("reviewer", here.event, "reviewer", None),
        ("organizer", here.event, "organizer", timezone.localdate()),
        ("former organizer", here.event, "organizer", yesterday),
        ("erased organizer", here.event, "organizer", None),
    ):
        EventRole.objects.create(
            event=event, person=people[name], role=role, starts_on=START_OF_2020, ends_on=until
        )
    for name in ("treasurer", "secretary", "administrator"):
        ClubRole.objects.create(person=people[name], role=name, starts_on=START_OF_2020)
    return people


def make_world() -> tuple[dict[str, Person], dict[str, Any], dict[str, dict[str, Any]]]:
    """Create people by role and address arguments of the event `doors`; `elsewhere` is a bare event."""
    here, elsewhere = make_event_objects("doors"), make_event(slug="elsewhere")
    return make_people_by_role(here, elsewhere), here.values, here.special


def make_client(person: Person | None) -> Client:
    """Return a client, signed in if a person is given."""
    client = Client()
    if person:
        client.force_login(person)
    return client


def is_allowed(answer: HttpResponse) -> bool:
    """Return whether access was granted: no redirect to the sign-in, no 403, no 404."""
    to_sign_in = answer.status_code == 302 and "/login/?next=" in answer["Location"]
    return not to_sign_in and answer.status_code not in {401, 403, 404, 405}
