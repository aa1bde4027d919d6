"""API tokens of people's programs."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    import datetime


class ApiToken(models.Model):
    """A bearer token with scopes. Only its hash is stored; the token is shown once."""

    class Scope(models.TextChoices):
        EVENTS_READ = "events:read", _("read events and programmes")
        REGISTRATIONS_READ = "registrations:read", _("read registrations")
        REGISTRATIONS_WRITE = "registrations:write", _("register attendees and cancel registrations")
        ATTENDANCE_READ = "attendance:read", _("read attendance")
        SCHEDULE_READ = (
            "schedule:read",
            _("read the draft of the programme, with sessions, speakers and rooms"),
        )
        SCHEDULE_WRITE = "schedule:write", _("change the programme and publish it")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=100)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField(pgettext_lazy("token", "created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def scope_labels(self) -> list[str]:
        """Return what the token permits, in words; a scope that is no longer known as it is stored."""
        labels = dict(self.Scope.choices)
        return [str(labels.get(scope, scope)) for scope in self.scopes]

    def is_valid(self, *, at: "datetime.datetime | None" = None) -> bool:
        """Return whether the token is neither expired nor revoked at `at`."""
        now = at or timezone.now()
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class RepeatableRequest(models.Model):
    """A request that came with an Idempotency-Key; `result` has the keys of the rows that it made."""

    # The unique constraint's index begins with the token.
    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="+", db_index=False)
    key_hash = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    result = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token", "key_hash"], name="one_request_per_idempotency_key")
        ]

    def __str__(self) -> str:
        return f"{self.token} {self.key_hash[:8]}"
