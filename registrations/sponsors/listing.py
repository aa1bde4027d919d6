"""Sponsorships as an organizer lists and exports them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from convention.downloads import Sheet
from convention.events.models import Event

from ..models import Sponsorship
from ..models.sponsors import SponsorshipQuerySet


def sponsorships_of(event: Event) -> SponsorshipQuerySet:
    """All of an event, cancelled ones too, with how many of their places are standing and how many named."""
    standing = Q(order__registrations__cancelled_at__isnull=True)
    named = standing & ~Q(order__registrations__last_name="", order__registrations__first_name="")
    rows: SponsorshipQuerySet = Sponsorship.objects.filter(event=event)
    return (
        rows.select_related("package", "order", "company", "logo")
        .defer("logo__content")
        .annotate(
            places=Count("order__registrations", filter=standing),
            named=Count("order__registrations", filter=named),
        )
        .order_by("package__position", "package", "sort_name", "pk")  # counting leaves out the usual order
    )


def header() -> list[str]:
    """The headings of an exported list."""
    return [
        _("Sponsor"),
        _("Package"),
        _("Contact"),
        _("E-mail"),
        _("Website"),
        _("Stand"),
        _("Price"),
        _("Currency"),
        _("Order reference"),
        _("Purchase order"),
        _("Places"),
        _("Places named"),
        _("Logo"),
        _("Taken on"),
        _("Cancelled on"),
    ]


def rows_of(event: Event) -> Iterator[list[Any]]:
    """The cells of each sponsorship, under `header`."""
    yes, no = _("yes"), _("no")
    for one in sponsorships_of(event):
        yield [
            one.name,
            one.package.slug,
            one.contact,
            one.order.email,
            one.website,
            one.package.stand,
            Decimal(one.price).scaleb(-2),
            one.order.currency,
            one.order.reference,
            one.order.purchase_order,
            one.places,  # type: ignore[attr-defined]  # annotated above
            one.named,  # type: ignore[attr-defined]  # annotated above
            yes if hasattr(one, "logo") else no,
            one.created_at.astimezone(event.zone),
            one.cancelled_at.astimezone(event.zone) if one.cancelled_at else "",
        ]


def sheet_of(event: Event) -> Sheet:
    """The whole list, to download."""
    return Sheet(_("Sponsors"), header(), rows_of(event))
