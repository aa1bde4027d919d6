"""Freeze: write down who gets a mailing, at the moment it begins; ids alone."""

from itertools import batched
from typing import Final

from django.db import transaction
from django.utils import timezone

from .audience import Group, audience_of
from .models import Mailing, Recipient

AT_ONCE: Final = 2000


@transaction.atomic
def freeze(*, mailing: Mailing) -> None:
    """Make its recipients, unless they are made already."""
    locked = Mailing.objects.under_way().select_for_update().filter(pk=mailing.pk, started_at__isnull=True)
    if not locked:
        return
    now = timezone.now()
    for groups in batched(audience_of(mailing).groups, AT_ONCE, strict=False):
        add(mailing, groups)
    Mailing.objects.filter(pk=mailing.pk).update(started_at=now)
    mailing.started_at = now


def add(mailing: Mailing, groups: tuple[Group, ...]) -> list[Recipient]:
    """A recipient for each of these, and the registrations it is about."""
    now = timezone.now()
    made = Recipient.objects.bulk_create(
        Recipient(mailing=mailing, language=group.language, left_out=group.left_out, due_at=now)
        for group in groups
    )
    through = Recipient.registrations.through
    through.objects.bulk_create(
        through(recipient_id=recipient.pk, registration_id=registration)
        for recipient, group in zip(made, groups, strict=True)
        for registration in group.registrations
    )
    return made
