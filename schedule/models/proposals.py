"""Calls for proposals: what may be proposed, the proposals, their reviews, and the mails about them.

The state of a proposal follows from its dates; no column repeats it.
"""

import datetime
import uuid
from typing import Any, ClassVar, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.club.models import Person
from convention.events.models import Event
from convention.rich_text.clean_columns import CleanHtmlField, RichTextModel, RichTextQuerySet
from convention.text.languages import LANGUAGE_CHOICES
from convention.web.link_secrets import LinkedModel

from .programme import Session, Speaker, Track

MIN_SCORE, MAX_SCORE = 1, 5
MAX_WEIGHT = 10
MIN_MINUTES, MAX_MINUTES = 5, 24 * 60


def list_default_languages() -> list[str]:
    return [code for code, _name in LANGUAGE_CHOICES]


class CallForProposalsQuerySet(RichTextQuerySet):
    def open(self, *, at: datetime.datetime | None = None) -> Self:
        """Return the calls that accept proposals at that moment, by default now; none of cancelled events."""
        moment = at or timezone.now()
        rows: Self = self.filter(opens_at__lte=moment, closes_at__gt=moment, event__cancelled_at=None)
        return rows


class CallForProposals(RichTextModel):
    """A request of an event to speakers: its texts, its dates, and its rules."""

    class OptionalField(models.TextChoices):
        """A field that the form may leave out."""

        TRACK = "track", _("track")
        NOTES = "notes", _("notes for the reviewers")
        BIOGRAPHY = "biography", _("biography")

    event = models.OneToOneField(Event, models.CASCADE, related_name="call_for_proposals")
    title = models.CharField(_("title in French"), max_length=300)
    title_en = models.CharField(_("title in English"), max_length=300, blank=True)
    text = models.TextField(_("text in French"), blank=True)
    text_html = CleanHtmlField(source="text")
    text_en = models.TextField(_("text in English"), blank=True)
    text_en_html = CleanHtmlField(source="text_en")
    opens_at = models.DateTimeField(pgettext_lazy("call", "opens"))
    closes_at = models.DateTimeField(pgettext_lazy("call", "closes"))
    # Empty: every track of the event.
    tracks = models.ManyToManyField(Track, related_name="+", blank=True, verbose_name=_("tracks"))
    languages: Any = models.JSONField(_("languages of sessions"), default=list_default_languages)
    max_per_person = models.PositiveIntegerField(
        _("maximum number of proposals per person"), null=True, blank=True
    )
    left_out_fields: Any = models.JSONField(_("fields left out"), default=list, blank=True)
    has_neutrality_rule = models.BooleanField(_("neutrality rule for vendors"), default=True)
    # Empty: the usual text (proposals/neutrality.py).
    neutrality_text = models.TextField(_("rule in French"), blank=True)
    neutrality_text_en = models.TextField(_("rule in English"), blank=True)
    is_blind = models.BooleanField(_("hide the speakers from reviewers until the decision"), default=False)
    # By kind of mail, then by `subject_fr` and so on. For a missing text see proposals/mail_texts.py.
    mail_texts: Any = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Any] = CallForProposalsQuerySet.as_manager()

    class Meta:
        verbose_name = _("call for proposals")
        verbose_name_plural = _("calls for proposals")
        constraints = [
            models.CheckConstraint(name="call_closes_after_opening", condition=Q(closes_at__gt=F("opens_at")))
        ]

    def __str__(self) -> str:
        return self.shown_title

    @property
    def shown_title(self) -> str:
        """Return the title in the active language."""
        return self.title_en if translation.get_language() == "en" and self.title_en else self.title

    @property
    def shown_html(self) -> str:
        """Return the cleaned text in the active language."""
        html = self.text_en_html if translation.get_language() == "en" and self.text_en else self.text_html
        return str(html)

    @property
    def has_closed(self) -> bool:
        return self.closes_at <= timezone.now()

    def is_open(self, *, at: datetime.datetime | None = None) -> bool:
        """Return whether proposals are accepted at that moment, by default now; not for a cancelled event."""
        return not self.event.cancelled_at and self.opens_at <= (at or timezone.now()) < self.closes_at


