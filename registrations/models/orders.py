"""Orders, idempotency keys, and alarms about too many unverified orders."""

import enum
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.money import Money, format_creditor_reference
from convention.text.countries import get_foreign_country_name

from .order_item import OrderItem
from .order_links import OrderLinks

# Also the condition of a partial index: a query that writes it differently would not use the index.
UNVERIFIED_ORDER = models.Q(needs_verification=True, verified_at__isnull=True)


class OrderQuerySet(models.QuerySet["Order"]):
    def locked_for_update(self) -> Self:
        """Lock orders until the transaction ends; always before their registrations, to avoid deadlocks."""
        return self.order_by("pk").select_for_update(no_key=True, of=("self",))

    def unverified(self) -> Self:
        """Return orders on invoice whose buyer has not opened the mailed link yet."""
        return self.filter(UNVERIFIED_ORDER)

    def with_verified_buyer(self) -> Self:
        """Return orders whose buyer's address was verified, or whose buyer is known by channel or account."""
        # Free orders and those by card need no verification: anybody can type the address of another person.
        is_exempt = models.Q(payment=Order.Payment.INVOICE, needs_verification=False)
        is_trusted = models.Q(source__in=Order.TRUSTED_SOURCES)
        return self.filter(is_exempt | is_trusted | models.Q(verified_at__isnull=False))


# As buyers type it, with spaces.
MAX_TAX_NUMBER_LENGTH = 30


