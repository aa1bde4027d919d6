"""Waiting lists for tickets and for sessions, and the offers made to those who wait."""

import datetime
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.web.link_secrets import LinkedModel
from schedule.models import Session

from .orders import Order
from .registrations import Registration
from .tickets import Ticket

DEFAULT_OFFER_HOURS, MAX_OFFER_HOURS = 24, 240
# Also the condition of the unique constraints: an ended wait does not prevent another one.
ACTIVE_ENTRY = Q(
    accepted_at__isnull=True, declined_at__isnull=True, left_at__isnull=True, offer_expired_at__isnull=True
)


class WaitingPolicy(models.Model):
    """The longest time an offer stays open at one event; shortly before the event it is less."""

    event = models.OneToOneField(Event, models.CASCADE, related_name="+")
    offer_hours = models.PositiveIntegerField(
        _("duration of an offer, in hours"),
        default=DEFAULT_OFFER_HOURS,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_OFFER_HOURS)],
    )

    class Meta:
        verbose_name = _("waiting list rule")
        verbose_name_plural = _("waiting list rules")

    def __str__(self) -> str:
        return f"{self.event}: {self.offer_hours} h"


class WaitingEntryQuerySet(models.QuerySet["WaitingEntry"]):
    def active(self) -> Self:
        """Return entries that wait or have an open offer."""
        return self.filter(ACTIVE_ENTRY)

    def awaiting_offer(self) -> Self:
        """Return entries that can be offered a place: waiting, and not held back."""
        return self.active().filter(offered_at__isnull=True, held_back_at__isnull=True)

    def with_offer(self) -> Self:
        """Return entries for which a place is held."""
        return self.active().filter(offered_at__isnull=False)

    def with_expired_offer(self, *, at: datetime.datetime | None = None) -> Self:
        """Return entries whose offer expired before `at` (default: now) and whose place is still held."""
        return self.with_offer().filter(offer_expires_at__lte=at or timezone.now())

    def waiting_for(self, row: Ticket | Session) -> Self:
        return self.filter(ticket=row) if isinstance(row, Ticket) else self.filter(session=row)


class WaitingEntry(LinkedModel):
    """A person who waits for a ticket, or a registration that waits for a place in a session.

    An open offer counts as a reserved place. One address can wait only once for the same ticket, one
    registration once for the same session.
    """

    LINK_PURPOSE = "registrations.waiting"

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        OFFERED = "offered", _("a place is offered")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        EXPIRED = "expired", _("offer expired")
        LEFT = "left", _("left the list")

    class SkipReason(models.TextChoices):
        NOT_A_MEMBER = "not_a_member", _("no member has this address")
        COMPANY_FULL = "company_full", _("the company has reached its limit")
        HAS_PLACE = "has_place", _("already has a place")
        NOT_ELIGIBLE = "not_eligible", _("cannot take part in this visit")

    event = models.ForeignKey(Event, models.CASCADE, related_name="+")
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, blank=True, related_name="waiting_entries")
    session = models.ForeignKey(Session, models.CASCADE, null=True, blank=True, related_name="+")
    registration = models.ForeignKey(
        Registration, models.CASCADE, null=True, blank=True, related_name="waiting_entries"
    )
    first_name = models.CharField(_("first name"), max_length=300, blank=True)
    last_name = models.CharField(_("last name"), max_length=300, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    # The normalized address, for the unique constraint; `email` is as the person typed it.
    address = models.CharField(max_length=254, blank=True, editable=False)
    company = models.CharField(_("company"), max_length=300, blank=True)
    language = models.CharField(_("language"), max_length=5, default="fr")
    joined_at = models.DateTimeField(_("joined"), default=timezone.now)
    offered_at = models.DateTimeField(_("offered"), null=True, blank=True)
    offer_expires_at = models.DateTimeField(_("offered until"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    declined_at = models.DateTimeField(_("declined"), null=True, blank=True)
    offer_expired_at = models.DateTimeField(_("expired"), null=True, blank=True)
    left_at = models.DateTimeField(_("left the list"), null=True, blank=True)
    held_back_at = models.DateTimeField(_("held back"), null=True, blank=True)
    skip_reason = models.CharField(max_length=20, choices=SkipReason.choices, blank=True, editable=False)
    order = models.ForeignKey(Order, models.SET_NULL, null=True, blank=True, related_name="+")
    # Compared with `notified_offer_count`: each offer needs a mail, also the second one to the same person.
    offer_count = models.PositiveIntegerField(default=0, editable=False)
    join_notified_at = models.DateTimeField(null=True, editable=False)
    notified_offer_count = models.PositiveIntegerField(default=0, editable=False)
    end_notified_at = models.DateTimeField(null=True, editable=False)

    objects = WaitingEntryQuerySet.as_manager()
    priority_rank = 0  # set by an event with its own rule about who comes first

    class Meta:
        verbose_name = _("waiting list entry")
        verbose_name_plural = _("waiting lists")
        ordering = ["joined_at", "pk"]
        constraints = [
            # People wait for tickets before they have a registration, and for sessions with one.
            models.CheckConstraint(
                name="waits_for_one_thing",
                condition=Q(ticket__isnull=False, session__isnull=True, registration__isnull=True)
                | Q(ticket__isnull=True, session__isnull=False, registration__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["ticket", "address"], condition=ACTIVE_ENTRY, name="one_wait_per_address_and_ticket"
            ),
            models.UniqueConstraint(
                fields=["session", "registration"], condition=ACTIVE_ENTRY, name="one_wait_per_seat"
            ),
        ]
        indexes = [models.Index(fields=["offer_expires_at"], condition=ACTIVE_ENTRY, name="waiting_offers")]

    def __str__(self) -> str:
        return f"{self.name}, {self.wanted_item}"

    @property
    def wanted_item(self) -> Ticket | Session:
        item = self.ticket or self.session
        assert item is not None
        return item

    @property
    def wanted_item_id(self) -> int:
        return self.ticket_id or self.session_id or 0

    @property
    def name(self) -> str:
        if self.registration:
            return self.registration.name
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def state(self) -> str:
        ends = (
            (self.accepted_at, self.State.ACCEPTED),
            (self.declined_at, self.State.DECLINED),
            (self.left_at, self.State.LEFT),
            (self.offer_expired_at, self.State.EXPIRED),
        )
        for moment, state in ends:
            if moment:
                return state
        if self.offered_at is None:
            return self.State.WAITING
        # The periodic job has not ended the wait yet, but the offer cannot be accepted any more.
        return self.State.OFFERED if self.has_offer() else self.State.EXPIRED

    def has_offer(self, *, at: datetime.datetime | None = None) -> bool:
        """Return whether its offer can be accepted at `at` (default: now)."""
        ended = self.accepted_at or self.declined_at or self.left_at or self.offer_expired_at
        return (
            not ended and self.offer_expires_at is not None and self.offer_expires_at > (at or timezone.now())
        )

    def get_state_display(self) -> str:
        return str(self.State(self.state).label)
