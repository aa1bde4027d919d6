"""Vouchers: codes that lower prices or open hidden tickets, for a limited number of registrations."""

import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.backup.rules import BackupRule
from convention.db.limited_stock import WITHIN_CAPACITY, LimitedStock
from convention.events.models import Event

from .references import generate_voucher_code
from .tickets import Ticket

VOUCHER_CAPACITY_CONSTRAINT = "voucher_never_overused"


class Voucher(LimitedStock):
    """A code; `value` is a percentage or cents by its kind, `capacity` how many registrations can use it.

    It applies to all tickets if it names none, and opens the hidden ones that it names. People type the code,
    so that it cannot be derived from a key: a backup has it encrypted.
    """

    BACKUP_RULE: ClassVar[BackupRule] = BackupRule(encrypted_columns={"code": generate_voucher_code})

    LOCK_ORDER = 40

    class Kind(models.TextChoices):
        PERCENT = "percent", _("percentage off")
        AMOUNT = "amount", _("amount off")
        FIXED = "fixed", _("fixed price")
        ACCESS = "access", _("access only, at the ticket’s price")

    event = models.ForeignKey(Event, models.CASCADE, related_name="vouchers")
    code = models.CharField(_("code"), max_length=40)
    label = models.CharField(_("what it is for"), max_length=120, blank=True)
    kind = models.CharField(_("type"), max_length=20, choices=Kind.choices, default=Kind.PERCENT)
    value = models.PositiveIntegerField(_("value"), default=0)
    loaded_tickets: "list[Ticket] | None" = None  # if they were loaded with the voucher
    tickets = models.ManyToManyField(
        Ticket, blank=True, related_name="vouchers", verbose_name=_("applies to these tickets")
    )
    opens_at = models.DateTimeField(_("valid from"), null=True, blank=True)
    closes_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    for_company = models.CharField(_("for one company"), max_length=200, blank=True)
    for_address = models.CharField(_("for one e-mail address or domain"), max_length=254, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "code"], name="voucher_code_once_per_event"),
            models.CheckConstraint(name=VOUCHER_CAPACITY_CONSTRAINT, condition=WITHIN_CAPACITY),
            # A literal: the nested `Kind` is not visible from here.
            models.CheckConstraint(
                name="voucher_percent_at_most_100", condition=~Q(kind="percent") | Q(value__lte=100)
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def title(self) -> str:
        return self.code

    @property
    def is_not_open_yet(self) -> bool:
        return self.opens_at is not None and timezone.now() < self.opens_at

    def list_tickets(self) -> list[Ticket]:
        """Return the tickets that it applies to; none if it applies to all."""
        return list(self.tickets.all()) if self.loaded_tickets is None else self.loaded_tickets

    def is_valid(self, *, at: datetime.datetime | None = None) -> bool:
        """Return whether `at` (default: now) is within its validity period."""
        now = at or timezone.now()
        return (self.opens_at is None or self.opens_at <= now) and (
            self.closes_at is None or now < self.closes_at
        )