class Order(OrderLinks):
    """Registrations or a package that one buyer ordered at once, with payment and billing details."""

    class Payment(models.TextChoices):
        FREE = "free", _("free")
        INVOICE = "invoice", _("to invoice")
        CARD = "card", _("by card")

    # Not the choices of the column: no page shows them, so they have no labels.
    class Source(enum.StrEnum):
        """The channel through which the order came."""

        PAGE = "page"
        API = "api"
        COMPANY_CONTACT = "company"
        IMPORT = "import"
        DESK = "desk"
        ORGANIZER = "organizer"
        SPONSOR = "sponsor"
        VISIT_APPLICATION = "visit"
        WAITING_LIST = "waiting"
        SEED = "seed"

    # Their buyer is known: the buyer of a page, the API or a sponsor's form is not.
    TRUSTED_SOURCES = frozenset(
        {
            Source.COMPANY_CONTACT,
            Source.IMPORT,
            Source.DESK,
            Source.ORGANIZER,
            Source.VISIT_APPLICATION,
            Source.WAITING_LIST,
        }
    )

    event = models.ForeignKey(Event, models.CASCADE, related_name="orders")
    # Empty for walk-ins and imported people without an address.
    email = models.EmailField(_("e-mail"), blank=True)
    company = models.CharField(_("company"), max_length=200, blank=True)
    payment = models.CharField(_("payment"), max_length=20, choices=Payment.choices)
    # At the prices of the booking. Cancellations do not lower it: `amount_due` says what is owed now.
    total = models.PositiveIntegerField(_("total, in cents"), default=0)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    purchase_order = models.CharField(_("purchase order"), max_length=60, blank=True)
    billing_name = models.CharField(_("billing name"), max_length=200, blank=True)
    billing_street = models.CharField(_("street"), max_length=200, blank=True)
    billing_postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    billing_city = models.CharField(_("city"), max_length=100, blank=True)
    billing_country = models.CharField(_("country"), max_length=2, blank=True)
    billing_tax_number = models.CharField(
        _("SIREN or VAT number"), max_length=MAX_TAX_NUMBER_LENGTH, blank=True, default="", db_default=""
    )
    source = models.CharField(_("source"), max_length=20, default=Source.PAGE.value)
    # The order from whose page the same buyer started this one.
    previous_order = models.ForeignKey(
        "self", models.SET_NULL, null=True, editable=False, related_name="next_orders", db_index=False
    )
    # The quotation whose places were ordered: its number, since invoices are a layer below.
    quotation_number = models.CharField(
        _("quotation"), max_length=20, blank=True, default="", db_default="", editable=False
    )
    # 43 characters: an IPv6 network of 39 with the length of its prefix.
    network = models.CharField(
        _("network"), max_length=43, blank=True, default="", db_default="", editable=False
    )
    # Each attendee with an address of their own gets their badge and link, too.
    notifies_attendees = models.BooleanField(default=False, db_default=False, editable=False)
    needs_verification = models.BooleanField(default=False, db_default=False, editable=False)
    verified_at = models.DateTimeField(_("address verified"), null=True, blank=True, editable=False)
    verification_sent_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = OrderQuerySet.as_manager()

    # Set by `place_order`, to save a query.
    booked_registrations: list[Any] | None = None

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["reference"], name="order_reference")]
        indexes = [
            models.Index(fields=["event", "created_at"], condition=UNVERIFIED_ORDER, name="order_unverified"),
            # Few orders have it, so that a full index would slow each insert.
            models.Index(
                fields=["previous_order"],
                condition=models.Q(previous_order__isnull=False),
                name="order_previous",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def cost(self) -> Money:
        return Money(self.total, self.currency)

    @property
    def placed_registrations(self) -> list[Any]:
        """Return the registrations in the order in which they were placed."""
        if self.booked_registrations is None:
            self.booked_registrations = list(self.registrations.order_by("pk"))
        return self.booked_registrations

    @property
    def booking_state(self) -> str:
        """Return the state of its registrations; "pending" if they have different ones."""
        states = {registration.state for registration in self.placed_registrations}
        return states.pop() if len(states) == 1 else OrderItem.State.PENDING

    @property
    def amount_due(self) -> Money:
        """Return the price of active registrations, add-ons and packages, plus cancellation fees."""
        rows = [registration for registration in self.registrations.all() if self.may_owe_for(registration)]
        # One query for the add-ons of all registrations, and none if the caller has loaded them.
        models.prefetch_related_objects(rows, "addons")
        packages = [
            sponsorship.price for sponsorship in self.sponsorships.all() if sponsorship.cancelled_at is None
        ]
        return Money(sum(registration.amount_owed for registration in rows) + sum(packages), self.currency)

    def may_owe_for(self, registration: Any) -> bool:
        """Return whether something may be due for this registration of the order.

        Nothing is due for an expired one, unless the order is provisional: that one may still be confirmed
        late.
        """
        expired = registration.state == registration.State.EXPIRED
        return self.is_confirmed_later or not expired

    @property
    def buyer_label(self) -> str:
        """Return the buyer's name for lists, or an attendee's, or the reference where none is known.

        The registrations should be prefetched for a list.
        """
        return self.billing_name or self.company or self._find_person_name() or self.reference

    def _find_person_name(self) -> str:
        """Return the name of the buyer's own place, else of the first attendee; else ""."""
        named = [row for row in self.registrations.all() if row.has_name]
        first = min(named, key=lambda row: (not row.is_buyers_own, row.pk), default=None)
        return first.name if first else ""

    @property
    def foreign_billing_country(self) -> str:
        """Return the country's name for the billing address; "" for France."""
        return get_foreign_country_name(self.billing_country) if self.billing_country else ""

    @property
    def is_by_card(self) -> bool:
        return self.payment == self.Payment.CARD

    @property
    def awaits_verification(self) -> bool:
        """Return whether its places wait until the buyer opens the link mailed to `email`."""
        return self.needs_verification and self.verified_at is None

    @property
    def is_confirmed_later(self) -> bool:
        """Return whether its places were held first, for a card payment or until an address is verified.

        An order by card stays so after its payment.
        """
        return self.is_by_card or self.awaits_verification

    @property
    def creditor_reference(self) -> str:
        """Return the reference for a bank transfer: the order's, with check digits (ISO 11649)."""
        return format_creditor_reference(self.reference)

    @property
    def continue_path(self) -> str:
        """Return the buyer's next page, in the active language: the payment if by card, else the order."""
        page = "order-pay" if self.is_by_card else "order"
        return reverse(page, args=[self.reference, self.manage_secret])

    @property
    def sender_path(self) -> str:
        """Return the page for the order's sender, also if it is sent again with the same key.

        Once the link was replaced, the sender may not be the owner any more: they get the page that e-mails
        links. In the active language, so that the site does not change its language during an order.
        """
        return reverse("lost-link") if self.link_version else self.continue_path

    @property
    def sender_url(self) -> str:
        """Return the order's link for its sender, by the same rule as `sender_path`."""
        return f"{settings.SITE_URL}{self.lost_link_path if self.link_version else self.manage_path}"


class IdempotencyKey(models.Model):
    """A key that came with an order, so that sending it again books nothing; stored as hashes."""

    # The unique constraint's index begins with the event.
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


class OrderAlarm(models.Model):
    """An event reached its ceiling of unverified places: `place_count` were ordered since `ordered_since`."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="order_alarms")
    ordered_since = models.DateTimeField()
    raised_at = models.DateTimeField()
    place_count = models.PositiveIntegerField()

    class Meta:
        ordering = ["-raised_at", "-pk"]
        indexes = [models.Index(fields=["event", "-raised_at"], name="order_alarm_by_event")]

    def __str__(self) -> str:
        return f"{self.event}, {self.raised_at:%Y-%m-%d %H:%M}"
