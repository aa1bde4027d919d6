"""Registrations: one place at one event each, with a snapshot of the attendee's details."""

import datetime
import re
from collections.abc import Iterable
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from convention.club.models import Company, Person
from convention.db.searchable import SearchableModel, SearchableQuerySet
from convention.events.models import Event
from convention.money import Money
from convention.text.email_addresses import is_same_email
from convention.text.normalize import name_search_key

from .addons import Addon
from .order_item import OrderItem
from .orders import Order
from .passes import PassQuota
from .references import generate_registration_reference
from .sale_items import TaxedItem
from .tickets import Ticket
from .vouchers import Voucher

MAX_SORT_NAME_LENGTH = 100
# Typed in any case, with spaces or hyphens. Shorter beginnings would be found in any list.
REFERENCE_PATTERN = re.compile(r"[A-Z0-9]{4,20}")

# Where `awaits_member_verification` is true (see also `Ticket.needs_member_verification`).
AWAITS_MEMBER_VERIFICATION = Q(confirmed_at=None, person=None) & (
    Q(ticket__audience=Ticket.Audience.MEMBER)
    | Q(ticket__audience=Ticket.Audience.GUEST, event__visibility=Event.Visibility.MEMBERS)
)


def make_sort_name(first_name: str, last_name: str) -> str:
    """Return the key by which lists are sorted and equal names are found."""
    return name_search_key(f"{last_name} {first_name}")[:MAX_SORT_NAME_LENGTH]


def make_active_condition(*, at: datetime.datetime | None = None) -> Q:
    """Return a condition: confirmed, or pending with a hold not expired at `at` (default: now)."""
    is_held = Q(hold_expires_at__gt=at or timezone.now())
    return Q(cancelled_at__isnull=True) & (Q(confirmed_at__isnull=False) | is_held)


class RegistrationQuerySet(SearchableQuerySet["Registration"]):
    def make_search_condition(self, words: str) -> Q:
        """Return a condition: every word occurs, or the code or the order's reference begins like this."""
        condition = super().make_search_condition(words)
        start = re.sub(r"[\s-]", "", words).upper()
        if not REFERENCE_PATTERN.fullmatch(start):
            return condition
        # A range reads the unique index, as `startswith` does not. No character sorts after Z.
        references = (start, start.ljust(20, "Z"))
        orders = Order.objects.filter(reference__range=references).order_by().values("pk")
        return condition | Q(reference__range=references) | Q(order__in=orders)

    def confirmed(self) -> Self:
        """Return the registrations whose badge is valid."""
        return self.filter(confirmed_at__isnull=False, cancelled_at__isnull=True)

    def with_badge(self) -> Self:
        """Return the confirmed registrations that have a name to print."""
        return self.confirmed().exclude(first_name="", last_name="")

    def active(self, *, at: datetime.datetime | None = None) -> Self:
        """Return confirmed ones, and pending ones whose hold has not expired at `at` (default: now)."""
        return self.filter(make_active_condition(at=at))

    def occupying_place(self) -> Self:
        """Return those that count in the stock's `reserved`, like `OrderItem.occupies_place`."""
        counted = Q(confirmed_at__isnull=False) | Q(hold_expires_at__isnull=False, is_reserved=True)
        return self.filter(counted, cancelled_at__isnull=True)

    def with_expired_hold(self, *, at: datetime.datetime | None = None) -> Self:
        """Return pending ones whose hold expired before `at` (default: now), to be released."""
        now = at or timezone.now()
        return self.filter(cancelled_at__isnull=True, confirmed_at__isnull=True, hold_expires_at__lte=now)

    def of_members(self, people: Iterable[Person | int], tickets: Iterable[Ticket | int]) -> Self:
        """Return those that keep these members from another registration for the same ticket."""
        return self.confirmed().filter(person__in=people, ticket__in=tickets)


USER_MODEL = settings.AUTH_USER_MODEL
# Few registrations have these. Their foreign keys get partial indexes instead of Django's.
SPARSE_RELATIONS = ("member_of", "membership_pass", "voucher", "merged_into")


def make_partial_index(name: str) -> models.Index:
    """Return an index of the rows that have this relation; most have none and would slow each insert."""
    condition = Q(**{f"{name}__isnull": False})
    return models.Index(fields=[name], condition=condition, name=f"registration_{name}")


