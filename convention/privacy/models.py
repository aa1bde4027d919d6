"""Privacy requests, consents by version of their text, and retention periods."""

import calendar
import datetime
from typing import Any, ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# GDPR, article 12: one month from the request.
ANSWER_DEADLINE_MONTHS: Final = 1
DUE_SOON_DAYS: Final = 7


def add_months(day: datetime.date, months: int) -> datetime.date:
    """Return the same day that many months later, or the last day of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    # From 31 January the deadline is the last day of February (Regulation 1182/71, article 3).
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


class PrivacyCaseQuerySet(models.QuerySet["PrivacyCase"]):
    def unanswered(self) -> Self:
        return self.filter(answered_at__isnull=True)


class PrivacyCase(models.Model):
    """A person's request to see their data, or to be erased.

    `email` is deleted with the answer of an erasure. `counts` says by table what the erasure did, `retained`
    names the documents that the law requires to stay, and `mentions` lists texts that still name the person:
    table, column and key, never the text.
    """

    class Kind(models.TextChoices):
        ACCESS = "access", _("access to their data")
        ERASURE = "erasure", _("erasure of their data")

    class Answer(models.TextChoices):
        GIVEN = "given", pgettext_lazy("privacy case", "answered")
        ERASED = "erased", pgettext_lazy("privacy case", "erased")
        REFUSED = "refused", pgettext_lazy("privacy case", "refused")
        TAKEN_BACK = "taken_back", pgettext_lazy("privacy case", "withdrawn")
        NO_DATA = "no_data", pgettext_lazy("privacy case", "no data stored")

    kind = models.CharField(_("request"), max_length=10, choices=Kind.choices)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=5, default="fr")
    requested_at = models.DateTimeField(pgettext_lazy("privacy case", "asked"), default=timezone.now)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(pgettext_lazy("privacy case", "answered on"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    answer = models.CharField(_("answer"), max_length=10, choices=Answer.choices, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    counts = models.JSONField(default=dict, editable=False)
    retained = models.JSONField(default=list, db_default=[], editable=False)
    mentions = models.JSONField(default=list, db_default=[], editable=False)

    objects = PrivacyCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("privacy case")
        verbose_name_plural = _("privacy cases")
        ordering = ["requested_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"],
                condition=Q(answered_at__isnull=True, person__isnull=False),
                name="one_open_case_per_person",
            ),
            models.CheckConstraint(
                name="case_answered_with_an_answer",
                condition=Q(answered_at__isnull=True, answer="")
                | (Q(answered_at__isnull=False) & ~Q(answer="")),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}, {self.get_kind_display()}"

    @property
    def subject_name(self) -> str:
        """Return the person or the address; the number alone once an erasure has deleted both."""
        return str(self.person or self.email or f"#{self.pk}")

    @property
    def can_be_exported(self) -> bool:
        """Return whether the data may be downloaded: until the answer, and again after it was given."""
        return self.answered_at is None or self.answer == self.Answer.GIVEN

    @property
    def is_recorded(self) -> bool:
        """Return whether it came by letter or e-mail, and not from the person's own page or link."""
        return self.opened_by_id is not None

    @property
    def due_on(self) -> datetime.date:
        """Return the last day to answer."""
        # In the site's time zone: in UTC, a request around midnight would have another date.
        return add_months(timezone.localdate(self.requested_at), ANSWER_DEADLINE_MONTHS)

    @property
    def is_late(self) -> bool:
        return self.answered_at is None and self.days_left < 0

    @property
    def is_due_soon(self) -> bool:
        """Return whether it has to be answered within a week."""
        return self.answered_at is None and 0 <= self.days_left <= DUE_SOON_DAYS

    @property
    def days_left(self) -> int:
        """Return the days until the last day to answer, negative once it is over."""
        return (self.due_on - timezone.localdate()).days


class Purpose(models.Model):
    """Something for which the club asks for consent, such as photographs."""

    slug = models.SlugField(_("address"), max_length=50, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("purpose")
        verbose_name_plural = _("purposes")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """Return the name in the active language."""
        return self.name_en if translation.get_language() == "en" and self.name_en else self.name


class PurposeText(models.Model):
    """One version of a consent text. It never changes; people are asked to accept the latest one."""

    purpose = models.ForeignKey(Purpose, models.CASCADE, related_name="texts")
    version = models.PositiveIntegerField(_("version"))
    text = models.TextField(_("text"))
    text_en = models.TextField(_("text in English"), blank=True)
    published_at = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("purpose text")
        verbose_name_plural = _("purpose texts")
        ordering = ["purpose", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["purpose", "version"], name="purpose_text_once_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.purpose}, v{self.version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row. Raise TypeError for one that is stored already."""
        if not self._state.adding:
            raise TypeError("A published text never changes: create another version.")
        super().save(*args, **kwargs)

    @property
    def localized_text(self) -> str:
        """Return the text in the active language."""
        return self.text_en if translation.get_language() == "en" and self.text_en else self.text


class Consent(models.Model):
    """A person's consent to one version of a text, until it is withdrawn."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="consents")
    # PROTECT: without its text a consent proves nothing.
    text = models.ForeignKey(PurposeText, models.PROTECT, related_name="consents")
    given_at = models.DateTimeField(pgettext_lazy("consent", "given"), default=timezone.now)
    withdrawn_at = models.DateTimeField(pgettext_lazy("consent", "withdrawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-given_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "text"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_active_consent_per_text",
            )
        ]

    def __str__(self) -> str:
        return f"{self.text}, #{self.person_id}"


class RetentionPeriod(models.Model):
    """The days for which the club keeps one kind of data, if not the default."""

    rule = models.SlugField(max_length=50, unique=True)
    days = models.PositiveIntegerField(_("days"))

    class Meta:
        verbose_name = _("retention period")
        verbose_name_plural = _("retention periods")

    def __str__(self) -> str:
        return f"{self.rule}: {self.days}"


class RetentionRun(models.Model):
    """One run of one retention rule: the cutoff, how many rows were removed, and the error if it failed."""

    LOG_LIFETIME: ClassVar = datetime.timedelta(days=400)

    rule = models.SlugField(max_length=50)
    ran_at = models.DateTimeField(default=timezone.now)
    cutoff = models.DateTimeField()
    removed_count = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("retention run")
        verbose_name_plural = _("retention runs")
        ordering = ["-ran_at", "-pk"]
        indexes = [models.Index(fields=["rule", "-ran_at"], name="retention_run_of_rule")]

    def __str__(self) -> str:
        return f"{self.rule}, {self.ran_at:%Y-%m-%d}: {self.removed_count}"
