"""Bounce: mail to an address came back, so it is not written to until it is corrected or said to be right."""

import re
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.addresses import folded, same
from convention.audit.record import record
from convention.bounces import bounced_among
from convention.errors import NotFound
from convention.events.models import Event
from convention.models import BouncedAddress
from registrations.listing import came_back
from registrations.models import Registration

from .letters import Addressee
from .models import Recipient
from .notices import Notice

OURS = re.compile(r"mailing-\d+-(?P<recipient>\d{1,18})")


@transaction.atomic
def mark_address(*, event: Event, address: str) -> None:
    """By hand: mail to this address came back. Raises NotFound where nobody at the event has it."""
    holders = having_address(Registration.objects.filter(event=event), address)
    if not holders:
        raise NotFound(_("Nobody registered for this event has this address."))
    keep(address, holders, answer="")
    latest = _latest_mail(holders)
    if latest:
        _mark_mail(latest)


@transaction.atomic
def mark_addresses(*, event: Event, addresses: Iterable[str]) -> list[str]:
    """The same of many; those that nobody at the event has, and that were left alone."""
    unknown = []
    for address in addresses:
        try:
            mark_address(event=event, address=address)
        except NotFound:
            unknown.append(address)
    return unknown


@transaction.atomic
def mark_recipient(*, recipient: Recipient) -> None:
    """By hand, of one mail of a mailing."""
    address = address_of(recipient)
    if not address:
        raise NotFound(_("This recipient has no address any more."))
    event = recipient.mailing.event
    keep(address, having_address(Registration.objects.filter(event=event), address), answer="")
    _mark_mail(recipient)


@transaction.atomic
def mark_reported(*, notice: Notice) -> list[str]:
    """By a mail server’s report: the addresses marked; those that nobody has are not kept."""
    marked = []
    mail = _mail_of(notice.key)
    for failure in notice.failures:
        own = [address_of(mail)] if mail and len(notice.failures) == 1 else []
        for address in dict.fromkeys(folded(one) for one in (*own, *failure.addresses) if one):
            holders = having_address(Registration.objects.all(), address)
            if holders:
                keep(address, holders, answer=failure.answer)
                marked.append(address)
                if found := mail or _latest_mail(holders):
                    _mark_mail(found, answer=failure.answer)
    return marked


@transaction.atomic
def say_right(*, registration: Registration) -> None:
    """The address of this registration is right after all: it is written to again."""
    addresses = bounced_among([registration.email, registration.order.email])
    BouncedAddress.objects.filter(email__in=addresses).delete()
    record("address.right", registration, event=registration.event, fields=["email"])


def keep(address: str, holders: Iterable[Registration], *, answer: str) -> None:
    """Remember the address, and note it in the trail of each who has it."""
    _row, is_new = BouncedAddress.objects.update_or_create(
        email=folded(address), defaults={"answer": answer[:300]}
    )
    if is_new:
        for registration in holders:
            record("address.bounced", registration, event=registration.event, fields=["email"])


def having_address(rows: QuerySet[Registration], address: str) -> list[Registration]:
    """Those of the registrations whose mail goes to that address."""
    either = Q(email__iexact=address) | Q(email="", order__email__iexact=address)
    found = rows.filter(either).select_related("event", "order")
    return [one for one in found if same(one.email or one.order.email, address)]


def bounced_registrations(event: Event) -> QuerySet[Registration]:
    """Those at the event whose address mail came back from."""
    return Registration.objects.filter(came_back(), event=event, cancelled_at__isnull=True)


def address_of(recipient: Recipient) -> str:
    """Where a recipient’s mail goes, as things stand now."""
    people = tuple(recipient.registrations.select_related("order").order_by("pk"))
    return Addressee(people, recipient.language, recipient.pk, recipient.key).address


def _mail_of(key: str) -> Recipient | None:
    found = OURS.fullmatch(key)
    return Recipient.objects.filter(pk=int(found["recipient"])).first() if found else None


def _latest_mail(holders: list[Registration]) -> Recipient | None:
    """The last mail that went to one of these."""
    sent = Recipient.objects.filter(registrations__in=holders, accepted_at__isnull=False)
    return sent.order_by("-accepted_at").first()


def _mark_mail(recipient: Recipient, *, answer: str = "") -> None:
    said = {"answer": answer} if answer else {}
    Recipient.objects.filter(pk=recipient.pk).update(bounced_at=timezone.now(), **said)
