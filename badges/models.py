"""The badges that organizers and desk staff have printed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registrations.models import Registration


class LastPrintedBadge(models.Model):
    """A registration's badge as it was last printed, to find badges that are new or have changed since.

    `content_digest` is two hashes of what the badge showed, of its holder and of its design (see
    `badges.printing.print_states`).
    """

    registration = models.OneToOneField(
        Registration, models.CASCADE, primary_key=True, related_name="last_printed_badge"
    )
    content_digest = models.CharField(max_length=32)
    printed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("badge as last printed")
        verbose_name_plural = _("badges as last printed")

    def __str__(self) -> str:
        return f"{self.registration}, {self.printed_at:%Y-%m-%d %H:%M}"
