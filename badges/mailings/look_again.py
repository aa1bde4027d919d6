"""Look again, right before a batch is sent: who left the segment, whose address changed."""

from collections.abc import Iterable

from django.db import transaction

from convention.addresses import folded
from registrations.models import Registration

from .audience import Group
from .freeze import add
from .letters import Addressee
from .models import Mailing, Recipient
from .segments import Segment, chosen


def addressees_now(mailing: Mailing, recipients: list[Recipient]) -> list[Addressee]:
    """To whom each mail goes as things stand now; about nobody where the segment holds nobody of it any more.

    Whoever cancelled, paid or arrived since is left out where that was asked. A corrected address counts;
    where only some of those that one mail is about have another now, they get a mail of their own.
    """
    here = _still_chosen(mailing, [one.pk for each in recipients for one in each.registrations.all()])
    found = []
    for recipient in recipients:
        people = [one for one in recipient.registrations.all() if one.pk in here]
        together = [one for one in people if _key(one) == _key(people[0])]
        if others := [one for one in people if one not in together]:
            _part(mailing, recipient, others)
        found.append(Addressee(tuple(together), recipient.language, recipient.pk, recipient.key))
    return found


def _still_chosen(mailing: Mailing, people: list[int]) -> set[int]:
    rows = chosen(Segment.of(mailing.segment), mailing.event).filter(pk__in=people)
    return set(rows.values_list("pk", flat=True))


def _key(registration: Registration) -> str:
    return folded(registration.email or registration.order.email)


@transaction.atomic
def _part(mailing: Mailing, recipient: Recipient, others: Iterable[Registration]) -> None:
    """Give those with another address a mail of their own, due at once."""
    groups: dict[str, Group] = {}
    for one in others:
        group = groups.setdefault(_key(one), Group(_key(one), recipient.language))
        group.registrations.append(one.pk)
    recipient.registrations.remove(*others)
    add(mailing, tuple(groups.values()))
