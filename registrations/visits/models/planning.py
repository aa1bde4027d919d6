"""What comes before a date is set: proposals of visits, and who would come."""

from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.club.models import Company, Person

from .identities import HostContact
from .visits import Visit


class ProposalQuerySet(models.QuerySet["Proposal"]):
    """Sets of proposals."""

    def standing(self) -> Self:
        """Those of which nothing was made yet, and that were not set aside."""
        return self.filter(became__isnull=True, set_aside_at__isnull=True)


class Proposal(models.Model):
    """A visit that a member or a host would like to see; interest is counted before a date is set.

    Who proposed it is a person of the club's, or a contact of a visit at the host's.
    The host is a company of the directory, or a name until it is one. `became` is the visit made of it; one
    that was set aside says why.
    """

    title = models.CharField(_("what to see"), max_length=200)
    host = models.ForeignKey(
        Company, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("host")
    )
    host_name = models.CharField(_("host"), max_length=200, blank=True)
    why = models.TextField(_("why it is worth a day"), blank=True)
    proposed_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    proposed_by_host = models.ForeignKey(
        HostContact, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    is_from_host = models.BooleanField(_("proposed by the host"), default=False)
    proposed_at = models.DateTimeField(_("proposed"), default=timezone.now)
    set_aside_at = models.DateTimeField(pgettext_lazy("visit", "set aside"), null=True, blank=True)
    set_aside_because = models.CharField(_("reason"), max_length=300, blank=True)
    told_at = models.DateTimeField(_("those interested were told"), null=True, blank=True)
    became = models.OneToOneField(
        Visit, models.SET_NULL, null=True, blank=True, related_name="proposal", verbose_name=_("visit")
    )

    objects = ProposalQuerySet.as_manager()

    class Meta:
        verbose_name = _("proposal of a visit")
        verbose_name_plural = _("proposals of visits")
        ordering = ["-proposed_at", "-pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def whose(self) -> str:
        """The host's name, as far as it is known."""
        return self.host.name if self.host else self.host_name

    @property
    def proposer(self) -> str:
        """The name of who proposed it; empty where it is known no more."""
        if self.proposed_by:
            return str(self.proposed_by)
        return self.proposed_by_host.name if self.proposed_by_host else ""

    @property
    def is_standing(self) -> bool:
        """Whether interest may be said: no visit was made of it, and it was not set aside."""
        return self.became_id is None and self.set_aside_at is None


class Interest(models.Model):
    """That a member would come."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="interests")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    said_at = models.DateTimeField(_("said"), default=timezone.now)

    class Meta:
        verbose_name = _("interest")
        verbose_name_plural = _("interests")
        constraints = [models.UniqueConstraint(fields=["proposal", "person"], name="interest_once")]

    def __str__(self) -> str:
        return f"{self.person}, {self.proposal}"
