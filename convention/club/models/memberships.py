"""Membership plans, memberships of companies, and seats."""

import datetime
from collections.abc import Iterable
from typing import Any, ClassVar, Final, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.club.periods import ONE_DAY, DateSpan, Period, PeriodQuerySet
from convention.money import Money

from .people import Company, Employment, Person

# Far more than any company has: an import or a form with more is a mistake.
MAX_SEATS: Final = 10_000


class MembershipTerms(models.Model):
    """The terms of a membership: dues, seats, passes and votes; a membership copies them from its plan.

    Amounts are in cents with VAT included; the VAT rate is in hundredths of a percent, and `exemption` is
    the reason for a rate of 0.
    """

    dues_cents = models.PositiveIntegerField(_("dues, in cents"), default=0)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    vat_rate = models.PositiveIntegerField(_("VAT rate, in hundredths of a percent"), default=0)
    # Article 132(1)(l) of Directive 2006/112/EC: dues of non-profit associations to their members.
    exemption = models.CharField(
        _("reason for not charging VAT (VATEX code)"), max_length=30, blank=True, default="VATEX-EU-132-1L"
    )
    seats = models.PositiveIntegerField(_("seats included"), default=5)
    extra_seat_price_cents = models.PositiveIntegerField(_("price of an extra seat, in cents"), default=0)
    passes = models.PositiveIntegerField(_("passes per convention"), default=0)
    votes = models.PositiveIntegerField(_("votes at the general meeting"), default=1)

    class Meta:
        abstract = True


# From the model itself, so that a new term is copied without being named here.
TERM_FIELDS = tuple(field.name for field in MembershipTerms._meta.local_fields)


class Plan(MembershipTerms):
    """A membership on offer. Memberships copied its terms when they were drafted, and do not change."""

    slug = models.SlugField(_("address"), max_length=50, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    is_offered = models.BooleanField(_("open to new memberships"), default=True)
    position = models.PositiveIntegerField(_("position"), default=0)
    NAME_TAKEN = _("Another plan already has this name.")

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(Lower("name"), name="plan_name_once")]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """Return the name in the active language."""
        return self.name_en if translation.get_language() == "en" and self.name_en else self.name

    @property
    def terms(self) -> dict[str, object]:
        """Return the terms that a membership copies."""
        return {name: getattr(self, name) for name in TERM_FIELDS}


class MembershipQuerySet(PeriodQuerySet["Membership"]):
    def open(self, *, at: datetime.date | None = None) -> Self:
        """Return the memberships whose seats count on that day: active, or in the grace period."""
        day = at or timezone.localdate()
        # The same rule as `Membership.state_on`, for the database.
        has_not_ended = Q(ends_on__isnull=True) | Q(ends_on__gte=day) | Q(grace_until__gte=day)
        was_not_left = Q(left_on__isnull=True) | Q(left_on__gt=day)
        return self.filter(has_not_ended, was_not_left, confirmed_on__lte=day, starts_on__lte=day)


