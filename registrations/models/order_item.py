"""The state of a registration or a sponsorship, derived from its dates and never stored."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class OrderItem(models.Model):
    """The dates that make a registration or a sponsorship pending, confirmed, cancelled or expired.

    `hold_expires_at` is the end of a provisional hold. `is_reserved` is false if a pending row takes no
    stock: its hold was refused or released. The attributes without a column are filled in by pages.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("awaiting confirmation")
        CONFIRMED = "confirmed", _("confirmed")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")

    hold_expires_at = models.DateTimeField(_("held until"), null=True, blank=True)
    is_reserved = models.BooleanField(default=True, db_default=True, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)

    # Filled in by pages: session bookings, awaited sessions, whether and which questions are to be
    # answered, what an offer of the waiting list did not ask for, answers in words, whether the link mailed
    # to the buyer confirms it, whether a member's link follows the payment, whether the member has another
    # place, what was paid for a member's place that is not confirmed and until when it is refunded, the QR
    # symbol of the badge, whether add-ons follow, whether the page opens the programme, shows the
    # prices and offers to give the place to a colleague.
    shown_session_bookings: Iterable[Any] = ()
    awaited_sessions: Iterable[Any] = ()
    has_questions = False
    open_questions: Iterable[Any] = ()
    unasked_questions: Iterable[Any] = ()
    unasked_addons: Iterable[Any] = ()
    answer_texts: Any = ()
    awaits_buyer_verification = False
    awaits_payment_first = False
    is_confirmed_by_other = False
    is_left_to_contact = False
    # Set by the correction of an address.
    is_link_mailed = False
    is_refused_second = False
    paid_unverified: Any = None
    refund_at: Any = None
    badge_symbol = ""
    can_change_addons = False
    has_programme = False
    has_unchosen_sessions = False
    can_see_prices = False
    can_transfer = False

    class Meta:
        abstract = True

    @property
    def state(self) -> str:
        if self.cancelled_at:
            return self.State.CANCELLED
        if self.confirmed_at:
            return self.State.CONFIRMED
        return self.State.PENDING if self.is_held() else self.State.EXPIRED

    @property
    def is_active(self) -> bool:
        """Return whether it is confirmed, or pending with a hold that has not expired."""
        return self.state in (self.State.CONFIRMED, self.State.PENDING)

    @property
    def occupies_place(self) -> bool:
        """Return whether it counts in the stock's `reserved`: confirmed, or pending and not yet released."""
        # An expired hold still counts until a job or another order releases it, which removes its date.
        is_counted_hold = self.hold_expires_at is not None and self.is_reserved
        return self.cancelled_at is None and (self.confirmed_at is not None or is_counted_hold)

    @property
    def awaits_member_verification(self) -> bool:
        """Return whether a mailed link still has to verify a member."""
        return False

    def is_held(self, *, at: datetime.datetime | None = None) -> bool:
        """Return whether its hold has not expired at `at` (default: now).

        This is about time alone: `is_reserved` says whether stock is held for it (see `booking/holds.py`).
        """
        return self.hold_expires_at is not None and self.hold_expires_at > (at or timezone.now())

    def get_state_display(self) -> str:
        return str(self.State(self.state).label)
