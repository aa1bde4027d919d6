"""Proposals of visits and the members' interest in them, before a date is set."""

from typing import Self

from django.db import models
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.club.models import Company, Person

from .identities import HostContact
from .visits import Visit

# A visit that was called off releases its proposal, with the interest expressed in it.
UNDECIDED_CONDITION = Q(set_aside_at__isnull=True) & (
    Q(visit__isnull=True) | Q(visit__cancelled_at__isnull=False)
)


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def undecided(self) -> Self:
        """Return those without a date or with one that was called off, and not set aside."""
        return self.filter(UNDECIDED_CONDITION)

    def undecided_first(self) -> Self:
        """Return all, those that wait for a date first, the latest first."""
        is_waiting = ExpressionWrapper(UNDECIDED_CONDITION, output_field=BooleanField())
        return self.annotate(is_waiting=is_waiting).order_by("-is_waiting", "-proposed_at", "-pk")


class Proposal(models.Model):
    """A visit that a member or a host's contact proposes.

    `proposed_by` is a member, or `proposed_by_host` a contact of a visit. If a planner recorded it for
    someone, they are `recorded_by`, and `proposed_by` is any person of the directory, or empty. `host` is a
    company of the directory, or `host_name` a name until it is one. `visit` is the visit that it became; once
    that is called off, the proposal waits for a new date.
    """

    title = models.CharField(_("what to see"), max_length=200)
    host = models.ForeignKey(
        Company, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("host")
    )
    host_name = models.CharField(_("host"), max_length=200, blank=True)
    motivation = models.TextField(_("why it is worth visiting"), blank=True)
    proposed_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    proposed_by_host = models.ForeignKey(
        HostContact, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    recorded_by = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    # Stored: the proposer may leave the company, and an erasure empties both proposer columns.
    is_from_host = models.BooleanField(_("proposed by the host"), default=False)
    proposed_at = models.DateTimeField(_("proposed"), default=timezone.now)
    set_aside_at = models.DateTimeField(pgettext_lazy("visit", "set aside"), null=True, blank=True)
    set_aside_reason = models.CharField(_("reason"), max_length=300, blank=True)
    members_notified_at = models.DateTimeField(_("interested members informed"), null=True, blank=True)
    visit = models.OneToOneField(
        Visit, models.SET_NULL, null=True, blank=True, related_name="proposal", verbose_name=_("visit")
    )

    objects = ProposalQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit proposal")
        verbose_name_plural = _("visit proposals")
        ordering = ["-proposed_at", "-pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def host_label(self) -> str:
        return self.host.name if self.host else self.host_name

    @property
    def proposer_name(self) -> str:
        """Return the name of the proposer, "" if it was erased."""
        if self.proposed_by:
            return str(self.proposed_by)
        return self.proposed_by_host.name if self.proposed_by_host else ""

    @property
    def is_undecided(self) -> bool:
        """Return whether it waits for a date, as in `undecided()`, so that interest counts."""
        return self.set_aside_at is None and (self.visit is None or self.visit.cancelled_at is not None)


class Interest(models.Model):
    """A member's wish to join a proposed visit."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="interests")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    expressed_at = models.DateTimeField(_("expressed"), default=timezone.now)

    class Meta:
        verbose_name = _("interest")
        verbose_name_plural = _("interests")
        constraints = [models.UniqueConstraint(fields=["proposal", "person"], name="interest_once")]

    def __str__(self) -> str:
        return f"{self.person}, {self.proposal}"