class Registration(SearchableModel, TaxedItem, OrderItem):
    """One place at one event, with a snapshot of the attendee's details.

    `badge_version` and `link_version` revoke badges and attendees' links when they are raised;
    `reissue_count` is how many badge versions were for the same attendee, such as after a loss. `is_private`
    hides the registration from the order's link. `is_cancelled_by_attendee` says that the attendee's own link
    was used to cancel, not the order's. `issued_to` is the identity on the current badge, if it was corrected
    since. `transferred_at` is when the place last went to another person: earlier scans are of the former
    attendee; `is_transferred_by_buyer` says that the buyer gave it away, not an attendee or an organizer.
    Prices and fees are in cents.
    """

    SEARCH_SOURCES = frozenset({"first_name", "last_name", "company", "email", "reference"})

    reference = models.CharField(max_length=13, default=generate_registration_reference)
    # Four composite indexes begin with the event, so that a fifth one would only slow inserts.
    event = models.ForeignKey(Event, models.CASCADE, related_name="registrations", db_index=False)
    order = models.ForeignKey(Order, models.CASCADE, related_name="registrations")
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="registrations")
    person = models.ForeignKey(
        USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="registrations", db_index=False
    )
    member_of = models.ForeignKey(
        Company, models.SET_NULL, null=True, blank=True,
        related_name="registrations", verbose_name=_("member company"), db_index=False,
    )  # fmt: skip
    membership_pass = models.ForeignKey(
        PassQuota, models.PROTECT, null=True, editable=False, related_name="registrations", db_index=False
    )
    first_name = models.CharField(_("first name"), max_length=300, blank=True)
    last_name = models.CharField(_("last name"), max_length=300, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    company = models.CharField(_("company"), max_length=300, blank=True)
    # Of e-mails to the attendee; "" for the order's.
    language = models.CharField(_("language"), max_length=5, blank=True, default="", db_default="")
    no_photo = models.BooleanField(_("does not want to be photographed"), default=False)
    price = models.PositiveIntegerField(_("price, in cents"), default=0)
    cancellation_fee = models.PositiveIntegerField(_("cancellation fee, in cents"), default=0, db_default=0)
    # A copy of the reasons for the price: the voucher's terms may change after the sale.
    reductions = models.JSONField(default=list, db_default=[], editable=False)
    voucher = models.ForeignKey(
        Voucher, models.PROTECT, null=True, blank=True, related_name="registrations", db_index=False
    )
    answers = models.JSONField(_("answers"), default=dict, blank=True)
    badge_version = models.PositiveIntegerField(default=1, editable=False)
    reissue_count = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    link_version = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    is_private = models.BooleanField(default=False, db_default=False, editable=False)
    issued_to = models.JSONField(default=dict, db_default={}, editable=False)
    transferred_at = models.DateTimeField(null=True, editable=False)
    is_transferred_by_buyer = models.BooleanField(default=False, db_default=False, editable=False)
    # The event's sequence at the last change that scanners and mails have to follow.
    sequence = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(pgettext_lazy("moment", "registered"), auto_now_add=True)
    search = models.TextField(blank=True, editable=False)
    sort_name = models.CharField(max_length=MAX_SORT_NAME_LENGTH, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, editable=False, related_name="merged", db_index=False
    )
    member_verification_sent_at = models.DateTimeField(null=True, editable=False)
    confirmation_sent_at = models.DateTimeField(null=True, editable=False)
    # Set by changes that still have to be mailed; `changes/notifications.py` clears it.
    changed_at = models.DateTimeField(null=True, editable=False)
    is_cancelled_by_attendee = models.BooleanField(default=False, db_default=False, editable=False)
    cancellation_sent_at = models.DateTimeField(null=True, editable=False)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["last_name", "first_name", "pk"]
        constraints = [models.UniqueConstraint(fields=["reference"], name="registration_reference")]
        indexes = [
            *map(make_partial_index, SPARSE_RELATIONS),
            # For a member's other places, looked for under a lock. With one column, SQLite would prefer an
            # index of the event and read all its registrations.
            models.Index(
                fields=["person", "ticket"], condition=Q(person__isnull=False), name="registration_person"
            ),
            models.Index(fields=["event", "sequence"]),
            models.Index(fields=["event", "email"]),
            models.Index(fields=["event", "sort_name", "id"], name="registration_by_name"),
            models.Index(fields=["event", "-created_at", "-id"], name="registration_by_time"),
            # For the job that looks for unannounced changes every minute: few rows have this date.
            models.Index(
                fields=["changed_at"], condition=Q(changed_at__isnull=False), name="registration_changed"
            ),
            # Expired holds are looked for each time a ticket is shown or seems sold out.
            models.Index(
                fields=["ticket", "hold_expires_at"],
                condition=Q(hold_expires_at__isnull=False),
                name="registration_held",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.event}"

    def update_search_columns(self) -> None:
        """Write the accent-folded columns for searching and sorting."""
        self.sort_name = make_sort_name(self.first_name, self.last_name)
        self.search = name_search_key(
            f"{self.first_name} {self.last_name} {self.company} {self.email} {self.reference}"
        )

    @property
    def cost(self) -> Money:
        """Return the price of the ticket, without add-ons."""
        return Money(self.price, self.order.currency)

    @property
    def name(self) -> str:
        """Return first and last name, or “Name to follow”."""
        return f"{self.first_name} {self.last_name}".strip() or gettext("Name to follow")

    @property
    def has_name(self) -> bool:
        return bool(self.first_name or self.last_name)

    @property
    def is_buyers_own(self) -> bool:
        """Return whether the attendee is the buyer, as far as their addresses tell.

        A transferred place may still have the buyer's address, but has another person's name.
        """
        return self.transferred_at is None and is_same_email(self.email, self.order.email)

    @property
    def gets_own_confirmation(self) -> bool:
        """Return whether the buyer had the badge sent to the attendee, who is still the first one, too."""
        is_first_holder = self.has_name and self.holder_count == 1
        return self.order.notifies_attendees and is_first_holder and self.has_own_address

    @property
    def has_own_address(self) -> bool:
        """Return whether the attendee has an address, and another one than the buyer."""
        return bool(self.email) and not is_same_email(self.email, self.order.email)

    @property
    def mail_language(self) -> str:
        """Return the language of e-mails to the attendee; at the buyer's address it is the order's."""
        return (self.language if self.has_own_address else "") or self.order.language

    def fill_company(self) -> None:
        """Name the employer whose membership gives the place, unless a company was typed."""
        if self.member_of and not self.company:
            self.company = self.member_of.name

    @property
    def awaits_member_verification(self) -> bool:
        """Return whether a mailed link still has to verify a member."""
        return self.confirmed_at is None and self.person_id is None and self.ticket.needs_member_verification

    @property
    def active_addons(self) -> "list[RegistrationAddon]":
        """Return its add-ons that were not cancelled."""
        return [item for item in self.addons.all() if item.cancelled_at is None]

    @property
    def billed_addons(self) -> "list[RegistrationAddon]":
        """Return its active add-ons; of a cancelled registration, those that were cancelled with it.

        An add-on that still awaited its payment by card is not billed: it ends with the registration.
        """
        if self.cancelled_at is None:
            return self.active_addons
        cancelled_together = (None, self.cancelled_at)
        return [
            item for item in self.addons.all() if item.cancelled_at in cancelled_together and not item.pay_by
        ]

    @property
    def unpaid_addons(self) -> "list[RegistrationAddon]":
        """Return its add-ons that still await their payment by card; a cancellation drops them."""
        return [item for item in self.active_addons if item.pay_by]

    @property
    def unpaid_addon_cents(self) -> int:
        return sum(item.price for item in self.unpaid_addons)

    @property
    def full_price(self) -> int:
        """Return its price with add-ons, in cents, whether or not it was cancelled."""
        return self.price + sum(item.price for item in self.billed_addons)

    @property
    def amount_owed(self) -> int:
        """Return what is owed for it, in cents: the full price, or the cancellation fee."""
        return self.cancellation_fee if self.cancelled_at else self.full_price

    @property
    def holder_count(self) -> int:
        """Return how many people have held it in turn; cancelling and reprinting are not counted."""
        # The count is part of the attendee's link, which must stay valid after a cancellation: it shows the
        # refund.
        return self.badge_version - self.reissue_count - (self.cancelled_at is not None)

    @property
    def holder_number(self) -> int:
        """Return the present attendee's number among the holders; 0 while the place has no name."""
        return self.holder_count if self.has_name else 0


class RegistrationAddon(TaxedItem):
    """An add-on of a registration, at the price of the moment it was booked."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="addons")
    addon = models.ForeignKey(Addon, models.PROTECT, related_name="registration_addons")
    price = models.PositiveIntegerField(_("price, in cents"), default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    # Of an add-on ordered later by card and not paid yet: when it is removed, to release its place.
    pay_by = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("registration add-on")
        verbose_name_plural = _("registration add-ons")
        ordering = ["addon__position", "addon", "pk"]
        constraints = [
            # A cancelled add-on stays as a record, and can be booked again.
            models.UniqueConstraint(
                fields=["registration", "addon"],
                condition=Q(cancelled_at__isnull=True),
                name="addon_once_per_registration",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.addon}, {self.registration.name}"

    @property
    def cost(self) -> Money:
        return Money(self.price, self.addon.currency)
