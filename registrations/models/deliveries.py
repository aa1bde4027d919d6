"""The log of mails: each that was to be sent, how often it was tried, and what the mail server said."""

from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

TRIES_TO_NOTICE = 3


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Sets of deliveries."""

    def troubled(self) -> Self:
        """Those that somebody should look at: refused, or tried in vain; and not sent again since."""
        later = Delivery.objects.filter(stem=OuterRef("stem"), revision__gt=OuterRef("revision"))
        in_vain = Q(refused_at__isnull=False) | Q(attempts__gte=TRIES_TO_NOTICE)
        return self.filter(in_vain, ~Exists(later), accepted_at__isnull=True)


class Delivery(models.Model):
    """One mail of an order. Tried again it is the same mail with the same Message-ID; sent anew, a revision.

    `covers` is the latest sequence of what it tells: a later change is another mail. It keeps no address.
    """

    class Kind(models.TextChoices):
        PROOF = "proof", _("link to confirm the place")
        VERIFICATION = "verification", _("link to confirm the order")
        CONFIRMATION = "confirmation", _("confirmation with badge")
        CANCELLATION = "cancellation", _("cancellation")

    class State(models.TextChoices):
        ACCEPTED = "accepted", _("sent")
        REFUSED = "refused", _("refused")
        TRYING = "trying", _("not sent yet")

    order = models.ForeignKey("registrations.Order", models.CASCADE, related_name="deliveries")
    registration = models.ForeignKey(
        "registrations.Registration", models.CASCADE, null=True, related_name="deliveries"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    stem = models.CharField(max_length=60)
    revision = models.PositiveIntegerField(default=1)
    covers = models.PositiveBigIntegerField(default=0)
    queued_at = models.DateTimeField(auto_now_add=True)
    attempts = models.PositiveIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=300, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["stem", "revision"], name="one_delivery_per_revision")]

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        """What its Message-ID is made of."""
        return f"{self.stem}-{self.revision}"

    @property
    def state(self) -> str:
        """Derived from the dates."""
        if self.accepted_at:
            return self.State.ACCEPTED
        return self.State.REFUSED if self.refused_at else self.State.TRYING

    @property
    def is_done(self) -> bool:
        """Whether the mail server has said its last word."""
        return self.accepted_at is not None or self.refused_at is not None

    @property
    def needs_attention(self) -> bool:
        """Whether it was refused or tried in vain; `troubled` also looks whether it was sent anew."""
        return self.accepted_at is None and (self.refused_at is not None or self.attempts >= TRIES_TO_NOTICE)

    def get_state_display(self) -> str:
        """The state in words."""
        return str(self.State(self.state).label)
