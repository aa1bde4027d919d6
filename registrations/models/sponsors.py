"""Sponsors: packages that companies take, and who took one. Nothing here knows of the programme."""

import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from convention.club.models import Company
from convention.counters import NEVER_TOO_MANY
from convention.events.models import Event
from convention.money import Money
from convention.text import fold

from .offered import Offered
from .orders import Order
from .standing import Standing
from .tickets import Ticket
from .vat import EXEMPT_WITHOUT_VAT, Taxed

MOST_INCLUDED = 50


class Package(Offered):
    """What a sponsor or an exhibitor takes: a stand, places, a logo; never a say in the programme.

    The places included are of one ticket for guests of the sponsor, and of another for who staffs the stand.
    """

    TURN = 85

    stand = models.CharField(_("stand"), max_length=120, blank=True)
    pass_ticket = models.ForeignKey(
        Ticket,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ticket of the passes"),
    )
    passes = models.PositiveSmallIntegerField(_("passes included"), default=0)
    badge_ticket = models.ForeignKey(
        Ticket,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ticket of the badges"),
    )
    badges = models.PositiveSmallIntegerField(_("badges for the stand included"), default=0)
    has_printed_logo = models.BooleanField(_("logo on printed matter"), default=False)

    class Meta(Offered.Meta):
        verbose_name = _("package")
        verbose_name_plural = _("packages")
        constraints = [
            models.UniqueConstraint(fields=["event", "slug"], name="package_slug_once_per_event"),
            models.CheckConstraint(name="package_never_oversold", condition=NEVER_TOO_MANY),
            models.CheckConstraint(name="package_exempt_without_vat", condition=EXEMPT_WITHOUT_VAT),
            models.CheckConstraint(
                name="package_passes_of_a_ticket", condition=Q(passes=0) | Q(pass_ticket__isnull=False)
            ),
            models.CheckConstraint(
                name="package_badges_of_a_ticket", condition=Q(badges=0) | Q(badge_ticket__isnull=False)
            ),
        ]

    @property
    def included(self) -> list[Ticket]:
        """The ticket of each place that comes with it."""
        tickets = ((self.pass_ticket, self.passes), (self.badge_ticket, self.badges))
        return [ticket for ticket, places in tickets if ticket for _place in range(places)]


class SponsorshipQuerySet(models.QuerySet["Sponsorship"]):
    """Sets of sponsorships, with time as an argument."""

    def standing(self) -> Self:
        """Those that were not cancelled."""
        return self.filter(cancelled_at__isnull=True)

    def confirmed(self) -> Self:
        """Those that nothing is awaited for any more."""
        return self.standing().filter(confirmed_at__isnull=False)

    def lapsed(self, *, at: datetime.datetime) -> Self:
        """Those whose time to be paid by card ran out and whose package can be given back."""
        return self.standing().filter(confirmed_at__isnull=True, held_until__lte=at)

    def shown(self, *, at: datetime.datetime) -> Self:
        """Those whose logo everybody sees at that moment: by package, then by the alphabet."""
        begun = Q(shown_from__isnull=True) | Q(shown_from__lte=at)
        rows = self.confirmed().filter(begun, logo__isnull=False)
        return rows.order_by("package__position", "package", "sort_name", "pk")


class Sponsorship(Taxed, Standing):
    """A package that a company took, at the price of that moment; its order says whom to bill."""

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
        """Keep it, and keep the alphabet."""
        self.sort_name = fold(self.name)[:200]
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "sort_name"}
        super().save(*args, **kwargs)

    @property
    def cost(self) -> Money:
        """What it costs, with the order's currency."""
        return Money(self.price, self.order.currency)


class SponsorLogo(models.Model):
    """A sponsor's logo as we drew it anew: a PNG of at most `logo.WIDEST` by `logo.HIGHEST` pixels."""

    sponsorship = models.OneToOneField(Sponsorship, models.CASCADE, related_name="logo")
    content = models.BinaryField()
    digest = models.CharField(max_length=16)
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    uploaded_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("logo")
        verbose_name_plural = _("logos")

    def __str__(self) -> str:
        return f"{self.sponsorship.name} ({self.digest})"
