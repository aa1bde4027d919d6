"""Encrypted identities, visitor lists, and the host's contacts with their sign-in links."""

import datetime
import hashlib
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.backup.rules import EXCLUDED_FROM_BACKUP, BackupRule
from convention.club.models import Person

from .applications import Application
from .visits import Visit


class Identity(models.Model):
    """One visitor's identity data for the host, encrypted (Fernet) in a table of its own.

    `field_names` lists the stored fields, so that completeness is known without decrypting. Every decryption
    is recorded in the audit trail; the row is deleted seven days after the visit.
    """

    application = models.OneToOneField(Application, models.CASCADE, related_name="identity")
    encrypted_data = models.BinaryField(editable=False)
    field_names = models.JSONField(default=list, editable=False)
    written_at = models.DateTimeField(_("written"), default=timezone.now)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")

    def __str__(self) -> str:
        # No name: the back office and logs show this text without a record in the audit trail.
        return f"#{self.pk}"


class VisitorList(models.Model):
    """One version of the list for the host's security; immutable but for sending and receipt.

    `encrypted_data` holds the rows and is emptied by the purge; hash and counts stay. Visitors who lose their
    place lose the identity in their row at once (`identity/deletion.py`), so `hash`, which proves what was
    sent, may no longer fit the rows. Only the hash of the mailed link is stored; `link_expires_at` is set
    before it, when sending is requested. The mail was requested at
    `send_requested_at`; then the server accepted it (`sent_at`) or refused it (`refused_at`). `added`,
    `removed` and `changed` compare with the version sent before.
    """

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="lists")
    number = models.PositiveIntegerField(_("version"))
    created_at = models.DateTimeField(_("created on"), default=timezone.now)
    created_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    encrypted_data = models.BinaryField(null=True, editable=False)
    hash = models.CharField(_("checksum"), max_length=64)
    count = models.PositiveIntegerField(_("visitors"))
    added = models.PositiveIntegerField(pgettext_lazy("visit", "added"), default=0)
    removed = models.PositiveIntegerField(_("removed"), default=0)
    changed = models.PositiveIntegerField(pgettext_lazy("visit", "changed"), default=0)
    sent_to = models.EmailField(_("sent to"), blank=True)
    language = models.CharField(_("language"), max_length=5, default="fr")
    send_requested_at = models.DateTimeField(null=True, editable=False)
    refused_at = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(pgettext_lazy("visit", "sent"), null=True, blank=True)
    # Indexed, not unique: lists that were never sent share the empty value.
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
    def encryption_label(self) -> str:
        """Return the label that binds the ciphertext to its visit and version."""
        # Not the primary key: a new list is encrypted before it is saved.
        return f"list:{self.visit_id}:{self.number}"

    @property
    def has_rows(self) -> bool:
        return self.encrypted_data is not None

    @property
    def is_being_sent(self) -> bool:
        """Return whether its mail waits for the worker or the mail server."""
        # A list can be sent again: only an outcome after the last request ends the sending.
        done = [moment for moment in (self.sent_at, self.refused_at) if moment]
        return self.send_requested_at is not None and all(moment < self.send_requested_at for moment in done)

    @property
    def open_link_expires_at(self) -> datetime.datetime | None:
        """Return when the mailed link expires, None if it does not work any more."""
        return self.link_expires_at if self.has_open_link(at=timezone.now()) else None

    def has_open_link(self, *, at: datetime.datetime) -> bool:
        """Return whether the mailed link still opens it."""
        return bool(self.link_hash) and self.link_expires_at is not None and at < self.link_expires_at


class HostContactQuerySet(models.QuerySet["HostContact"]):
    def active(self) -> Self:
        """Return those who may sign in: not ended, and their visit not cancelled."""
        return self.filter(ended_at__isnull=True, visit__cancelled_at__isnull=True)


class HostContact(models.Model):
    """A person at the host who may see this one visit, after signing in by a mailed link."""

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


class NotifiedDates(models.Model):
    """The dates of a visit that one recipient was last told; created when the visit first moves.

    The recipient is an applicant, a contact of the host, or, without both, the host's security contact.
    """

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="notified_dates")
    application = models.OneToOneField(
        Application, models.CASCADE, null=True, blank=True, related_name="notified_dates"
    )
    contact = models.OneToOneField(
        HostContact, models.CASCADE, null=True, blank=True, related_name="notified_dates"
    )
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))

    class Meta:
        verbose_name = _("dates in the last e-mail")
        verbose_name_plural = _("dates in the last e-mails")
        constraints = [
            models.UniqueConstraint(
                fields=["visit"],
                condition=models.Q(application__isnull=True, contact__isnull=True),
                name="notified_dates_of_security_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.visit}, {self.starts_at:%Y-%m-%d %H:%M}"


class HostLink(models.Model):
    """A sign-in link of a contact, valid once and for a short time; only its hash is stored."""

    BACKUP_RULE: ClassVar[BackupRule] = EXCLUDED_FROM_BACKUP

    contact = models.ForeignKey(HostContact, models.CASCADE, related_name="links")
    hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("sign-in link of a host")
        verbose_name_plural = _("sign-in links of hosts")

    def __str__(self) -> str:
        return f"{self.contact}, {self.created_at:%Y-%m-%d %H:%M}"


def hash_token(token: str) -> str:
    """Return the SHA-256 hash of a link's token as hexadecimal."""
    # Unsalted and fast is enough: tokens are 256 random bits, and the hash has to be found by an index.
    return hashlib.sha256(token.encode()).hexdigest()
