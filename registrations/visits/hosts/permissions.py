"""Access for the host's people, by a session apart from the club's accounts or by the link of a sent list."""

import datetime
from collections.abc import MutableMapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import Forbidden, LinkExpired, NotFound
from convention.text.email_addresses import is_same_email, normalize_email
from registrations.visits.models import Application, HostContact, Visit, VisitorList
from registrations.visits.models.identities import hash_token

type BrowserSession = MutableMapping[str, Any]

SESSION_KEY = "host"
# Shorter than the browser session, which the club's accounts share.
SESSION_DURATION = datetime.timedelta(hours=12)


class HostSignInNeeded(Forbidden):
    """No contact is signed in; the page offers a sign-in link."""


class HostVisitCalledOff(HostSignInNeeded):
    """The signed-in contact's visit was called off, so that the session opens nothing any longer."""


class LinkOfCalledOffVisit(LinkExpired):
    """The link is that of the right reader, but its visit was called off."""


def sign_in_contact(session: BrowserSession, contact: HostContact) -> None:
    """Sign the contact in for `SESSION_DURATION`; a sign-in to the club's own pages is not affected."""
    # The time is stored and checked on each request: the cookie's own age is that of the club's sign-in.
    session[SESSION_KEY] = {"contact": contact.pk, "at": timezone.now().isoformat()}


def sign_out_contact(session: BrowserSession) -> None:
    session.pop(SESSION_KEY, None)


def find_signed_in_contact(session: BrowserSession) -> HostContact | None:
    """Return the signed-in contact if the session and the contact are still valid."""
    contact = _find_session_contact(session)
    return contact if contact and not contact.visit.cancelled_at else None


def _find_session_contact(session: BrowserSession) -> HostContact | None:
    """Return the contact of a valid session, also if their visit was called off."""
    stored = session.get(SESSION_KEY)
    if not stored or datetime.datetime.fromisoformat(stored["at"]) + SESSION_DURATION < timezone.now():
        return None
    # Read on each request, so that ending a contact ends its open sessions at once.
    rows = HostContact.objects.filter(ended_at=None)
    return (
        rows.select_related("visit__event__venue", "visit__event__host").filter(pk=stored["contact"]).first()
    )


def list_own_contacts(contact: HostContact) -> QuerySet[HostContact]:
    """Return the contacts with the same address, one per visit, the latest visit first."""
    # A contact is a row for one visit; the same person at another visit is found by their address.
    rows = HostContact.objects.active().filter(email=normalize_email(contact.email))
    return rows.select_related("visit__event__venue", "visit__event__host").order_by(
        "-visit__event__starts_at"
    )


def get_signed_in_contact(session: BrowserSession) -> HostContact:
    """Return the signed-in contact. Raise HostSignInNeeded, or HostVisitCalledOff."""
    contact = find_signed_in_contact(session)
    if contact is None and _find_session_contact(session):
        raise HostVisitCalledOff(_("The visit was called off."))
    if contact is None:
        raise HostSignInNeeded(_("Sign in through the link we e-mail you."))
    return contact


def get_host_visit(slug: str, session: BrowserSession) -> tuple[HostContact, Visit]:
    """Return the contact and the visit. Raise HostSignInNeeded, or NotFound for other visits."""
    contact = list_own_contacts(get_signed_in_contact(session)).filter(visit__event__slug=slug).first()
    if contact is None:
        # The same error for both, so that a host cannot find out about visits to other hosts.
        raise NotFound(_("We could not find this visit, or you are not one of its contacts."))
    return contact, contact.visit


def get_host_visitor(slug: str, pk: int, session: BrowserSession) -> tuple[HostContact, Application]:
    """Return the contact and an expected or proposed visitor. Raise HostSignInNeeded, NotFound."""
    contact, visit = get_host_visit(slug, session)
    rows = list_expected_visitors(visit) | list_proposed_visitors(visit)
    application = (
        rows.select_related("person", "company", "registration", "replaces__registration")
        .filter(pk=pk)
        .first()
    )
    if application is None:
        raise NotFound(_("This person is not on your list."))
    application.visit = visit
    return contact, application


def list_expected_visitors(visit: Visit) -> QuerySet[Application]:
    """Return the applications on the list that was sent; none before sending or after the purge."""
    if visit.purged_at or visit.sent_at is None:
        return Application.objects.none()
    return Application.objects.confirmed().filter(visit=visit, listed_at__isnull=False)


def list_proposed_visitors(visit: Visit) -> QuerySet[Application]:
    """Return the replacements and additional visitors that the host has not decided about yet."""
    if visit.purged_at:
        return Application.objects.none()
    rows = Application.objects.active().filter(visit=visit, proposed_at__isnull=False)
    return rows.filter(host_approved_at=None, registration=None)


def list_approved_visitors(visit: Visit) -> QuerySet[Application]:
    """Return the visitors whom the host approved and who are on no list that was sent yet."""
    if visit.purged_at:
        return Application.objects.none()
    rows = Application.objects.confirmed().filter(visit=visit, listed_at=None)
    return rows.filter(host_approved_at__isnull=False)


def find_current_list(visit: Visit) -> VisitorList | None:
    """Return the last version of the list that was sent."""
    return visit.lists.filter(sent_at__isnull=False).order_by("-number").first()


def get_list_by_link(token: str) -> VisitorList:
    """Return the list behind a mailed link.

    Raise LinkExpired if the link is unknown, expired or revoked, the list was replaced or purged, or it was
    sent to a former security contact, and LinkOfCalledOffVisit if only its visit was called off.
    """
    rows = VisitorList.objects.select_related("visit__event__venue", "visit__event__host")
    # Only the hash is stored. A revoked link has an empty one, which no SHA-256 hash equals.
    visitor_list = rows.filter(link_hash=hash_token(token)).first()
    # The security contact may have changed since the list was sent; the old address loses access.
    is_readers_own = (
        visitor_list is not None
        and visitor_list.has_open_link(at=timezone.now())
        and is_same_email(visitor_list.sent_to, visitor_list.visit.security_email)
    )
    if visitor_list is not None and is_readers_own and visitor_list.visit.cancelled_at:
        raise LinkOfCalledOffVisit(_("The visit was called off."))
    if visitor_list is None or not is_readers_own or not visitor_list.has_rows:
        raise LinkExpired(
            _("This link no longer works: it has expired, or a newer version of the list has been sent.")
        )
    return visitor_list
