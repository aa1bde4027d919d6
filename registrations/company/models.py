"""Orders that contacts placed for companies, and invitations to complete one's details."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from convention.club.models import Company
from registrations.models import Order, Registration


class CompanyOrder(models.Model):
    """An order that a contact placed for a company; all contacts of the company can change it.

    `managed_by` receives the order's link and mails: the contact who placed it, later a successor.
    """

    order = models.OneToOneField(Order, models.CASCADE, related_name="for_company")
    # A company with orders cannot be deleted, since contacts find the orders through it.
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    managed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("company order")
        verbose_name_plural = _("company orders")

    def __str__(self) -> str:
        return f"{self.company}, {self.order}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def pending(self, *, at: datetime.datetime) -> "InvitationQuerySet":
        """Return unanswered invitations of attendees who still have their place at an upcoming event."""
        return self.filter(
            registration__cancelled_at__isnull=True,
            # The registration's own `holder_count`, while it is not cancelled. A former attendee's invitation
            # has a lower count and can no longer be answered.
            holder_count=F("registration__badge_version") - F("registration__reissue_count"),
            registration__event__starts_at__gt=at,
            completed_at__isnull=True,
        )


class Invitation(models.Model):
    """An invitation to one attendee to complete their details. Stores no address.

    `holder_count` is the registration's at that time, so the place's next attendee gets another one, and a
    reissued badge changes nothing.
    """

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="invitations")
    holder_count = models.PositiveIntegerField()
    attempt = models.PositiveIntegerField(default=1)
    queued_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registration", "holder_count"], name="one_invitation_per_holder")
        ]
        indexes = [
            models.Index(
                fields=["sent_at"],
                condition=Q(sent_at__isnull=False, reminded_at__isnull=True, completed_at__isnull=True),
                name="invitation_to_remind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.registration} #{self.holder_count}"
