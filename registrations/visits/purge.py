"""Purge: seven days after a visit nothing is left of who its visitors are but hashes, counts and the log."""

import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from convention.audit.record import record

from .models import Application, HostLink, Identity, Visit, VisitorList
from .models.applications import STANDS

KEPT = datetime.timedelta(days=7)


def purge_due() -> None:
    """Recurring work: visits a week past or called off, identities of whoever comes no more, old links."""
    for visit in due(at=timezone.now()):
        purge(visit=visit)
    forget_who_left()
    forget_links(at=timezone.now())


def due(*, at: datetime.datetime) -> list[Visit]:
    """The visits whose identities must go: seven days after their end, or at once when called off."""
    ended = Q(event__ends_at__lte=at - KEPT) | Q(cancelled_at__isnull=False)
    return list(Visit.objects.filter(ended, purged_at=None).select_related("event").order_by("pk"))


@transaction.atomic
def purge(*, visit: Visit) -> Visit:
    """Remove identities, the rows of every list and all links; hashes, counts and the log stay."""
    visit = Visit.objects.select_related("event").select_for_update(of=("self",)).get(pk=visit.pk)
    if visit.purged_at:
        return visit
    identities = Identity.objects.filter(application__visit=visit)
    removed, _kinds = identities.delete()
    lists = VisitorList.objects.filter(visit=visit, sealed__isnull=False)
    emptied = lists.update(sealed=None, link_hash="", link_expires_at=None)
    HostLink.objects.filter(contact__visit=visit).delete()
    visit.purged_at = timezone.now()
    visit.save(update_fields=["purged_at"])
    record(
        "visit.purge",
        visit,
        event=visit.event,
        fields=["identities", "lists"],
        reason=f"{removed} identities, {emptied} lists",
    )
    return visit


@transaction.atomic
def forget_who_left() -> int:
    """Remove the identities of those who withdrew, were refused or lost their place; how many there were."""
    applications = Application.objects.filter(identity__isnull=False)
    gone = applications.exclude(STANDS) | applications.filter(
        Q(registration__isnull=True) | Q(registration__cancelled_at__isnull=False)
    )
    found = list(gone.select_related("visit__event").order_by("pk").distinct())
    for application in found:
        removed, _kinds = Identity.objects.filter(application=application).delete()
        if removed:
            record("identity.remove", application, event=application.visit.event)
    return len(found)


def forget_links(*, at: datetime.datetime) -> None:
    """Remove sign-in links that open nothing any more."""
    HostLink.objects.filter(expires_at__lt=at - datetime.timedelta(days=1)).delete()
