"""Secrets of every kind, created in a used site, and functions that try whether they still work.

`live_secrets` creates one of each kind; `OPENINGS` has a function for each kind that tries a value. A process
that only has a restored database tries all of them with `print_working_kinds`.
"""

import json
import os
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import decrypt
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from badges.attendance.devices.pairing import pair_device
from badges.attendance.models import Device
from badges.codes import build_badge_code
from badges.mailings.unsubscribe import make_unsubscribe_url, read_unsubscribe_token
from convention.api.models import ApiToken
from convention.api.tokens import create_token
from convention.club.claims import get_claimed_person, make_claim_token
from convention.club.models import Person
from convention.codes import badge_codes
from convention.errors import ConventionError
from convention.events.models import Event, EventKey
from convention.jobs.models import Job
from convention.web.link_secrets import find_by_link_token
from registrations.booking.verification import load_verification, make_verification_token
from registrations.invoices.models.documents import Quotation
from registrations.models import AnswerFile, Order, Registration, Voucher, WaitingEntry
from registrations.permissions import (
    get_order_by_link,
    get_waiting_entry_by_link,
    is_own_secret,
    make_own_secret,
)
from registrations.pricing.catalog import find_voucher
from registrations.questions.files import load_file_names
from registrations.visits.hosts.sign_in import hash_token
from registrations.visits.models import HostContact, HostLink, VisitorList
from schedule.exchange.uploads import find_active_uploads, save_upload
from schedule.models import PersonalAgenda, ScheduleUpload, SessionProposal, SpeakerLink
from tests.factories import (
    make_account,
    make_administrator,
    make_person,
    make_question,
    make_registration,
    make_ticket,
)
from tests.site_objects import make_event_objects

SLUG = "convention"
APP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SCHEDULE = b"""BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1
SUMMARY:Ouverture
DTSTART:20270617T080000Z
DTEND:20270617T090000Z
END:VEVENT
END:VCALENDAR
"""


def live_secrets(send_host_link: Callable[[HostContact], str]) -> dict[str, str]:
    """Create and return a working secret of each kind. `send_host_link` returns the token it mailed."""
    here = make_event_objects(SLUG)
    event, registration = here.event, here.registration
    administrator = make_administrator()
    person = make_account(email="ana@example.org", password="a long password")
    address = EmailAddress.objects.create(user=person, email="new@example.org", verified=False)
    TOTP.activate(person, APP_SECRET)
    recovery = RecoveryCodes.activate(person)
    member = make_registration(
        make_ticket(event, slug="members", audience="member"), email="m@example.org", confirmed_at=None
    )
    _leave_traces(event, registration)
    return {
        "session": _session_of(administrator),
        "API token": create_token(
            person_id=administrator.pk, name="x", scopes=[ApiToken.Scope.REGISTRATIONS_READ]
        )[1],
        "device": pair_device(checkpoint=event.checkpoints.get(kind="entrance")).token,
        "order": f"{registration.order.reference}/{registration.order.manage_secret}",
        "own registration": f"{registration.order.reference}/{make_own_secret(registration)}",
        "private place": _private_place(event),
        "confirmation of a colleague": make_claim_token(
            make_person(email=None, claimed_email="ana@example.org")
        ),
        "waiting list": WaitingEntry.objects.filter(ticket__isnull=False)[0].link_token,
        "quotation": Quotation.objects.earliest("pk").link_token,
        "speaker’s page": SpeakerLink.objects.get().link_token,
        "session proposal": SessionProposal.objects.get().link_token,
        "personal programme": PersonalAgenda.objects.get().link_token,
        "unsubscription": make_unsubscribe_url(
            recipient_id=1, address="ana@example.org", language="en"
        ).split("/")[-2],
        "proof of membership": make_verification_token(member.order, member.email),
        "host's sign-in": send_host_link(HostContact.objects.order_by("pk")[0]),
        "visitor list": str(here.special["host-list"]["token"]),
        "voucher": Voucher.objects.get().code,
        "authenticator app": APP_SECRET,
        "recovery code": recovery.get_unused_codes()[0],
        "badge": build_badge_code(registration),
        "badge key": (EventKey.objects.get(event=event).private_key or b"").hex(),
        "new password": f"{person.pk}-{default_token_generator.make_token(person)}",
        "confirmation of an address": EmailConfirmationHMAC(address).key,
        "file nobody claimed": _unclaimed_file(event),
        "preview of a schedule": save_upload(event=event, file_name="x.ics", data=SCHEDULE).token,
    }


