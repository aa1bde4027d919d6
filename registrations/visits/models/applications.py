"""Applications for visits and acceptances of the confidentiality terms.

An application leads to a `Registration` (a place) or a `WaitingEntry`, as at any other event. Its state is
derived from both and from its own dates.
"""

import datetime
from typing import Self

from django.db import models
from django.db.models import OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.club.models import Company, Person
from registrations.models import Registration, WaitingEntry

from .visits import NdaText, Visit

ACTIVE_CONDITION = Q(refused_at__isnull=True, withdrawn_at__isnull=True, host_refused_at__isnull=True)

# `WaitingEntry.objects.active()` as a condition on the joined row; the same rule as in its model.
OPEN_WAIT_CONDITION = Q(
    waiting_entry__accepted_at__isnull=True,
    waiting_entry__declined_at__isnull=True,
    waiting_entry__left_at__isnull=True,
    waiting_entry__offer_expired_at__isnull=True,
)


class ApplicationQuerySet(models.QuerySet["Application"]):
    def active(self) -> Self:
        """Return those that were not refused, withdrawn or vetoed."""
        return self.filter(ACTIVE_CONDITION)

    def still_valid(self) -> Self:
        """Return active ones with a place or hold, with an open waiting entry, or with neither yet."""
        is_waiting = OPEN_WAIT_CONDITION & Q(registration__isnull=True, waiting_entry__isnull=False)
        # Just created, or proposed to the host and pending its approval.
        has_neither = Q(registration__isnull=True, waiting_entry__isnull=True)
        is_confirmed_or_held = Q(registration__confirmed_at__isnull=False) | Q(
            registration__hold_expires_at__gt=timezone.now()
        )
        has_place = is_confirmed_or_held & Q(
            registration__isnull=False, registration__cancelled_at__isnull=True
        )
        return self.active().filter(has_place | has_neither | is_waiting)

    def replacements_for(self, application: "Application | OuterRef") -> Self:
        """Return those that may still take, or have taken, the place of this application."""
        return self.filter(ACTIVE_CONDITION | Q(registration__isnull=False), replaces=application)

    def confirmed(self) -> Self:
        """Return active ones with a place; people pending approval by the host have none."""
        return self.active().filter(
            registration__confirmed_at__isnull=False, registration__cancelled_at__isnull=True
        )


class Application(models.Model):
    """One person's application for one visit, for the company whose seat they hold on its day.

    `refusal_reasons` holds codes of `Refusal`. After the lock the club proposes people to the host, with
    `proposed_at`, and they wait for its approval; a replacement points with `replaces` to the application
    whose place it takes, an additional visitor to none. Erasing a person empties `person`.

    `listed_at` is set while the latest list sent to the host names the person; `sent_mails` holds the keys of
    the mails that went out, such as "text1".
    """

    class Refusal(models.TextChoices):
        NO_SEAT = "no_seat", _("no seat at a member company on the day of the visit")
        COMPETITOR = "competitor", _("the company is a competitor of the host")
        COMPANY_LIMIT = "cap", _("the company has reached its number of places")
        SAME_DAY = "same_day", _("another visit at the same time")

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="applications")
    # Emptied by an erasure: the row stays, as places and refusals are counted.
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    company = models.ForeignKey(Company, models.SET_NULL, null=True, blank=True, related_name="+")
    applied_at = models.DateTimeField(_("applied"), default=timezone.now)
    registration = models.OneToOneField(
        Registration, models.SET_NULL, null=True, blank=True, related_name="application"
    )
    waiting_entry = models.OneToOneField(
        WaitingEntry, models.SET_NULL, null=True, blank=True, related_name="application"
    )
    refused_at = models.DateTimeField(pgettext_lazy("visit", "refused"), null=True, blank=True)
    refusal_reasons = models.JSONField(_("reasons"), default=list, blank=True)
    exception_granted_at = models.DateTimeField(
        _("place kept although the seat was lost"), null=True, blank=True
    )
    listed_at = models.DateTimeField(_("on the host’s list"), null=True, blank=True, editable=False)
    sent_mails = models.JSONField(default=list, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(pgettext_lazy("visit", "withdrawn"), null=True, blank=True)
    revocation_reason = models.CharField(_("reason the place was withdrawn"), max_length=300, blank=True)
    host_refused_at = models.DateTimeField(_("refused by the host"), null=True, blank=True)
    replaces = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="replacements")
    proposed_at = models.DateTimeField(_("proposed to the host"), null=True, blank=True, editable=False)
    host_approved_at = models.DateTimeField(_("approved by the host"), null=True, blank=True)
    identity_requested_at = models.DateTimeField(null=True, editable=False)
    identity_reminded_at = models.DateTimeField(null=True, editable=False)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        ordering = ["applied_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "person"],
                # Partial: a new application may follow refused and withdrawn ones, which stay.
                condition=ACTIVE_CONDITION,
                name="one_application_per_person_and_visit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.visit}"

    def was_reminded_on(self, day: datetime.date) -> bool:
        """Return whether the secretary's reminder of what is missing went out that day."""
        return make_missing_key(day) in self.sent_mails


def make_missing_key(day: datetime.date) -> str:
    """Return the key in `Application.sent_mails` of a reminder of what is missing, on that day."""
    return f"missing{day:%Y%m%d}"


class NdaAcceptance(models.Model):
    """The acceptance of one version of the text by one applicant; a new version has to be accepted again."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="acceptances")
    # A text that somebody accepted must remain readable as evidence.
    nda = models.ForeignKey(NdaText, models.PROTECT, related_name="acceptances")
    accepted_at = models.DateTimeField(pgettext_lazy("visit", "accepted"), default=timezone.now)
    name = models.CharField(_("signed as"), max_length=300)
    # A copy of the hash proves what was accepted, even if the text were changed by hand in the database.
    hash = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name = _("acceptance of confidentiality")
        verbose_name_plural = _("confidentiality agreements")
        ordering = ["accepted_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["application", "nda"], name="nda_accepted_once"),
        ]

    def __str__(self) -> str:
        return f"{self.application}, v{self.nda.number}"