class Membership(MembershipTerms, Period):
    """A company's membership with the agreed terms; its state follows from its dates.

    `left_on` is the first day without it. Memberships of one company never overlap
    (`check_membership_overlap`).
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PENDING = "pending", _("pending")
        UPCOMING = "upcoming", pgettext_lazy("membership", "confirmed, not begun")
        ACTIVE = "active", pgettext_lazy("membership", "active")
        GRACE = "grace", _("in grace period")
        EXPIRED = "expired", pgettext_lazy("membership", "expired")
        RESIGNED = "resigned", _("resigned")
        EXCLUDED = "excluded", _("expelled")
        MERGED = "merged", pgettext_lazy("membership", "merged")

    class Leaving(models.TextChoices):
        RESIGNED = "resigned", _("the company resigned")
        EXCLUDED = "excluded", _("the club expelled it")
        MERGED = "merged", _("the company merged with another")

    company = models.ForeignKey(Company, models.PROTECT, related_name="memberships")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    # A copy: the plan may be renamed later.
    plan_name = models.CharField(_("plan"), max_length=120)
    plan_name_en = models.CharField(max_length=120, blank=True)
    extra_seats = models.PositiveIntegerField(_("extra seats"), default=0)
    submitted_on = models.DateField(_("requested on"), null=True, blank=True)
    confirmed_on = models.DateField(_("confirmed on"), null=True, blank=True)
    grace_until = models.DateField(_("grace period until"), null=True, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    left_as = models.CharField(_("how it ended"), max_length=20, choices=Leaving.choices, blank=True)
    billing_contact = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("billing contact")
    )
    representative = models.ForeignKey(
        Person,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("voting representative"),
    )

    objects: ClassVar[Any] = MembershipQuerySet.as_manager()

    class Meta(Period.Meta):
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["-starts_on", "-pk"]
        constraints = [
            *Period.Meta.constraints,
            models.CheckConstraint(
                name="membership_left_after_start",
                # Both or neither: a date without a way of leaving has no state.
                condition=Q(left_on__isnull=True, left_as="")
                | (Q(left_on__gte=F("starts_on")) & ~Q(left_as="")),
            ),
            models.CheckConstraint(
                name="membership_grace_after_end",
                condition=Q(grace_until__isnull=True) | Q(grace_until__gte=F("ends_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company}, {self.title}"

    @property
    def title(self) -> str:
        """Return the plan's name when it was agreed, in the active language."""
        english = translation.get_language() == "en" and self.plan_name_en
        return self.plan_name_en if english else self.plan_name

    @property
    def seat_limit(self) -> int:
        """Return how many seats may be given at a time."""
        return self.seats + self.extra_seats

    @property
    def total_dues(self) -> Money:
        """Return the dues, extra seats included."""
        return Money(self.dues_cents + self.extra_seats * self.extra_seat_price_cents, self.currency)

    @property
    def state(self) -> str:
        return self.state_on(timezone.localdate())

    def state_on(self, day: datetime.date) -> str:
        # First: leaving outweighs all other dates.
        if self.left_on and self.left_on <= day:
            return self.left_as
        # A membership that was confirmed late is active from then on, not from its first day.
        if self.confirmed_on is None or day < self.confirmed_on:
            return self.State.DRAFT if self.submitted_on is None else self.State.PENDING
        if day < self.starts_on:
            return self.State.UPCOMING
        if self.ends_on is None or day <= self.ends_on:
            return self.State.ACTIVE
        in_grace = self.grace_until is not None and day <= self.grace_until
        return self.State.GRACE if in_grace else self.State.EXPIRED

    def is_open(self, *, at: datetime.date | None = None) -> bool:
        """Return whether seats count on that day: the membership is active, or in the grace period."""
        return self.state_on(at or timezone.localdate()) in (self.State.ACTIVE, self.State.GRACE)

    @property
    def span(self) -> DateSpan:
        """Return the agreed first and last day, confirmed or not, without the grace period."""
        left = self.left_on and self.left_on - ONE_DAY
        return self.starts_on, min((day for day in (left, self.ends_on) if day), default=None)

    @property
    def agreed_last_day(self) -> datetime.date | None:
        """Return the last day without the grace period; None without an end."""
        return self.span[1]

    @property
    def last_day(self) -> datetime.date | None:
        """Return the last day on which a seat can count, or None."""
        left = self.left_on and self.left_on - ONE_DAY
        ends = self.ends_on and (self.grace_until or self.ends_on)
        return min((day for day in (left, ends) if day), default=None)

    @property
    def accepts_seats(self) -> bool:
        """Return whether seats can be given: it is confirmed, begun or not, and not over."""
        last_day = self.last_day
        return self.confirmed_on is not None and (last_day is None or last_day >= timezone.localdate())

    def find_first_seat_day(self, day: datetime.date) -> datetime.date:
        """Return the first day of a seat that is given from `day`: its seats count once it has begun."""
        return max(day, self.starts_on, self.confirmed_on or day)

    @property
    def agreed_values(self) -> list[object]:
        """Return all that is agreed with the company, so that a page notices when any of it changes."""
        names = ("plan_id", *TERM_FIELDS, "starts_on", "ends_on", "grace_until", "extra_seats")
        return [getattr(self, name) for name in (*names, "billing_contact_id", "representative_id")]

    def get_state_display(self) -> str:
        return str(self.State(self.state).label)


def select_open_membership(
    memberships: Iterable[Membership], *, at: datetime.date | None = None
) -> Membership | None:
    """Return the one of a company's memberships that gives seats on that day (default: today), or None.

    Two are open between the confirmation of a renewal and the end of the grace period before it: the
    renewal gives the seats, which would end with the grace period otherwise.
    """
    day = at or timezone.localdate()
    open_memberships = (membership for membership in memberships if membership.is_open(at=day))
    return max(open_memberships, key=lambda row: (row.starts_on, row.pk), default=None)


class SeatQuerySet(PeriodQuerySet["Seat"]):
    def granting_membership(self, *, at: datetime.date | None = None) -> Self:
        """Return the seats that make their holder a member on that day.

        The seat and its membership are open, and its holder still works at the company.
        """
        day = at or timezone.localdate()
        employed = Employment.objects.open(at=day).filter(
            person=OuterRef("person"), company=OuterRef("membership__company")
        )
        seats: Self = self.open(at=day).filter(  # type: ignore[assignment]  # a set of seats stays one
            # The employment is checked too: a seat must not outlast it even if nobody ended the seat.
            Exists(employed),
            membership__in=Membership.objects.open(at=day),
        )
        return seats


class Seat(Period):
    """A seat of a membership, held by one person for a time; `seats.py` gives and ends them."""

    membership = models.ForeignKey(Membership, models.CASCADE, related_name="given_seats")
    person = models.ForeignKey(Person, models.CASCADE, related_name="seats")

    objects: ClassVar[Any] = SeatQuerySet.as_manager()

    class Meta(Period.Meta):
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        # Each page of a signed-in person queries their seat.
        indexes = [models.Index(fields=["person", "starts_on"], name="seat_of_person")]

    def __str__(self) -> str:
        return f"{self.person}, {self.membership.company}"
