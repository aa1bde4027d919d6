"""Applications: who wants to come, what became of it, and what each has agreed to.

A place is a `Registration`, and a wait is a `WaitingEntry`, as at any event; an application is what leads to
them. Its state follows from both and from its own dates.
"""

from typing import Self

from django.db import models
from django.db.models import OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.club.models import Company, Person

from ...models import Registration, WaitingEntry
from .visits import NdaText, Visit

STANDS = Q(refused_at__isnull=True, withdrawn_at__isnull=True, host_refused_at__isnull=True)

STILL_WAITS = Q(
    waiting__accepted_at__isnull=True,
    waiting__declined_at__isnull=True,
    waiting__left_at__isnull=True,
    waiting__lapsed_at__isnull=True,
)


class ApplicationQuerySet(models.QuerySet["Application"]):
    """Sets of applications."""

    def standing(self) -> Self:
        """Those that were not refused, withdrawn or vetoed."""
        return self.filter(STANDS)

    def alive(self) -> Self:
        """Those of them whose place was neither cancelled nor lapsed, and whose wait goes on or led to it."""
        waits = STILL_WAITS & Q(waiting__isnull=False)
        untouched = Q(registration__isnull=True, waiting__isnull=True)
        held = Q(registration__confirmed_at__isnull=False) | Q(registration__held_until__gt=timezone.now())
        placed = Q(registration__isnull=False, registration__cancelled_at__isnull=True) & held
        return self.standing().filter(placed | untouched | (Q(registration__isnull=True) & waits))

    def of_place(self, application: "Application | OuterRef") -> Self:
        """Those named for somebody's place that still may have it, or had it: nobody else is named then."""
        return self.filter(STANDS | Q(registration__isnull=False), replaces=application)

    def confirmed(self) -> Self:
        """Those with a place; a replacement that waits for the host's approval has none yet."""
        return self.standing().filter(
            registration__confirmed_at__isnull=False, registration__cancelled_at__isnull=True
        )


class Application(models.Model):
    """One person's wish to come on one visit, for the company whose seat they hold on its day.

    `reasons` are the codes of what spoke against it (`Refusal`). After the lock a replacement names whose
    place it takes, and waits for the host's approval. Erasing a person leaves the row without one.

    `listed_at` is set while the latest list given to the host names them; `told` are the mails that went out.
    """

    class Refusal(models.TextChoices):
        NO_SEAT = "no_seat", _("no seat of a member company on the day of the visit")
        COMPETITOR = "competitor", _("the company competes with the host")
        CAP = "cap", _("the company has all its places")
        SAME_DAY = "same_day", _("another visit at the same time")

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="applications")
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    company = models.ForeignKey(Company, models.SET_NULL, null=True, blank=True, related_name="+")
    applied_at = models.DateTimeField(_("applied"), default=timezone.now)
    registration = models.OneToOneField(
        Registration, models.SET_NULL, null=True, blank=True, related_name="application"
    )
    waiting = models.OneToOneField(
        WaitingEntry, models.SET_NULL, null=True, blank=True, related_name="application"
    )
    refused_at = models.DateTimeField(pgettext_lazy("visit", "refused"), null=True, blank=True)
    reasons = models.JSONField(_("reasons"), default=list, blank=True)
    kept_at = models.DateTimeField(_("kept although the seat was lost"), null=True, blank=True)
    listed_at = models.DateTimeField(_("on the host’s list"), null=True, blank=True, editable=False)
    told = models.JSONField(default=list, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(pgettext_lazy("visit", "withdrawn"), null=True, blank=True)
    ended_because = models.CharField(_("why the club took the place back"), max_length=300, blank=True)
    host_refused_at = models.DateTimeField(_("refused by the host"), null=True, blank=True)
    replaces = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="replacements")
    host_approved_at = models.DateTimeField(_("approved by the host"), null=True, blank=True)
    identity_asked_at = models.DateTimeField(null=True, editable=False)
    identity_reminded_at = models.DateTimeField(null=True, editable=False)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        ordering = ["applied_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "person"], condition=STANDS, name="one_application_per_person_and_visit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.visit}"


class NdaAcceptance(models.Model):
    """That someone agreed to one version of the text; a new version asks again."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="acceptances")
    nda = models.ForeignKey(NdaText, models.PROTECT, related_name="acceptances")
    accepted_at = models.DateTimeField(pgettext_lazy("visit", "accepted"), default=timezone.now)
    name = models.CharField(_("signed as"), max_length=300)
    hash = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name = _("acceptance of confidentiality")
        verbose_name_plural = _("acceptances of confidentiality")
        ordering = ["accepted_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["application", "nda"], name="nda_accepted_once"),
        ]

    def __str__(self) -> str:
        return f"{self.application}, v{self.nda.number}"