def _private_place(event: Event) -> str:
    ticket = make_ticket(event, slug="private")
    place = make_registration(ticket, email="private@example.org", is_private=True)
    return f"{place.order.reference}/{make_own_secret(place)}"


def _session_of(person: Person) -> str:
    client = Client()
    client.force_login(person)
    client.get("/me/security/")
    return client.cookies["sessionid"].value


def _unclaimed_file(event: Event) -> str:
    question = make_question(event, "proof", kind="file")
    return AnswerFile.objects.create(
        event=event,
        question=question,
        token="f" * 43,
        name="a.pdf",
        content_type="application/pdf",
        content=b"%",
    ).token


def _leave_traces(event: Event, registration: Registration) -> None:
    """Create rows that quote a secret: a job's result, and the traceback of a failed task."""
    job = Job.objects.create(event=event, kind="badges", title="Badges", language="fr", outcome="done")
    job.file.save("codes", ContentFile(build_badge_code(registration).encode()))
    for status in ("READY", "FAILED"):
        DBTaskResult.objects.create(
            status=status,
            task_path="badges.confirmations.send.send_order_mails",
            args_kwargs={"args": [registration.order_id], "kwargs": {}},
            queue_name="default",
            backend_name="default",
            priority=0,
            run_after=timezone.now(),
            traceback=f"NoReverseMatch: {registration.order.manage_path}",
        )


def _event() -> Event:
    return Event.objects.get(slug=SLUG)


def _answers(path: str, **headers: str) -> bool:
    return Client(headers=headers).get(path).status_code == 200


def _is_signed_in(key: str) -> bool:
    client = Client()
    client.cookies["sessionid"] = key
    return client.get("/organize/").status_code == 200


def _opens(find: Callable[[str], Any], value: str) -> bool:
    try:
        return bool(find(value))
    except ConventionError:
        return False


def _opens_order(value: str) -> bool:
    reference, _slash, secret = value.partition("/")
    return _opens(lambda given: get_order_by_link(reference, given), secret)


def _renews_password(value: str) -> bool:
    key, _dash, token = value.partition("-")
    person = Person.objects.filter(pk=key).first() if key.isdecimal() else None
    return person is not None and bool(default_token_generator.check_token(person, token))


def _signs_badges(value: str) -> bool:
    try:
        private = bytes.fromhex(value)
        signed = badge_codes.parse_badge_code(
            badge_codes.sign_claim(badge_codes.BadgeClaim(1, "A" * 13, 1), private)
        )
    except (ValueError, ConventionError):
        return False
    return any(signed.is_signed_by(bytes(key.public_key)) for key in EventKey.objects.all())


def _is_badge(value: str) -> bool:
    try:
        signed = badge_codes.parse_badge_code(value)
    except ConventionError:
        return False
    return any(signed.is_signed_by(bytes(key.public_key)) for key in EventKey.objects.all())


def _is_recovery_code(value: str) -> bool:
    rows = Authenticator.objects.filter(type=Authenticator.Type.RECOVERY_CODES)
    return any(value in row.wrap().get_unused_codes() for row in rows)


def _is_app(value: str) -> bool:
    rows = Authenticator.objects.filter(type=Authenticator.Type.TOTP)
    return any(decrypt(row.data["secret"]) == value for row in rows)


