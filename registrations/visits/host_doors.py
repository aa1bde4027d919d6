"""Who at the host's sees what: one visit each, by a session of its own or by the link in a list's mail."""

import datetime
from collections.abc import MutableMapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.addresses import folded, same
from convention.errors import Expired, Forbidden, NotFound

from .models import Application, HostContact, Visit, VisitorList
from .send_list import hash_token

type Session = MutableMapping[str, Any]

KEY = "host"
LASTS = datetime.timedelta(hours=12)


class HostSignInNeeded(Forbidden):
    """Nobody from a host's is signed in in this browser: the page offers the link."""


def remember(session: Session, contact: HostContact) -> None:
    """Let this browser in for this contact, for twelve hours; nothing of the club's own sign-in changes."""
    session[KEY] = {"contact": contact.pk, "at": timezone.now().isoformat()}


def forget(session: Session) -> None:
    """Sign out."""
    session.pop(KEY, None)


def contact_in(session: Session) -> HostContact | None:
    """The contact that this browser was let in for, as long as the contact stands."""
    kept = session.get(KEY)
    if not kept or datetime.datetime.fromisoformat(kept["at"]) + LASTS < timezone.now():
        return None
    rows = HostContact.objects.open().select_related("visit__event__venue", "visit__event__host")
    return rows.filter(pk=kept["contact"]).first()


def visits_of(contact: HostContact) -> QuerySet[HostContact]:
    """The same address as a contact of each of its visits, the latest first; nobody else's."""
    rows = HostContact.objects.open().filter(email=folded(contact.email))
    return rows.select_related("visit__event__venue", "visit__event__host").order_by(
        "-visit__event__starts_at"
    )


def signed_in_host(session: Session) -> HostContact:
    """Who of a host's is signed in. Raises HostSignInNeeded."""
    contact = contact_in(session)
    if contact is None:
        raise HostSignInNeeded(_("Sign in by the link that we mail you."))
    return contact


def visit_of_host(slug: str, session: Session) -> tuple[HostContact, Visit]:
    """The visit behind a host's page. Raises HostSignInNeeded, or NotFound for any visit but theirs."""
    contact = visits_of(signed_in_host(session)).filter(visit__event__slug=slug).first()
    if contact is None:
        raise NotFound(_("There is no visit at this address, or it is not one of yours."))
    return contact, contact.visit


def person_of_host(slug: str, pk: int, session: Session) -> tuple[HostContact, Application]:
    """Somebody whom that host expects, or is asked to approve. Raises HostSignInNeeded, NotFound."""
    contact, visit = visit_of_host(slug, session)
    rows = expected_of(visit) | awaiting_of(visit)
    found = (
        rows.select_related("person", "company", "registration", "replaces__registration")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotFound(_("This person is not on your list."))
    found.visit = visit
    return contact, found


def expected_of(visit: Visit) -> QuerySet[Application]:
    """Those on the list that the host was sent; nobody before it is sent or after the purge."""
    if visit.purged_at or visit.sent_at is None:
        return Application.objects.none()
    return Application.objects.confirmed().filter(visit=visit, listed_at__isnull=False)


def awaiting_of(visit: Visit) -> QuerySet[Application]:
    """Replacements that wait for the host's word."""
    if visit.purged_at:
        return Application.objects.none()
    rows = Application.objects.standing().filter(visit=visit, replaces__isnull=False)
    return rows.filter(host_approved_at=None, registration=None)


def list_of_host(visit: Visit) -> VisitorList | None:
    """The list that counts: the last version that was sent."""
    return visit.lists.filter(sent_at__isnull=False).order_by("-number").first()


def list_by_link(token: str) -> VisitorList:
    """The list behind the link in a mail.

    Raises Expired: late, revoked, replaced, purged, never made, or sent to a former security contact.
    """
    rows = VisitorList.objects.select_related("visit__event__venue", "visit__event__host")
    found = rows.filter(link_hash=hash_token(token)).first()
    is_open = found and found.is_linked(at=timezone.now()) and found.is_kept and not found.visit.cancelled_at
    # Whoever was the host's security contact when it was sent may be so no longer.
    if found is None or not is_open or not same(found.sent_to, found.visit.security_email):
        raise Expired(
            _("This link opens nothing any more: it has expired, or a newer version of the list was sent.")
        )
    return found
