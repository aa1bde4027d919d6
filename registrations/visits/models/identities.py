"""What hosts need to know of visitors, sealed, and the lists given to them."""

import datetime
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.backup.rules import LEFT_OUT, BackupRule
from convention.club.models import Person

from .applications import Application
from .visits import Visit


class Identity(models.Model):
    """What the host needs to know of one visitor: sealed (Fernet), apart from everything else.

    `fields` names what is there, so that completeness is known without opening it. Every reading is written
    in the audit trail; all is removed seven days after the visit.
    """

    application = models.OneToOneField(Application, models.CASCADE, related_name="identity")
    sealed = models.BinaryField(editable=False)
    fields = models.JSONField(default=list, editable=False)
    written_at = models.DateTimeField(_("written"), default=timezone.now)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")

    def __str__(self) -> str:
        return f"#{self.pk}"


class VisitorList(models.Model):
    """One version of the list for the host's security; never changed but for who has seen it.

    `sealed` holds the rows, and goes with the purge; hash, counts and log stay. The link in the mail is kept
    as its hash alone. Sending was `asked_at`; the mail server took it (`sent_at`) or said no (`refused_at`).
    The differences are those to the version before it that was sent.
    """

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="lists")
    number = models.PositiveIntegerField(_("version"))
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    made_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    sealed = models.BinaryField(null=True, editable=False)
    hash = models.CharField(_("SHA-256"), max_length=64)
    count = models.PositiveIntegerField(_("visitors"))
    added = models.PositiveIntegerField(pgettext_lazy("visit", "added"), default=0)
    removed = models.PositiveIntegerField(_("removed"), default=0)
    changed = models.PositiveIntegerField(pgettext_lazy("visit", "changed"), default=0)
    sent_to = models.EmailField(_("sent to"), blank=True)
    language = models.CharField(_("language"), max_length=5, default="fr")
    asked_at = models.DateTimeField(null=True, editable=False)
    refused_at = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(pgettext_lazy("visit", "sent"), null=True, blank=True)
    link_hash = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    link_expires_at = models.DateTimeField(_("link expires"), null=True, blank=True)
    opened_at = models.DateTimeField(_("first opened"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    acknowledged_by = models.CharField(_("acknowledged by"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("visitor list")
        verbose_name_plural = _("visitor lists")
        ordering = ["visit", "-number"]
        constraints = [models.UniqueConstraint(fields=["visit", "number"], name="list_number_once_per_visit")]

    def __str__(self) -> str:
        return f"{self.visit}, v{self.number}"

    @property
    def is_kept(self) -> bool:
        """Whether its rows are still there."""
        return self.sealed is not None

    @property
    def is_under_way(self) -> bool:
        """Whether its mail waits for the worker or for the mail server."""
        done = [moment for moment in (self.sent_at, self.refused_at) if moment]
        return self.asked_at is not None and all(moment < self.asked_at for moment in done)

    def is_linked(self, *, at: datetime.datetime) -> bool:
        """Whether the link in its mail opens it."""
        return bool(self.link_hash) and self.link_expires_at is not None and at < self.link_expires_at


class HostContactQuerySet(models.QuerySet["HostContact"]):
    """Sets of contacts."""

    def open(self) -> Self:
        """Those who may sign in: not ended, and of a visit that was not called off."""
        return self.filter(ended_at__isnull=True, visit__cancelled_at__isnull=True)


class HostContact(models.Model):
    """Someone at the host's who sees this visit and nothing else, by a link mailed to them."""

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="host_contacts")
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail"))
    language = models.CharField(_("language"), max_length=5, default="fr")
    added_at = models.DateTimeField(pgettext_lazy("visit", "added"), default=timezone.now)
    ended_at = models.DateTimeField(pgettext_lazy("visit", "ended"), null=True, blank=True)

    objects = HostContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact at the host’s")
        verbose_name_plural = _("contacts at the host’s")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "email"],
                condition=models.Q(ended_at__isnull=True),
                name="host_contact_once_per_visit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.visit}"


class HostLink(models.Model):
    """A mailed link by which a contact signs in, once and for a short time; kept as its hash alone."""

    BACKUP_RULE: ClassVar[BackupRule] = LEFT_OUT

    contact = models.ForeignKey(HostContact, models.CASCADE, related_name="links")
    hash = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("sign-in link of a host")
        verbose_name_plural = _("sign-in links of hosts")

    def __str__(self) -> str:
        return f"{self.contact}, {self.made_at:%Y-%m-%d %H:%M}"
