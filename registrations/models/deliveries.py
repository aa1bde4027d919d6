"""The delivery log of an order's mails, and the notices that are due to former attendees."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from .registrations import Registration

ATTEMPTS_BEFORE_WARNING = 3
BUYER_KEY_PREFIX = "buyer-"
REINSTATED_KEY_PREFIX = "reinstated-"


def handover_message_key(registration: "Registration") -> str:
    """Return the key of the mail that tells the buyer about the current holder."""
    return f"handover-{registration.reference}-{registration.holder_count}"


def holder_message_key(registration: "Registration", *, holder_count: int | None = None) -> str:
    """Return the key of the mail to the current holder, or to the one with that number."""
    return f"holder-{registration.reference}-{holder_count or registration.holder_count}"


def make_private_message_key(registration: "Registration", *, holder_count: int | None = None) -> str:
    """Return the key of the mail to a private place's current holder, or about its cancellation.

    With `holder_count`, return that of the mail to the holder with that number.
    """
    # The key changes exactly when another mail is due; corrections are revisions under the same key.
    is_about_cancellation = registration.cancelled_at and holder_count is None
    state = "cancelled" if is_about_cancellation else str(holder_count or registration.holder_count)
    return f"{make_private_key_prefix(registration)}{state}"


def make_buyer_message_key(registration: "Registration") -> str:
    """Return the key of the mail that tells the buyer what that with `make_private_message_key` tells."""
    return f"{BUYER_KEY_PREFIX}{make_private_message_key(registration)}"


def make_private_key_prefix(registration: "Registration") -> str:
    """Return the common prefix of the keys of `make_private_message_key`."""
    return f"own-{registration.reference}-"


def make_cancelled_message_key(registration: "Registration") -> str:
    """Return the key of the mail to an attendee other than the buyer about the cancellation."""
    return f"cancelled-{registration.reference}"


def list_cancellation_message_keys(registration: "Registration") -> list[str]:
    """Return the keys of all mails about the cancellation of this registration alone."""
    private_key = f"{make_private_key_prefix(registration)}cancelled"
    return [make_cancelled_message_key(registration), private_key, f"{BUYER_KEY_PREFIX}{private_key}"]


def make_reinstated_message_key(registration: "Registration") -> str:
    """Return the key of the mail to an attendee other than the buyer about the reinstatement."""
    return f"{REINSTATED_KEY_PREFIX}{registration.reference}"


class MailDeliveryQuerySet(models.QuerySet["MailDelivery"]):
    def needing_attention(self) -> Self:
        """Return deliveries that were refused or keep failing, and were not sent again since."""
        # A newer revision replaces an older one: only the latest can need attention.
        later = MailDelivery.objects.filter(
            message_key=OuterRef("message_key"), revision__gt=OuterRef("revision")
        )
        is_failing = Q(refused_at__isnull=False) | Q(attempts__gte=ATTEMPTS_BEFORE_WARNING)
        return self.filter(is_failing, ~Exists(later), accepted_at__isnull=True)


class MailDelivery(models.Model):
    """One mail of an order.

    A retry has the same Message-ID; sending it again on request makes a new revision. `covered_sequence` is
    the event's sequence up to which the mail describes changes: a later change needs another mail. No address
    is stored.
    """

    class Kind(models.TextChoices):
        MEMBER_VERIFICATION = "proof", _("link to confirm the place")
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
    message_key = models.CharField(max_length=60)
    revision = models.PositiveIntegerField(default=1)
    covered_sequence = models.PositiveBigIntegerField(default=0)
    queued_at = models.DateTimeField(auto_now_add=True)
    attempts = models.PositiveIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    server_response = models.CharField(max_length=300, blank=True)

    objects = MailDeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["message_key", "revision"], name="one_delivery_per_revision")
        ]

    def __str__(self) -> str:
        return self.revision_key

    @property
    def revision_key(self) -> str:
        """Return the stem of its Message-ID."""
        return f"{self.message_key}-{self.revision}"

    @property
    def state(self) -> str:
        if self.accepted_at:
            return self.State.ACCEPTED
        return self.State.REFUSED if self.refused_at else self.State.TRYING

    @property
    def is_done(self) -> bool:
        """Return whether the mail server has accepted or refused it for good."""
        return self.accepted_at is not None or self.refused_at is not None

    @property
    def needs_attention(self) -> bool:
        """Return whether it was refused or keeps failing; unlike the queryset, ignore later revisions."""
        return self.accepted_at is None and (
            self.refused_at is not None or self.attempts >= ATTEMPTS_BEFORE_WARNING
        )

    def get_state_display(self) -> str:
        return str(self.State(self.state).label)


class GivenBy(models.TextChoices):
    """The person who gave a place to somebody else; a contact is one who is not the buyer."""

    BUYER = "buyer"
    CONTACT = "contact"
    ATTENDEE = "attendee"
    ORGANIZER = "organizer"


class TransferNotice(models.Model):
    """An e-mail that is due to the former attendee of a transferred place.

    The registration names the new attendee by then. The row is deleted once the mail was sent, or turns out
    not to be due.
    """

    registration = models.ForeignKey(
        "registrations.Registration", models.CASCADE, related_name="transfer_notices"
    )
    # The registration's, while the former attendee had the place.
    holder_count = models.PositiveIntegerField()
    first_name = models.CharField(_("first name"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail"))
    # The former attendee's, "" for the order's: the registration has the new attendee's by then.
    language = models.CharField(_("language"), max_length=5, blank=True, default="", db_default="")
    given_by = models.CharField(max_length=20, choices=GivenBy.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("notice of a transfer")
        verbose_name_plural = _("notices of transfers")
        constraints = [
            models.UniqueConstraint(fields=["registration", "holder_count"], name="one_notice_per_transfer")
        ]

    def __str__(self) -> str:
        return f"{self.registration} #{self.holder_count}"
