"""Sponsorships as organizers list and export them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from convention.events.models import Event
from convention.tables.downloads import TableSheet
from registrations.models import Sponsorship
from registrations.models.sponsors import SponsorshipQuerySet


def list_sponsorships(event: Event) -> SponsorshipQuerySet:
    """Return the event's sponsorships, cancelled ones too, with `place_count` and `named_count`."""
    # Both counts go over the same join, so that they do not multiply each other's rows.
    is_active = Q(order__registrations__cancelled_at__isnull=True)
    is_named = is_active & ~Q(order__registrations__last_name="", order__registrations__first_name="")
    rows: SponsorshipQuerySet = Sponsorship.objects.filter(event=event)
    return (
        rows.select_related("package", "order", "company", "logo")
        .defer("logo__content")
        .annotate(
            place_count=Count("order__registrations", filter=is_active),
            named_count=Count("order__registrations", filter=is_named),
        )
        # Annotating with counts drops the model's default order.
        .order_by("package__position", "package", "sort_name", "pk")
    )


def export_header() -> list[str]:
    """Return the headings of the export."""
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
        _("Names entered"),
        _("Logo"),
        _("Order date"),
        _("Cancelled on"),
    ]


def iterate_export_rows(event: Event) -> Iterator[list[Any]]:
    """Yield the cells of each sponsorship."""
    yes, no = _("yes"), _("no")
    for sponsorship in list_sponsorships(event):
        yield [
            sponsorship.name,
            sponsorship.package.slug,
            sponsorship.contact,
            sponsorship.order.email,
            sponsorship.website,
            sponsorship.package.stand,
            Decimal(sponsorship.price).scaleb(-2),
            sponsorship.order.currency,
            sponsorship.order.reference,
            sponsorship.order.purchase_order,
            sponsorship.place_count,  # type: ignore[attr-defined]  # annotated above
            sponsorship.named_count,  # type: ignore[attr-defined]  # annotated above
            yes if hasattr(sponsorship, "logo") else no,
            sponsorship.created_at.astimezone(event.zone),
            sponsorship.cancelled_at.astimezone(event.zone) if sponsorship.cancelled_at else "",
        ]


def make_sponsorship_sheet(event: Event) -> TableSheet:
    """Return all sponsorships as a sheet to download."""
    return TableSheet(_("Sponsors"), export_header(), iterate_export_rows(event))
