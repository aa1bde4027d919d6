"""Registrations: one place at one event each, with a snapshot of who holds it."""

import datetime
from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.club.models import Company
from convention.events.models import Event
from convention.text import fold

from ..references import new_registration_reference
from .orders import Order
from .tickets import Ticket
from .vat import Taxed
from .vouchers import Voucher

FOUND_BY = ("search", "sort_name")


class RegistrationQuerySet(models.QuerySet["Registration"]):
    """Sets of registrations, with time as an argument."""

    def bulk_create(  # type: ignore[override]  # the rest is passed on
        self, objs: Iterable["Registration"], *args: Any, **kwargs: Any
    ) -> list["Registration"]:
        """Add many; each is made findable."""
        objs = list(objs)
        for registration in objs:
            registration.make_findable()
        return super().bulk_create(objs, *args, **kwargs)  # type: ignore[arg-type, return-value]  # Self is unsaid

    def bulk_update(
        self, objs: Iterable["Registration"], fields: Iterable[str], *args: Any, **kwargs: Any
    ) -> int:
        """Change many; each stays findable."""
        objs = list(objs)
        for registration in objs:
            registration.make_findable()
        return super().bulk_update(
            objs,  # type: ignore[arg-type]  # Self is unsaid
            [*fields, *FOUND_BY],
            *args,
            **kwargs,
        )

    def matching(self, words: str) -> Self:
        """Those in whom every word is found: name, company, address or reference, in any order."""
        found = self
        for word in fold(words).split():
            found = found.filter(search__contains=word)
        return found

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


class Registration(Taxed):
    """One place at one event, with a snapshot of who holds it."""

    class State(models.TextChoices):
        PENDING = "pending", _("awaiting confirmation")
        CONFIRMED = "confirmed", _("confirmed")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")

    reference = models.CharField(max_length=13, unique=True, default=new_registration_reference)
    event = models.ForeignKey(Event, models.CASCADE, related_name="registrations")
    order = models.ForeignKey(Order, models.CASCADE, related_name="registrations")
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="registrations")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="registrations",
    )
    member_of = models.ForeignKey(
        Company,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="registrations",
        verbose_name=_("member company"),
    )
    first_name = models.CharField(_("first name"), max_length=300, blank=True)
    last_name = models.CharField(_("last name"), max_length=300, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    company = models.CharField(_("company"), max_length=300, blank=True)
    no_photo = models.BooleanField(_("does not want to be photographed"), default=False)
    price = models.PositiveIntegerField(_("price, in cents"), default=0)
    reductions = models.JSONField(default=list, db_default=[], editable=False)
    voucher = models.ForeignKey(Voucher, models.PROTECT, null=True, blank=True, related_name="registrations")
    generation = models.PositiveIntegerField(default=1, editable=False)
    sequence = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("registered"), auto_now_add=True)
    held_until = models.DateTimeField(_("held until"), null=True, blank=True)
    takes_place = models.BooleanField(default=True, db_default=True, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    search = models.TextField(blank=True, editable=False)
    sort_name = models.CharField(max_length=100, blank=True, editable=False)
    proof_sent_at = models.DateTimeField(null=True, editable=False)
    confirmation_sent_at = models.DateTimeField(null=True, editable=False)
    cancellation_sent_at = models.DateTimeField(null=True, editable=False)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["last_name", "first_name", "pk"]
        indexes = [
            models.Index(fields=["event", "sequence"]),
            models.Index(fields=["event", "last_name", "first_name", "id"]),
            models.Index(fields=["event", "email"]),
            models.Index(fields=["event", "sort_name", "id"], name="registration_by_name"),
            models.Index(fields=["event", "-created_at", "-id"], name="registration_by_time"),
            models.Index(
                fields=["ticket", "held_until"],
                condition=Q(held_until__isnull=False),
                name="registration_held",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.event}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep it, and keep it findable."""
        self.make_findable()
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, *FOUND_BY}
        super().save(*args, **kwargs)

    def make_findable(self) -> None:
        """Write what a search looks through and a list is sorted by: without accents and capitals."""
        self.sort_name = fold(f"{self.last_name} {self.first_name}")[:100]
        self.search = fold(f"{self.first_name} {self.last_name} {self.company} {self.email} {self.reference}")

    @property
    def name(self) -> str:
        """First and last name, as written."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def state(self) -> str:
        """Derived from the dates."""
        if self.cancelled_at:
            return self.State.CANCELLED
        if self.confirmed_at:
            return self.State.CONFIRMED
        return self.State.PENDING if self.is_held() else self.State.EXPIRED

    @property
    def counts(self) -> bool:
        """Whether it is counted in the ticket's `taken`: confirmed, or pending and not given back yet."""
        held = self.held_until is not None and self.takes_place
        return self.cancelled_at is None and (self.confirmed_at is not None or held)

    @property
    def awaits_proof(self) -> bool:
        """Whether a mailed link must still prove a member."""
        return self.confirmed_at is None and self.person_id is None and self.ticket.needs_proof

    @property
    def holders(self) -> int:
        """How many people had this place in turn; cancelling raises the generation too, for the same one."""
        return self.generation - (self.cancelled_at is not None)

    def is_held(self, *, at: datetime.datetime | None = None) -> bool:
        """Whether it may still be confirmed in time; its place is kept unless too many wait (`holds.py`)."""
        return self.held_until is not None and self.held_until > (at or timezone.now())

    def get_state_display(self) -> str:
        """The state in words."""
        return str(self.State(self.state).label)
