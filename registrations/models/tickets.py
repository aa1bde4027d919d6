"""Tickets: ways to come to an event, each with its price and its places."""

import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from convention.club.models import Company
from convention.counters import NEVER_TOO_MANY, Counted
from convention.events.models import Event
from convention.money import Money

from .quotas import Quota
from .vat import EXEMPT_WITHOUT_VAT, Taxed


class Ticket(Taxed, Counted):
    """A way to come, with its price."""

    TURN = 90

    class Audience(models.TextChoices):
        MEMBER = "member", _("member")
        GUEST = "guest", _("guest")
        VENDOR = "vendor", _("vendor")
        SPEAKER = "speaker", _("speaker")
        PRESS = "press", _("press")
        STAFF = "staff", _("staff")

    event = models.ForeignKey(Event, models.CASCADE, related_name="tickets")
    slug = models.SlugField(_("address"), max_length=50)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    description_en = models.CharField(_("description in English"), max_length=300, blank=True)
    audience = models.CharField(
        _("audience"), max_length=20, choices=Audience.choices, default=Audience.GUEST
    )
    price = models.PositiveIntegerField(_("price, in cents"), default=0)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    company_cap = models.PositiveIntegerField(_("places per company"), null=True, blank=True)
    quota = models.ForeignKey(
        Quota, models.SET_NULL, null=True, blank=True, related_name="tickets", verbose_name=_("shared quota")
    )
    least = models.PositiveIntegerField(_("at least per order"), default=1, db_default=1)
    most = models.PositiveIntegerField(_("at most per order"), null=True, blank=True)
    uses_pass = models.BooleanField(_("included in the membership’s passes"), default=False, db_default=False)
    opens_at = models.DateTimeField(_("on sale from"), null=True, blank=True)
    closes_at = models.DateTimeField(_("on sale until"), null=True, blank=True)
    is_public = models.BooleanField(_("offered on the event page"), default=True)
    is_default = models.BooleanField(_("used where no ticket is named"), default=False)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "slug"], name="ticket_slug_once_per_event"),
            models.UniqueConstraint(
                fields=["event"], condition=Q(is_default=True), name="one_default_ticket_per_event"
            ),
            models.CheckConstraint(name="ticket_never_oversold", condition=NEVER_TOO_MANY),
            models.CheckConstraint(name="ticket_exempt_without_vat", condition=EXEMPT_WITHOUT_VAT),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The name in the language of the moment."""
        return self.name_en if translation.get_language() == "en" and self.name_en else self.name

    @property
    def summary(self) -> str:
        """The description in the language of the moment."""
        english = translation.get_language() == "en" and self.description_en
        return self.description_en if english else self.description

    @property
    def cost(self) -> Money:
        """The price with its currency."""
        return Money(self.price, self.currency)

    @property
    def is_for_members(self) -> bool:
        """Whether it is a member's ticket."""
        return self.audience == self.Audience.MEMBER

    @property
    def needs_proof(self) -> bool:
        """Whether a mailed link must prove a member; at an event for members guests' tickets need it too."""
        among_members = self.event.visibility == Event.Visibility.MEMBERS
        return self.is_for_members or (among_members and self.audience == self.Audience.GUEST)

    @property
    def is_early(self) -> bool:
        """Whether its sale has yet to begin."""
        return self.opens_at is not None and timezone.now() < self.opens_at

    def is_on_sale(self, *, at: datetime.datetime | None = None) -> bool:
        """Whether the sale window is open."""
        now = at or timezone.now()
        return (self.opens_at is None or self.opens_at <= now) and (
            self.closes_at is None or now < self.closes_at
        )


class CompanyShare(models.Model):
    """How many places of a ticket one company has taken, counted in one conditional statement."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="shares")
    company = models.ForeignKey(Company, models.CASCADE, related_name="+")
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "company"], name="one_share_per_company")]

    def __str__(self) -> str:
        return f"{self.company}: {self.taken} × {self.ticket}"