class BilingualNameModel(models.Model):
    """A row with a name in French and, optionally, in English."""

    name = models.CharField(_("name in French"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """Return the name in the active language."""
        return self.name_en if translation.get_language() == "en" and self.name_en else self.name


class SessionFormat(BilingualNameModel):
    """A kind of session that may be proposed, and its length."""

    call = models.ForeignKey(CallForProposals, models.CASCADE, related_name="formats")
    minutes = models.PositiveIntegerField(
        _("minutes"), validators=[MinValueValidator(MIN_MINUTES), MaxValueValidator(MAX_MINUTES)]
    )

    class Meta:
        verbose_name = _("session format")
        verbose_name_plural = _("session formats")
        ordering = ["minutes", "name", "pk"]


class Criterion(BilingualNameModel):
    """A property that reviewers score from 1 to 5, and its weight in the mean."""

    call = models.ForeignKey(CallForProposals, models.CASCADE, related_name="criteria")
    weight = models.PositiveIntegerField(
        _("weight"), default=1, validators=[MinValueValidator(1), MaxValueValidator(MAX_WEIGHT)]
    )

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering = ["pk"]
        constraints = [models.CheckConstraint(name="criterion_has_weight", condition=Q(weight__gte=1))]


class SessionProposalQuerySet(RichTextQuerySet):
    def active(self) -> Self:
        """Return the proposals that were not withdrawn."""
        rows: Self = self.filter(withdrawn_at=None)
        return rows


class SessionProposal(LinkedModel, RichTextModel):
    """A session that somebody proposes. The first speaker submitted it; the link is theirs.

    The appearances of an accepted proposal's session tell whether its speakers confirmed.
    """

    LINK_PURPOSE = "schedule.session_proposal"

    class State(models.TextChoices):
        """The state of a proposal, derived from its dates."""

        SUBMITTED = "submitted", pgettext_lazy("proposal", "to be decided")
        WAITLISTED = "waitlisted", pgettext_lazy("proposal", "on the waiting list")
        ACCEPTED = "accepted", pgettext_lazy("proposal", "accepted")
        REJECTED = "rejected", pgettext_lazy("proposal", "rejected")
        WITHDRAWN = "withdrawn", pgettext_lazy("proposal", "withdrawn")

    call = models.ForeignKey(CallForProposals, models.CASCADE, related_name="proposals")
    # The key of the form that submitted it, so that a second click submits nothing.
    form_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=300)
    abstract = models.TextField(_("abstract"))
    abstract_html = CleanHtmlField(source="abstract")
    notes = models.TextField(_("notes for the reviewers"), blank=True)
    track = models.ForeignKey(
        Track, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("track")
    )
    format = models.ForeignKey(
        SessionFormat, models.RESTRICT, related_name="proposals", verbose_name=_("format")
    )
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGE_CHOICES)
    is_case_study = models.BooleanField(_("case study with a customer"), default=False)
    customer = models.CharField(_("customer"), max_length=300, blank=True)
    # The language of the e-mails about it.
    contact_language = models.CharField(max_length=2, choices=LANGUAGE_CHOICES, default="fr")
    submitted_at = models.DateTimeField(_("submitted"), default=timezone.now)
    changed_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    rejected_at = models.DateTimeField(null=True, blank=True)
    waitlisted_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    session = models.OneToOneField(
        Session, models.SET_NULL, null=True, blank=True, related_name="accepted_proposal"
    )
    sales_talk_resolved_at = models.DateTimeField(null=True, blank=True)
    sales_talk_resolved_by = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    sales_talk_reason = models.TextField(blank=True)

    objects: ClassVar[Any] = SessionProposalQuerySet.as_manager()

    class Meta:
        verbose_name = _("session proposal")
        verbose_name_plural = _("session proposals")
        ordering = ["submitted_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="proposal_decided_once",
                condition=Q(accepted_at=None, rejected_at=None)
                | Q(accepted_at=None, waitlisted_at=None)
                | Q(rejected_at=None, waitlisted_at=None),
            ),
            models.CheckConstraint(
                name="proposal_with_session_is_accepted",
                condition=Q(session__isnull=True) | Q(accepted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def state(self) -> "SessionProposal.State":
        dated = [
            (self.withdrawn_at, self.State.WITHDRAWN),
            (self.accepted_at, self.State.ACCEPTED),
            (self.rejected_at, self.State.REJECTED),
            (self.waitlisted_at, self.State.WAITLISTED),
        ]
        return next((state for at, state in dated if at), self.State.SUBMITTED)

    @property
    def is_undecided(self) -> bool:
        """Return whether there is no final decision yet: submitted or on the waiting list."""
        return self.state in {self.State.SUBMITTED, self.State.WAITLISTED}

    @property
    def is_editable(self) -> bool:
        """Return whether its speaker may change it: undecided, while the call is open."""
        return self.state == self.State.SUBMITTED and self.call.is_open()


class ProposalSpeaker(RichTextModel):
    """A speaker of a proposal, in order; `speaker` is the event's speaker, set on acceptance."""

    proposal = models.ForeignKey(SessionProposal, models.CASCADE, related_name="speakers")
    position = models.PositiveIntegerField(default=0)
    name = models.CharField(_("name"), max_length=300)
    email = models.EmailField(_("e-mail address"))
    company = models.CharField(_("company"), max_length=300, blank=True)
    # As stated by the speaker; the club's directory is consulted too (proposals/neutrality.py).
    works_for_vendor = models.BooleanField(_("works for a vendor"), default=False)
    biography = models.TextField(_("biography"), blank=True)
    biography_html = CleanHtmlField(source="biography")
    speaker = models.ForeignKey(Speaker, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("speaker of a proposal")
        verbose_name_plural = _("speakers of proposals")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "position"], name="proposal_speaker_once_per_position"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Review(models.Model):
    """One reviewer's opinion: scores, or an abstention, or a declared conflict of interest."""

    proposal = models.ForeignKey(SessionProposal, models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(Person, models.CASCADE, related_name="+")
    comment = models.TextField(_("comment"), blank=True)
    scored_at = models.DateTimeField(null=True, blank=True)
    abstained_at = models.DateTimeField(null=True, blank=True)
    conflict_declared_at = models.DateTimeField(null=True, blank=True)
    # Flagged as a sales talk; a later `sales_talk_resolved_at` of the proposal settles the flag.
    sales_talk_flagged_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "reviewer"], name="review_once_per_reviewer"),
            models.CheckConstraint(
                name="review_scored_or_abstained",
                condition=Q(scored_at=None, abstained_at=None)
                | Q(scored_at=None, conflict_declared_at=None)
                | Q(abstained_at=None, conflict_declared_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer}, {self.proposal}"


class Score(models.Model):
    """A reviewer's score for one criterion."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="scores")
    criterion = models.ForeignKey(Criterion, models.CASCADE, related_name="scores")
    value = models.PositiveSmallIntegerField(_("score"))

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        ordering = ["criterion"]
        constraints = [
            models.UniqueConstraint(fields=["review", "criterion"], name="score_once_per_criterion"),
            models.CheckConstraint(
                name="score_within_scale", condition=Q(value__gte=MIN_SCORE, value__lte=MAX_SCORE)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.value}"


class ProposalMailQuerySet(models.QuerySet["ProposalMail"]):
    def waiting(self) -> Self:
        """Return the mails that the mail server neither accepted nor refused."""
        return self.filter(accepted_at=None, refused_at=None)


class ProposalMail(models.Model):
    """A mail about a proposal to one of its speakers; neither address nor link is stored."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("proposal received")
        ACCEPTED = "accepted", _("proposal accepted")
        REJECTED = "rejected", _("proposal rejected")
        WAITLISTED = "waitlisted", _("proposal on the waiting list")

    recipient = models.ForeignKey(ProposalSpeaker, models.CASCADE, related_name="mails")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    language = models.CharField(max_length=2, choices=LANGUAGE_CHOICES)
    # Filled in for the recipient, but for the link.
    subject = models.CharField(max_length=600)
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    accepted_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)

    objects = ProposalMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("e-mail about a proposal")
        verbose_name_plural = _("e-mails about proposals")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.message_key

    @property
    def message_key(self) -> str:
        """Return the key of the Message-ID, the same at every attempt so that repeats are recognized."""
        return f"proposal-mail-{self.recipient_id}-{self.pk}"