OPENINGS: dict[str, Callable[[str], bool]] = {
    "session": _is_signed_in,
    "API token": lambda value: _answers(
        f"/api/v1/events/{SLUG}/registrations/", authorization=f"Bearer {value}"
    ),
    "device": lambda value: _answers("/api/v1/scanner/snapshot/", authorization=f"Bearer {value}"),
    "order": _opens_order,
    "own registration": _opens_order,
    "private place": _opens_order,
    "confirmation of a colleague": lambda value: _opens(get_claimed_person, value),
    "waiting list": lambda value: _opens(get_waiting_entry_by_link, value),
    "quotation": lambda value: _answers(f"/quotations/{quote(value, safe='')}/"),
    "speaker’s page": lambda value: _answers(f"/speakers/{quote(value, safe='')}/"),
    "session proposal": lambda value: _answers(f"/proposals/{quote(value, safe='')}/"),
    "personal programme": lambda value: _answers(f"/events/{SLUG}/agenda/mine/{quote(value, safe='')}.ics"),
    "unsubscription": lambda value: _opens(read_unsubscribe_token, value),
    "proof of membership": lambda value: _opens(load_verification, value),
    "host's sign-in": lambda value: HostLink.objects.filter(hash=hash_token(value)).exists(),
    "visitor list": lambda value: _answers(f"/host/lists/{quote(value, safe='')}/"),
    "voucher": lambda value: find_voucher(_event(), value) is not None,
    "authenticator app": _is_app,
    "recovery code": _is_recovery_code,
    "badge": _is_badge,
    "badge key": _signs_badges,
    "new password": _renews_password,
    "confirmation of an address": lambda value: EmailConfirmationHMAC.from_key(value) is not None,
    "file nobody claimed": lambda value: bool(load_file_names(_event(), [{"proof": value}])),
    "preview of a schedule": lambda value: find_active_uploads(_event(), value).exists(),
}


def find_working_kinds(secrets: dict[str, str]) -> set[str]:
    """Return the kinds whose secret works here."""
    return {kind for kind, value in secrets.items() if OPENINGS[kind](value)}


def print_working_kinds() -> None:
    """Print as JSON the kinds in the environment that work, and a new badge's code."""
    opening = sorted(find_working_kinds(json.loads(os.environ["SECRETS"])))
    confirmed = Registration.objects.filter(event__slug=SLUG, confirmed_at__isnull=False)
    registration = confirmed.order_by("pk")[0]
    codes_of_vouchers = list(Voucher.objects.values_list("code", flat=True))
    print(
        json.dumps(
            {"opening": opening, "badge": build_badge_code(registration), "vouchers": codes_of_vouchers}
        )
    )


def make_lookups() -> dict[str, Callable[[str], object]]:
    """Return by kind a fast form of each opening, on rows read once."""
    orders, registrations = list(Order.objects.all()), list(Registration.objects.select_related("order"))
    hashes = {
        "API token": set(ApiToken.objects.values_list("token_hash", flat=True)),
        "device": set(Device.objects.values_list("token_hash", flat=True)),
        "host's sign-in": set(HostLink.objects.values_list("hash", flat=True)),
        "visitor list": set(VisitorList.objects.values_list("link_hash", flat=True)),
    }
    equal = {
        "session": set(Session.objects.values_list("session_key", flat=True)),
        "voucher": set(Voucher.objects.values_list("code", flat=True)),
        "file nobody claimed": set(
            AnswerFile.objects.filter(registration=None).values_list("token", flat=True)
        ),
        "preview of a schedule": set(ScheduleUpload.objects.values_list("token", flat=True)),
    }
    return {
        **OPENINGS,
        **{kind: lambda value, known=known: hash_token(value) in known for kind, known in hashes.items()},
        **{kind: lambda value, known=known: value in known for kind, known in equal.items()},
        "order": lambda value: any(order.is_valid_manage_secret(value) for order in orders),
        **dict.fromkeys(
            ("own registration", "private place"),
            lambda value: any(is_own_secret(registration, value) for registration in registrations),
        ),
        "quotation": lambda value: find_by_link_token(Quotation.objects.all(), value),
        "speaker’s page": lambda value: find_by_link_token(SpeakerLink.objects.all(), value),
        "session proposal": lambda value: find_by_link_token(SessionProposal.objects.all(), value),
        "personal programme": lambda value: find_by_link_token(PersonalAgenda.objects.all(), value),
        "password": lambda value: any(
            person.check_password(value) for person in Person.objects.exclude(password="")
        ),
    }


def find_opened(candidates: Iterable[str]) -> list[tuple[str, str]]:
    """Return what any of these texts opens, tried as every kind."""
    found = make_lookups()
    assert found.keys() == {*OPENINGS, "password"}
    return [(kind, value) for value in candidates for kind, opens in found.items() if opens(value)]
