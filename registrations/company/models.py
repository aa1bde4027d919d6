"""What a company's contact ordered, and the mails that ask colleagues for their own details."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from convention.club.models import Company

from ..models import Order, Registration


class CompanyOrder(models.Model):
    """An order that a contact placed for a company: any of its contacts sees and changes it.

    `managed_by` is the contact who has the order's link and mails: whoever placed it, then a successor.
    """

    order = models.OneToOneField(Order, models.CASCADE, related_name="for_company")
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    managed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("order of a company")
        verbose_name_plural = _("orders of companies")

    def __str__(self) -> str:
        return f"{self.company}, {self.order}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Sets of invitations."""

    def open(self, *, at: datetime.datetime) -> "InvitationQuerySet":
        """Those that still await an answer: the place stands with the same holder and the event is ahead."""
        return self.filter(
            registration__cancelled_at__isnull=True,
            registration__generation=F("holder"),
            registration__event__starts_at__gt=at,
            completed_at__isnull=True,
        )


class Invitation(models.Model):
    """Asks one holder of a place to complete their own details; reminded once. It keeps no address.

    `holder` is the registration's generation: whoever has the place after them is asked anew.
    """

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="invitations")
    holder = models.PositiveIntegerField()
    round = models.PositiveIntegerField(default=1)
    queued_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registration", "holder"], name="one_invitation_per_holder")
        ]
        indexes = [
            models.Index(
                fields=["sent_at"],
                condition=Q(sent_at__isnull=False, reminded_at__isnull=True, completed_at__isnull=True),
                name="invitation_to_remind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.registration} #{self.holder}"
