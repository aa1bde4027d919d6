"""Sponsorship packages, and the sponsorships that ordered them; independent of the programme."""

import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from convention.club.models import Company
from convention.db.limited_stock import WITHIN_CAPACITY
from convention.events.models import Event
from convention.money import Money
from convention.text.normalize import casefold_text

from .order_item import OrderItem
from .orders import Order
from .sale_items import VAT_EXEMPTION_CONDITION, SaleItem, TaxedItem
from .tickets import Ticket

MAX_INCLUDED_PLACES = 50


class Package(SaleItem):
    """A package for a sponsor or exhibitor: a stand, included registrations, a logo.

    Included registrations are of one ticket for the sponsor's guests, and of another for the people at the
    stand.
    """

    # Before tickets, of which a package's included registrations reserve places.
    LOCK_ORDER = 85

    stand = models.CharField(_("stand"), max_length=120, blank=True)
    pass_ticket = models.ForeignKey(
        Ticket,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ticket for the passes"),
    )
    passes = models.PositiveSmallIntegerField(_("passes included"), default=0)
    badge_ticket = models.ForeignKey(
        Ticket,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ticket for the stand badges"),
    )
    badges = models.PositiveSmallIntegerField(_("badges for the stand included"), default=0)
    has_printed_logo = models.BooleanField(_("logo in print"), default=False)

    class Meta(SaleItem.Meta):
        verbose_name = _("package")
        verbose_name_plural = _("packages")
        constraints = [
            models.UniqueConstraint(fields=["event", "slug"], name="package_slug_once_per_event"),
            models.CheckConstraint(name="package_never_oversold", condition=WITHIN_CAPACITY),
            models.CheckConstraint(name="package_exempt_without_vat", condition=VAT_EXEMPTION_CONDITION),
            models.CheckConstraint(
                name="package_passes_of_a_ticket", condition=Q(passes=0) | Q(pass_ticket__isnull=False)
            ),
            models.CheckConstraint(
                name="package_badges_of_a_ticket", condition=Q(badges=0) | Q(badge_ticket__isnull=False)
            ),
        ]

    @property
    def included_tickets(self) -> list[Ticket]:
        """Return the ticket of each included registration, repeated as often as it is included."""
        tickets = ((self.pass_ticket, self.passes), (self.badge_ticket, self.badges))
        return [ticket for ticket, places in tickets if ticket for _place in range(places)]


class SponsorshipQuerySet(models.QuerySet["Sponsorship"]):
    def active(self) -> Self:
        return self.filter(cancelled_at__isnull=True)

    def confirmed(self) -> Self:
        return self.active().filter(confirmed_at__isnull=False)

    def with_expired_hold(self, *, at: datetime.datetime) -> Self:
        """Return pending ones whose hold expired before `at`, so that their package can be released."""
        return self.active().filter(confirmed_at__isnull=True, hold_expires_at__lte=at)

    def with_visible_logo(self, *, at: datetime.datetime) -> Self:
        """Return confirmed ones whose logo is public at `at`, by package and then by name."""
        begun = Q(shown_from__isnull=True) | Q(shown_from__lte=at)
        rows = self.confirmed().filter(begun, logo__isnull=False)
        return rows.order_by("package__position", "package", "sort_name", "pk")


class Sponsorship(TaxedItem, OrderItem):
    """A package taken by a company at the price of that moment; its order has the billing details."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="sponsorships")
    package = models.ForeignKey(Package, models.RESTRICT, related_name="sponsorships")
    order = models.ForeignKey(Order, models.RESTRICT, related_name="sponsorships")
    company = models.ForeignKey(
        Company, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("member company")
    )
    name = models.CharField(_("name shown"), max_length=200)
    sort_name = models.CharField(max_length=200, editable=False)
    contact = models.CharField(_("contact"), max_length=200)
    website = models.URLField(_("website"), blank=True)
    # The package's price may change after it was taken.
    price = models.PositiveIntegerField(_("price, in cents"), default=0)
    shown_from = models.DateTimeField(_("shown from"), null=True, blank=True)
    created_at = models.DateTimeField(_("taken"), auto_now_add=True)

    objects = SponsorshipQuerySet.as_manager()

    class Meta:
        verbose_name = _("sponsorship")
        verbose_name_plural = _("sponsorships")
        ordering = ["package__position", "package", "sort_name", "pk"]
        constraints = [models.UniqueConstraint(fields=["order"], name="one_package_per_order")]

    def __str__(self) -> str:
        return f"{self.name}, {self.package}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the sort key that belongs to the name."""
        self.sort_name = casefold_text(self.name)[:200]
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "sort_name"}
        super().save(*args, **kwargs)

    @property
    def cost(self) -> Money:
        return Money(self.price, self.order.currency)


class SponsorLogo(models.Model):
    """A sponsor's logo, redrawn as PNG (`sponsors/logos.py` has the largest size)."""

    sponsorship = models.OneToOneField(Sponsorship, models.CASCADE, related_name="logo")
    content = models.BinaryField()
    # Part of the image's URL, so that browsers load a new logo instead of the cached one.
    digest = models.CharField(max_length=16)
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    uploaded_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("logo")
        verbose_name_plural = _("logos")

    def __str__(self) -> str:
        return f"{self.sponsorship.name} ({self.digest})"
