"""Make a visitor list: the next version, of everybody who is ready, sealed, hashed and compared."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.models import Person
from convention.errors import Closed, ConventionError
from convention.sealed import Unsealable, unseal

from .contents import close, new_content, open_content, row_of
from .differences import Row
from .give_identity import sealed_for
from .identity_fields import asked_by
from .models import Application, Identity, Visit, VisitorList
from .visitors import visitors_of


class SameList(ConventionError):
    """The last version says the same already."""

    kind = "same-list"
    status = 409


class NobodyReady(ConventionError):
    """There is nobody to put on it."""

    kind = "nobody-ready"
    status = 409


@transaction.atomic
def make_list(*, visit: Visit, made_by: Person | None = None) -> VisitorList:
    """Write the next version; those who lack something are left out, and can come on a later one.

    Raises Closed before the lock, after the visit or once it is called off; NobodyReady; SameList; and
    Unsealable with the names of those whose identity no key opens any more.
    """
    visit = Visit.objects.select_related("event").select_for_update(of=("self",)).get(pk=visit.pk)
    refuse_if_not_the_time(visit)
    asked = [str(field) for field in asked_by(visit)]
    rows = _rows(visitors_of(visit).ready, asked)
    last = visit.lists.order_by("-number").first()
    _refuse_needless(rows, last)
    sent = visit.lists.filter(sent_at__isnull=False).order_by("-number").first()
    content = new_content(asked, rows, _rows_of(sent))
    difference = content.difference
    made = VisitorList(
        visit=visit,
        number=last.number + 1 if last else 1,
        made_by=made_by,
        count=len(rows),
        hash=content.hash,
    )
    if difference:
        made.added, made.removed = len(difference.added), len(difference.removed)
        made.changed = len(difference.changed)
    made.sealed = close(content, made)
    made.save()
    record("visitor_list.make", made, event=visit.event, fields=asked)
    return made


def refuse_if_not_the_time(visit: Visit) -> None:
    """Raises Closed where no list can be made or sent."""
    if visit.cancelled_at or visit.purged_at:
        raise Closed(
            _("This visit was called off, or its identities were removed: there is no list any more.")
        )
    if visit.locked_at is None:
        raise Closed(_("Lock the list first: until then places still change hands."))
    if visit.event.ends_at <= timezone.now():
        raise Closed(_("The visit is over: the host needs no list any more."))


def _rows(applications: Sequence[Application], asked: Sequence[str]) -> list[Row]:
    """What the host will read of them; fields that are not asked any more stay out."""
    sealed = Identity.objects.filter(application__in=applications)
    by_application = {identity.application_id: identity for identity in sealed}
    rows, lost = [], []
    for application in applications:
        identity = by_application.get(application.pk)
        try:
            given = unseal(identity.sealed, of=sealed_for(application)) if identity and asked else {}
        except Unsealable:
            lost.append(str(application.person))
            continue
        rows.append(row_of(application, {name: given[name] for name in asked}))
    if lost:
        sentence = _(
            "What these people told cannot be opened any more; ask them to write it anew: %(names)s."
        )
        raise Unsealable(sentence % {"names": ", ".join(lost)})
    return rows


def _rows_of(version: VisitorList | None) -> list[Row] | None:
    """What a version says; None where there is none, or no key opens it: the next one begins anew."""
    try:
        return open_content(version).rows if version else None
    except Unsealable:
        return None


def _refuse_needless(rows: list[Row], last: VisitorList | None) -> None:
    if not rows and last is None:
        raise NobodyReady(_("Nobody is ready for the list: see below what is missing."))
    if last and _rows_of(last) == rows:
        raise SameList(
            _("Nothing changed since version %(number)d: it can be sent again.") % {"number": last.number}
        )
