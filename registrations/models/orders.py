"""Orders: what one buyer asked for at once, and the key it came with."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from convention.creditor_reference import creditor_reference
from convention.events.models import Event
from convention.money import Money

from .order_links import OrderLinks

UNVERIFIED = models.Q(needs_verification=True, verified_at__isnull=True)


class OrderQuerySet(models.QuerySet["Order"]):
    """Sets of orders."""

    def alone(self) -> Self:
        """Locked until the transaction ends: always before their registrations, lest two wait in a ring."""
        return self.order_by("pk").select_for_update(no_key=True, of=("self",))

    def unverified(self) -> Self:
        """Return orders on invoice whose buyer has not opened the mailed link yet."""
        return self.filter(UNVERIFIED)


BY_CONTACT = "company"
"""The source of an order that a company's contact made."""


class Order(OrderLinks):
    """What one buyer asked for at once: one or more registrations, and how it is paid."""

    class Payment(models.TextChoices):
        FREE = "free", _("free")
        INVOICE = "invoice", _("to invoice")
        CARD = "card", _("by card")

    event = models.ForeignKey(Event, models.CASCADE, related_name="orders")
    email = models.EmailField(_("e-mail"), blank=True)
    company = models.CharField(_("company"), max_length=200, blank=True)
    payment = models.CharField(_("payment"), max_length=20, choices=Payment.choices)
    total = models.PositiveIntegerField(_("total, in cents"), default=0)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    purchase_order = models.CharField(_("purchase order"), max_length=60, blank=True)
    billing_name = models.CharField(_("billed to"), max_length=200, blank=True)
    billing_street = models.CharField(_("street"), max_length=200, blank=True)
    billing_postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    billing_city = models.CharField(_("city"), max_length=100, blank=True)
    billing_country = models.CharField(_("country"), max_length=2, blank=True)
    source = models.CharField(_("source"), max_length=20, default="page")
    network = models.CharField(
        _("network"), max_length=43, blank=True, default="", db_default="", editable=False
    )
    needs_verification = models.BooleanField(default=False, db_default=False, editable=False)
    verified_at = models.DateTimeField(_("address verified"), null=True, blank=True, editable=False)
    verification_sent_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = OrderQuerySet.as_manager()

    booked: list[Any] | None = None  # the registrations that `register` has just booked, to save a query

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["reference"], name="order_reference")]
        indexes = [
            models.Index(fields=["event", "created_at"], condition=UNVERIFIED, name="order_unverified"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def cost(self) -> Money:
        """The total with its currency."""
        return Money(self.total, self.currency)

    @property
    def due(self) -> Money:
        """What is to be paid: places that stand and what goes with them, what is kept of others, packages."""
        rows = [one for one in self.registrations.all() if self.owes_for(one)]
        models.prefetch_related_objects(rows, "addons")
        packages = [one.price for one in self.sponsorships.all() if one.cancelled_at is None]
        return Money(sum(one.owed for one in rows) + sum(packages), self.currency)

    def owes_for(self, registration: Any) -> bool:
        """Whether one of its registrations may cost something: not one that was never proven in time.

        One of a provisional order may be confirmed late: it is had again then.
        """
        expired = registration.state == registration.State.EXPIRED
        return self.is_provisional or not expired

    @property
    def is_by_card(self) -> bool:
        """Whether its places are confirmed by a payment."""
        return self.payment == self.Payment.CARD

    @property
    def awaits_verification(self) -> bool:
        """Return whether its places wait until the buyer opens the link mailed to `email`."""
        return self.needs_verification and self.verified_at is None

    @property
    def is_provisional(self) -> bool:
        """Return whether its places are only held: for a payment by card, or for a verified address."""
        return self.is_by_card or self.awaits_verification

    @property
    def creditor_reference(self) -> str:
        """What a bank transfer for it names: its reference with check digits (ISO 11649)."""
        return creditor_reference(self.reference)

    @property
    def start_path(self) -> str:
        """Return the page to go on with: the payment where it is by card, else the order."""
        if not self.is_by_card:
            return self.manage_path
        with translation.override(self.language):
            return reverse("order-pay", args=[self.reference, self.manage_secret])

    @property
    def next_path(self) -> str:
        """Return the page for whoever sent the order, also again under the same idempotency key.

        Once the link was replaced, the sender may not be its owner: then the page that e-mails links.
        """
        return self.lost_link_path if self.link_version else self.start_path

    @property
    def sender_url(self) -> str:
        """Return the order's link for whoever sent the order, by the same rule as `next_path`."""
        return f"{settings.SITE_URL}{self.lost_link_path if self.link_version else self.manage_path}"


class IdempotencyKey(models.Model):
    """What a program or form sent with an order, so that sending it again books nothing again."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="+", db_index=False)
    order = models.ForeignKey(Order, models.CASCADE, related_name="+")
    key_hash = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "key_hash"], name="one_order_per_idempotency_key")
        ]

    def __str__(self) -> str:
        return f"{self.order} {self.key_hash[:8]}"
