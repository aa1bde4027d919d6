"""Registrations: one place at one event each, with a snapshot of who holds it."""

import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from convention.club.models import Company
from convention.events.models import Event
from convention.findable import Findable, FindableQuerySet
from convention.money import Money
from convention.text import filed

from ..references import new_registration_reference
from .addons import Addon
from .orders import Order
from .passes import Passes
from .standing import Standing
from .tickets import Ticket
from .vat import Taxed
from .vouchers import Voucher


class RegistrationQuerySet(FindableQuerySet["Registration"]):
    """Sets of registrations, with time as an argument."""

    def confirmed(self) -> Self:
        """Those who come: their badge is valid."""
        return self.filter(confirmed_at__isnull=False, cancelled_at__isnull=True)

    def active(self, *, at: datetime.datetime | None = None) -> Self:
        """Those who hold a place: confirmed, or pending and still held."""
        now = at or timezone.now()
        return self.filter(cancelled_at__isnull=True).filter(
            Q(confirmed_at__isnull=False) | Q(held_until__gt=now)
        )

    def lapsed(self, *, at: datetime.datetime | None = None) -> Self:
        """Pending ones whose time ran out and whose place can be given back."""
        now = at or timezone.now()
        return self.filter(cancelled_at__isnull=True, confirmed_at__isnull=True, held_until__lte=now)


PERSON = settings.AUTH_USER_MODEL
MOSTLY_NONE = ("person", "member_of", "membership_pass", "voucher", "merged_into")


def only_where_there_is_one(name: str) -> models.Index:
    """An index of a relation that most have not: every booking writes all indexes that it is in."""
    there = Q(**{f"{name}__isnull": False})
    return models.Index(fields=[name], condition=there, name=f"registration_{name}")


class Registration(Findable, Taxed, Standing):
    """One place at one event, with a snapshot of who holds it."""

    FOLDED = frozenset({"first_name", "last_name", "company", "email", "reference"})

    reference = models.CharField(max_length=13, default=new_registration_reference)
    event = models.ForeignKey(Event, models.CASCADE, related_name="registrations", db_index=False)
    order = models.ForeignKey(Order, models.CASCADE, related_name="registrations")
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="registrations")
    person = models.ForeignKey(
        PERSON, models.SET_NULL, null=True, blank=True, related_name="registrations", db_index=False
    )
    member_of = models.ForeignKey(
        Company, models.SET_NULL, null=True, blank=True,
        related_name="registrations", verbose_name=_("member company"), db_index=False,
    )  # fmt: skip
    membership_pass = models.ForeignKey(
        Passes, models.PROTECT, null=True, editable=False, related_name="registrations", db_index=False
    )
    first_name = models.CharField(_("first name"), max_length=300, blank=True)
    last_name = models.CharField(_("last name"), max_length=300, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    company = models.CharField(_("company"), max_length=300, blank=True)
    no_photo = models.BooleanField(_("does not want to be photographed"), default=False)
    price = models.PositiveIntegerField(_("price, in cents"), default=0)
    kept = models.PositiveIntegerField(_("kept when cancelled, in cents"), default=0, db_default=0)
    reductions = models.JSONField(default=list, db_default=[], editable=False)
    voucher = models.ForeignKey(
        Voucher, models.PROTECT, null=True, blank=True, related_name="registrations", db_index=False
    )
    answers = models.JSONField(_("answers"), default=dict, blank=True)
    generation = models.PositiveIntegerField(default=1, editable=False)
    link_version = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    is_private = models.BooleanField(default=False, db_default=False, editable=False)
    issued_to = models.JSONField(default=dict, db_default={}, editable=False)
    sequence = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(pgettext_lazy("moment", "registered"), auto_now_add=True)
    search = models.TextField(blank=True, editable=False)
    sort_name = models.CharField(max_length=100, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, editable=False, related_name="merged", db_index=False
    )
    proof_sent_at = models.DateTimeField(null=True, editable=False)
    confirmation_sent_at = models.DateTimeField(null=True, editable=False)
    changed_at = models.DateTimeField(null=True, editable=False)
    cancellation_sent_at = models.DateTimeField(null=True, editable=False)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["last_name", "first_name", "pk"]
        constraints = [models.UniqueConstraint(fields=["reference"], name="registration_reference")]
        indexes = [
            *map(only_where_there_is_one, MOSTLY_NONE),
            models.Index(fields=["event", "sequence"]),
            models.Index(fields=["event", "email"]),
            models.Index(fields=["event", "sort_name", "id"], name="registration_by_name"),
            models.Index(fields=["event", "-created_at", "-id"], name="registration_by_time"),
            models.Index(
                fields=["changed_at"], condition=Q(changed_at__isnull=False), name="registration_changed"
            ),
            models.Index(
                fields=["ticket", "held_until"],
                condition=Q(held_until__isnull=False),
                name="registration_held",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.event}"

    def make_findable(self) -> None:
        """Write what a search looks through and a list is sorted by: without accents and capitals."""
        self.sort_name = filed(f"{self.last_name} {self.first_name}")[:100]
        self.search = filed(
            f"{self.first_name} {self.last_name} {self.company} {self.email} {self.reference}"
        )

    @property
    def name(self) -> str:
        """First and last name, as written; says so where it is still to follow."""
        return f"{self.first_name} {self.last_name}".strip() or gettext("Name to follow")

    @property
    def is_named(self) -> bool:
        """Whether it is known who comes."""
        return bool(self.first_name or self.last_name)

    @property
    def awaits_proof(self) -> bool:
        """Whether a mailed link must still prove a member."""
        return self.confirmed_at is None and self.person_id is None and self.ticket.needs_proof

    @property
    def besides(self) -> "list[RegistrationAddon]":
        """The add-ons that it takes and that were not cancelled."""
        return [chosen for chosen in self.addons.all() if chosen.cancelled_at is None]

    @property
    def had(self) -> "list[RegistrationAddon]":
        """The add-ons that it takes, or took until it was cancelled itself."""
        return [chosen for chosen in self.addons.all() if chosen.cancelled_at in (None, self.cancelled_at)]

    @property
    def worth(self) -> int:
        """What it cost with all that goes with it, in cents, whether or not it was cancelled since."""
        return self.price + sum(chosen.price for chosen in self.had)

    @property
    def owed(self) -> int:
        """What is owed for it, in cents: its worth, or what was kept of that."""
        return self.kept if self.cancelled_at else self.worth

    @property
    def holders(self) -> int:
        """How many people had this place in turn; cancelling raises the generation too, for the same one."""
        return self.generation - (self.cancelled_at is not None)


class RegistrationAddon(Taxed):
    """An add-on that someone takes, at the price of that moment."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="addons")
    addon = models.ForeignKey(Addon, models.PROTECT, related_name="chosen")
    price = models.PositiveIntegerField(_("price, in cents"), default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)

    class Meta:
        verbose_name = _("add-on of a registration")
        verbose_name_plural = _("add-ons of registrations")
        ordering = ["addon__position", "addon", "pk"]
        constraints = [
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
        """What it cost, with the add-on's currency."""
        return Money(self.price, self.addon.currency)
