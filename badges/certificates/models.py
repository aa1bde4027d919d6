"""Certificates as they were issued."""

import datetime
import secrets
from dataclasses import dataclass
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from registrations.models import Registration
from registrations.models.references import UNAMBIGUOUS_CHARACTERS
from schedule.models import Session

# 29 ** 12 codes: guessing one is hopeless, also without the rate limit of the public page.
CODE_LENGTH = 12


def generate_certificate_code() -> str:
    return "".join(secrets.choice(UNAMBIGUOUS_CHARACTERS) for _position in range(CODE_LENGTH))


@dataclass(frozen=True, slots=True)
class CertifiedStay:
    """A stay from the first entry to the last exit of a day; None if no exit was scanned."""

    arrived_at: datetime.datetime
    left_at: datetime.datetime | None = None

    def to_json(self) -> list[str | None]:
        return [self.arrived_at.isoformat(), self.left_at.isoformat() if self.left_at else None]

    @classmethod
    def from_json(cls, stored: list[Any]) -> Self:
        arrived_at, left_at = (datetime.datetime.fromisoformat(text) if text else None for text in stored)
        assert arrived_at is not None, "a stay begins with an arrival"
        return cls(arrived_at, left_at)


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def valid(self) -> Self:
        return self.filter(ended_at__isnull=True)


class Certificate(models.Model):
    """A certificate as it was issued; its text never changes.

    Corrected facts make a new one, which replaces it. `stays` are pairs of times (see `CertifiedStay`).
    """

    class Ending(models.TextChoices):
        REPLACED = "replaced", _("replaced by a newer one")
        WITHDRAWN = "withdrawn", _("withdrawn")

    code = models.CharField(
        _("code"), max_length=CODE_LENGTH, unique=True, default=generate_certificate_code, editable=False
    )
    event = models.ForeignKey(Event, models.CASCADE, related_name="+")
    registration = models.ForeignKey(Registration, models.CASCADE, related_name="+")
    # NULL for the certificate of the whole event.
    session = models.ForeignKey(Session, models.CASCADE, null=True, blank=True, related_name="+")
    name = models.CharField(_("name"), max_length=601)
    company = models.CharField(_("company"), max_length=300, blank=True)
    stays = models.JSONField(default=list)
    issued_at = models.DateTimeField(_("issued on"), default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    ending = models.CharField(max_length=20, choices=Ending.choices, blank=True)

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates of attendance")
        ordering = ["-issued_at", "-pk"]
        # Two, since NULLs are distinct in a unique index.
        constraints = [
            models.UniqueConstraint(
                fields=["registration"],
                condition=Q(ended_at__isnull=True, session__isnull=True),
                name="one_certificate_per_event",
            ),
            models.UniqueConstraint(
                fields=["registration", "session"],
                condition=Q(ended_at__isnull=True, session__isnull=False),
                name="one_certificate_per_session",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.code}"

    @property
    def certified_stays(self) -> list[CertifiedStay]:
        return [CertifiedStay.from_json(stored) for stored in self.stays]

    @property
    def spaced_code(self) -> str:
        """Return the code in groups of four, for reading and typing."""
        return "-".join(self.code[start : start + 4] for start in range(0, CODE_LENGTH, 4))
