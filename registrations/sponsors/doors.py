"""Who sees and changes sponsorships: the sponsor by the order's own link, and who runs the event."""

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import NotFound
from convention.events.doors import event_to_organize, visible_event
from convention.events.models import Event

from ..doors import Grant, order_by_link
from ..models import Package, SponsorLogo, Sponsorship

if TYPE_CHECKING:
    from convention.club.doors import Visitor


def sponsorship_by_link(reference: str, secret: str) -> tuple[Grant, Sponsorship]:
    """What the sponsor's link opens; a link of one of its places does not. Raises NotFound or Expired."""
    grant = order_by_link(reference, secret)
    rows = Sponsorship.objects.select_related("package", "event", "logo").defer("logo__content")
    one = rows.filter(order=grant.order).first() if grant.is_whole else None
    if one is None:
        raise NotFound(_("This link leads to no sponsorship."))
    one.order, one.event = grant.order, grant.order.event
    return grant, one


def sponsorship_to_organize(event: str, pk: int, person: "Visitor") -> tuple[Event, Sponsorship]:
    """One sponsorship of an event that the person runs. Raises NotFound, Forbidden or SignInNeeded."""
    found = event_to_organize(event, person)
    rows = Sponsorship.objects.select_related("package", "order", "event", "logo").defer("logo__content")
    one = rows.filter(event=found, pk=pk).first()
    if one is None:
        raise NotFound(_("There is no such sponsorship."))
    return found, one


def package_to_organize(event: str, slug: str, person: "Visitor") -> tuple[Event, Package]:
    """One package of an event that the person runs. Raises NotFound, Forbidden or SignInNeeded."""
    found = event_to_organize(event, person)
    return found, _package(found, slug)


def package_to_take(event: str, slug: str, person: "Visitor") -> Package:
    """A package of an event that the person may see. Raises NotFound."""
    return _package(visible_event(event, person), slug)


def _package(event: Event, slug: str) -> Package:
    rows = Package.objects.select_related("pass_ticket", "badge_ticket")
    package = rows.filter(event=event, slug=slug).first()
    if package is None:
        raise NotFound(_("There is no such package."))
    package.event = event
    return package


def logo_to_see(event: str, pk: int, person: "Visitor") -> SponsorLogo:
    """A logo that is shown now, to whoever may see the event. Raises NotFound."""
    found = visible_event(event, person)
    shown = Sponsorship.objects.shown(at=timezone.now()).filter(event=found, pk=pk)
    logo = SponsorLogo.objects.filter(sponsorship__in=shown.order_by().values("pk")).first()
    if logo is None:
        raise NotFound(_("There is no such logo."))
    return logo
