"""Access to sponsorships: by the order's link for sponsors, by permission for organizers."""

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import NotFound
from convention.events.models import Event
from convention.events.permissions import get_event_to_administer, get_visible_event
from registrations.models import Package, SponsorLogo, Sponsorship
from registrations.permissions import LinkAccess, get_order_by_link

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def find_sponsorship_by_link(reference: str, secret: str) -> tuple[LinkAccess, Sponsorship]:
    """Return the sponsorship that an order's full link opens. Raise NotFound or LinkExpired."""
    link_access = get_order_by_link(reference, secret)
    # The content of a logo can be megabytes; pages link to it.
    rows = Sponsorship.objects.select_related("package", "event", "logo").defer("logo__content")
    # An attendee's own link must not open the sponsor's page, which names price and contact.
    sponsorship = rows.filter(order=link_access.order).first() if link_access.is_full else None
    if sponsorship is None:
        raise NotFound(
            _("This link is not valid: it may be incomplete. Copy the whole link from the e-mail.")
        )
    # Instances that are loaded already, to save queries.
    sponsorship.order, sponsorship.event = link_access.order, link_access.order.event
    return link_access, sponsorship


def get_organizer_sponsorship(event: str, pk: int, person: "RequestUser") -> tuple[Event, Sponsorship]:
    """Return an event and its sponsorship. Raise NotFound, Forbidden or SignInRequired."""
    event_obj = get_event_to_administer(event, person)
    rows = Sponsorship.objects.select_related("package", "order", "event", "logo").defer("logo__content")
    sponsorship = rows.filter(event=event_obj, pk=pk).first()
    if sponsorship is None:
        raise NotFound(_("We could not find this sponsorship."))
    return event_obj, sponsorship


def get_organizer_package(event: str, slug: str, person: "RequestUser") -> tuple[Event, Package]:
    """Return an event and its package. Raise NotFound, Forbidden or SignInRequired."""
    event_obj = get_event_to_administer(event, person)
    return event_obj, _get_package(event_obj, slug)


def get_public_package(event: str, slug: str, person: "RequestUser") -> Package:
    """Return a package of an event the person may see. Raise NotFound."""
    return _get_package(get_visible_event(event, person), slug)


def _get_package(event: Event, slug: str) -> Package:
    rows = Package.objects.select_related("pass_ticket", "badge_ticket")
    package = rows.filter(event=event, slug=slug).first()
    if package is None:
        raise NotFound(_("We could not find this package."))
    package.event = event
    return package


def get_public_logo(event: str, pk: int, person: "RequestUser") -> SponsorLogo:
    """Return a logo that is shown now, if the person may see the event. Raise NotFound."""
    event_obj = get_visible_event(event, person)
    # The public logo's address needs no secret, so what is not published must not be found.
    shown = Sponsorship.objects.with_visible_logo(at=timezone.now()).filter(event=event_obj, pk=pk)
    logo = SponsorLogo.objects.filter(sponsorship__in=shown.order_by().values("pk")).first()
    if logo is None:
        raise NotFound(_("We could not find this logo."))
    return logo
