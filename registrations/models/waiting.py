"""Waiting lists: who waits for a place of a ticket or of a session, and to whom one is offered."""

import datetime
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.links import LinkedModel
from schedule.models import Session

from .orders import Order
from .registrations import Registration
from .tickets import Ticket

OFFER_HOURS = 24
STANDS = Q(accepted_at__isnull=True, declined_at__isnull=True, left_at__isnull=True, lapsed_at__isnull=True)


class WaitingPolicy(models.Model):
    """How long an offer lasts at one event, at most; it is shorter as the event comes near."""

    event = models.OneToOneField(Event, models.CASCADE, related_name="+")
    offer_hours = models.PositiveIntegerField(
        _("hours that an offer lasts"),
        default=OFFER_HOURS,
        validators=[MinValueValidator(1), MaxValueValidator(240)],
    )

    class Meta:
        verbose_name = _("rule of the waiting lists")
        verbose_name_plural = _("rules of the waiting lists")

    def __str__(self) -> str:
        return f"{self.event}: {self.offer_hours} h"


class WaitingEntryQuerySet(models.QuerySet["WaitingEntry"]):
    """Sets of entries."""

    def standing(self) -> Self:
        """Those that wait or hold an offer."""
        return self.filter(STANDS)

    def in_line(self) -> Self:
        """Those that wait for an offer, and may get one."""
        return self.standing().filter(offered_at__isnull=True, held_back_at__isnull=True)

    def offered(self) -> Self:
        """Those for whom a place is held."""
        return self.standing().filter(offered_at__isnull=False)

    def overdue(self, *, at: datetime.datetime | None = None) -> Self:
        """Those whose offer ran out and whose place is still held."""
        return self.offered().filter(offer_expires_at__lte=at or timezone.now())

    def of(self, row: Ticket | Session) -> Self:
        """Those that wait for this ticket or session."""
        return self.filter(ticket=row) if isinstance(row, Ticket) else self.filter(session=row)


class WaitingEntry(LinkedModel):
    """Somebody who waits for a place of a ticket, or someone registered who waits for a seat in a session.

    While an offer stands, a place is counted as taken for it. The same address waits once for the same thing.
    """

    LINK_PURPOSE = "registrations.waiting"

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        OFFERED = "offered", _("a place is offered")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        LAPSED = "lapsed", _("offer expired")
        LEFT = "left", _("left")

    class PassedOver(models.TextChoices):
        NOT_A_MEMBER = "not_a_member", _("no member has this address")
        COMPANY_FULL = "company_full", _("their company has all its places")
        HAS_PLACE = "has_place", _("has a place already")
        NOT_ELIGIBLE = "not_eligible", _("may not come on this visit")

    event = models.ForeignKey(Event, models.CASCADE, related_name="+")
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, blank=True, related_name="waiting")
    session = models.ForeignKey(Session, models.CASCADE, null=True, blank=True, related_name="+")
    registration = models.ForeignKey(
        Registration, models.CASCADE, null=True, blank=True, related_name="waiting"
    )
    first_name = models.CharField(_("first name"), max_length=300, blank=True)
    last_name = models.CharField(_("last name"), max_length=300, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    address = models.CharField(max_length=254, blank=True, editable=False)
    company = models.CharField(_("company"), max_length=300, blank=True)
    language = models.CharField(_("language"), max_length=5, default="fr")
    joined_at = models.DateTimeField(_("joined"), default=timezone.now)
    offered_at = models.DateTimeField(_("offered"), null=True, blank=True)
    offer_expires_at = models.DateTimeField(_("offered until"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    declined_at = models.DateTimeField(_("declined"), null=True, blank=True)
    lapsed_at = models.DateTimeField(_("expired"), null=True, blank=True)
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    held_back_at = models.DateTimeField(_("held back"), null=True, blank=True)
    passed_over = models.CharField(max_length=20, choices=PassedOver.choices, blank=True, editable=False)
    order = models.ForeignKey(Order, models.SET_NULL, null=True, blank=True, related_name="+")
    offers = models.PositiveIntegerField(default=0, editable=False)
    join_told_at = models.DateTimeField(null=True, editable=False)
    offers_told = models.PositiveIntegerField(default=0, editable=False)
    end_told_at = models.DateTimeField(null=True, editable=False)

    objects = WaitingEntryQuerySet.as_manager()
    rank = 0  # where the event has a rule of its own on who comes first, read by `ranked`

    class Meta:
        verbose_name = _("entry of a waiting list")
        verbose_name_plural = _("waiting lists")
        ordering = ["joined_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="waits_for_one_thing",
                condition=Q(ticket__isnull=False, session__isnull=True, registration__isnull=True)
                | Q(ticket__isnull=True, session__isnull=False, registration__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["ticket", "address"], condition=STANDS, name="one_wait_per_address_and_ticket"
            ),
            models.UniqueConstraint(
                fields=["session", "registration"], condition=STANDS, name="one_wait_per_seat"
            ),
        ]
        indexes = [models.Index(fields=["offer_expires_at"], condition=STANDS, name="waiting_offers")]

    def __str__(self) -> str:
        return f"{self.name}, {self.thing}"

    @property
    def thing(self) -> Ticket | Session:
        """What is waited for."""
        thing = self.ticket or self.session
        assert thing is not None
        return thing

    @property
    def thing_id(self) -> int:
        """The key of what is waited for."""
        return self.ticket_id or self.session_id or 0

    @property
    def name(self) -> str:
        """Who waits."""
        if self.registration:
            return self.registration.name
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def state(self) -> str:
        """Derived from the dates."""
        ends = (
            (self.accepted_at, self.State.ACCEPTED),
            (self.declined_at, self.State.DECLINED),
            (self.left_at, self.State.LEFT),
            (self.lapsed_at, self.State.LAPSED),
        )
        for moment, state in ends:
            if moment:
                return state
        if self.offered_at is None:
            return self.State.WAITING
        return self.State.OFFERED if self.has_offer() else self.State.LAPSED

    def has_offer(self, *, at: datetime.datetime | None = None) -> bool:
        """Whether a place is held for it that may still be accepted."""
        ended = self.accepted_at or self.declined_at or self.left_at or self.lapsed_at
        return (
            not ended and self.offer_expires_at is not None and self.offer_expires_at > (at or timezone.now())
        )

    def get_state_display(self) -> str:
        """The state in words."""
        return str(self.State(self.state).label)
