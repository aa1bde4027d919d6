"""Acknowledge: the host says that it has the list; and what is noted when it first opens one."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import Closed, InvalidFields
from convention.text import tidy

from .contents import Content, read_list
from .models import HostContact, VisitorList


@transaction.atomic
def open_list(*, visitor_list: VisitorList, by: HostContact | None = None) -> Content:
    """The rows for the host, by its link or its own page; the first opening is noted, each one recorded."""
    content = read_list(visitor_list=visitor_list, by=by, through="link")
    first = VisitorList.objects.filter(pk=visitor_list.pk, opened_at=None)
    first.update(opened_at=timezone.now())
    return content


@transaction.atomic
def acknowledge(*, visitor_list: VisitorList, name: str, by: HostContact | None = None) -> VisitorList:
    """Note who at the host's says that this version arrived; the first word stands.

    Raises InvalidFields without a name, Closed for a version that was never sent or was replaced.
    """
    row = VisitorList.objects.select_for_update(of=("self",)).get(pk=visitor_list.pk)
    name = tidy(name)[:300]
    if not name:
        raise InvalidFields(_("Some fields need another look."), {"name": [_("Write your name.")]})
    refuse_if_replaced(row)
    if row.acknowledged_at is None:
        row.acknowledged_at, row.acknowledged_by = timezone.now(), name
        row.save(update_fields=["acknowledged_at", "acknowledged_by"])
        record(
            "visitor_list.acknowledge",
            row,
            event=visitor_list.visit.event,
            fields=["acknowledged_by"],
            reason=f"host contact #{by.pk}" if by else "link",
        )
    return row


def refuse_if_replaced(row: VisitorList) -> None:
    """Raises Closed where a newer version was sent, or this one never was."""
    newer = VisitorList.objects.filter(visit=row.visit_id, number__gt=row.number, sent_at__isnull=False)
    if row.sent_at is None or newer.exists():
        raise Closed(_("This is not the list that counts: a newer version was sent."))
