"""Sample: a mailing as a real recipient would get it, to look at and to send to oneself."""

import secrets

from django.db import transaction
from django.tasks import task
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.models import Person
from convention.errors import ConventionError
from convention.mail import Letter, send
from registrations.models import Registration

from .audience import Audience, Group, audience_of
from .letters import Addressee, Writer, as_test
from .models import Mailing
from .tokens import OF_NOBODY

SHOWN = 100


class NobodyToShow(ConventionError):
    """There is no recipient, or no text, to show it with."""

    kind = "nobody-to-show"


def names_of(audience: Audience) -> list[tuple[str, str]]:
    """The first recipients: the reference of a registration, and whose it is."""
    first = {group.registrations[0]: group.address for group in audience.groups[:SHOWN]}
    rows = Registration.objects.filter(pk__in=first).order_by("sort_name", "pk")
    return [(one.reference, f"{one.name} ({first[one.pk]})") for one in rows]


def sample_letter(mailing: Mailing, *, language: str, reference: str = "") -> Letter:
    """The letter that the person with that reference would get, or the first of all, in a language.

    Raises NobodyToShow.
    """
    if language not in mailing.languages:
        raise NobodyToShow(_("There is no text in this language yet."))
    group = _group(audience_of(mailing), language, reference, mailing)
    people = Registration.objects.select_related("order", "ticket").filter(pk__in=group.registrations)
    addressee = Addressee(list(people.order_by("pk")), language, OF_NOBODY, f"mailing-{mailing.pk}-test")
    for registration in addressee.registrations:
        registration.event = registration.order.event = mailing.event
    return Writer(mailing, language).write(addressee)


def _group(audience: Audience, language: str, reference: str, mailing: Mailing) -> Group:
    """Whose letter to show: the one asked for, else the first who reads that language, else the first."""
    wanted = Registration.objects.filter(event=mailing.event, reference=reference).values_list(
        "pk", flat=True
    )
    pk = wanted.first() if reference else None
    groups = [
        *(group for group in audience.groups if pk in group.registrations),
        *(group for group in audience.groups if group.language == language),
        *audience.groups,
    ]
    if not groups:
        raise NobodyToShow(_("Nobody would get it: choose other recipients."))
    return groups[0]


@transaction.atomic
def send_test(*, mailing: Mailing, to: Person, language: str, reference: str = "") -> str:
    """Queue the letter to oneself; the address it goes to. Raises NobodyToShow."""
    sample_letter(mailing, language=language, reference=reference)
    address = to.email
    if not address:
        raise NobodyToShow(_("Your account has no address to send it to."))
    record("mailing.test", mailing, event=mailing.event)
    send_sample.enqueue(mailing.pk, to.pk, language, reference)
    return address


@task()
def send_sample(mailing_id: int, person_id: int, language: str, reference: str) -> None:
    """Send it; what comes twice is told by its id."""
    mailing = Mailing.objects.select_related("event__venue").get(pk=mailing_id)
    letter = sample_letter(mailing, language=language, reference=reference)
    person = Person.objects.get(pk=person_id)
    send(as_test(letter, to=person.email or "", key=f"{letter.key}-{secrets.token_hex(6)}"))
