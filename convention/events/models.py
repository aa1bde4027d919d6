"""Events, venues, rooms, who runs an event, and the keys that sign its badges."""

import datetime
import zoneinfo
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final, Self

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.club.models import Company, CompanyRole, Employment, WorkingGroup
from convention.club.periods import Period, PeriodQuerySet
from convention.codes.secret_keys import get_fernet
from convention.db.compiled_query import PLACEHOLDER_ID, CompiledQuery
from convention.db.limited_stock import exclude_from_save
from convention.rich_text.clean_columns import CleanHtmlField, RichTextModel
from convention.rich_text.sanitize import html_to_text
from convention.text.time_zones import list_zone_names
from convention.text.web_addresses import build_map_url

# Of new events; each event may have another one.
DEFAULT_ZONE: Final = zoneinfo.ZoneInfo("Europe/Paris")
EVENT_TIME_FIELDS: Final = (
    "starts_at",
    "ends_at",
    "registration_opens_at",
    "registration_closes_at",
    "substitutions_close_at",
)
# Not written by `Event.save` unless named.
COLUMNS_WITH_OWN_ACTION: Final = ("sequence", "pictures_version", "cancelled_at", "cancellation_reason")


def validate_timezone(name: str) -> None:
    """Raise ValidationError for a name that is not a zone of the time zone database."""
    if name not in list_zone_names():
        raise ValidationError(_("“%(name)s” is not a known time zone.") % {"name": name})


class Venue(models.Model):
    """A place with an address."""

    name = models.CharField(_("name"), max_length=200)
    street = models.CharField(_("street"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, default="FR")
    directions = models.TextField(_("how to get there"), blank=True)
    directions_en = models.TextField(_("how to get there, in English"), blank=True)

    class Meta:
        verbose_name = _("venue")
        verbose_name_plural = _("venues")
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name}, {self.city}" if self.city else self.name

    @property
    def local_directions(self) -> str:
        """Return the directions in the active language."""
        english = translation.get_language() == "en" and self.directions_en
        return self.directions_en if english else self.directions

    @property
    def map_url(self) -> str:
        """Return the address of a map on another site; "" for a venue without an address."""
        if not (self.street or self.city):
            return ""
        # The name finds the building where no street does; beside a street it would only confuse the search.
        place = self.street or self.name
        return build_map_url(" ".join(filter(None, (place, self.postcode, self.city, self.country))))


class Event(RichTextModel):
    """A convention, a visit to a vendor's site, or a meeting of a working group."""

    class Kind(models.TextChoices):
        CONVENTION = "convention", _("convention")
        SITE_VISIT = "site_visit", _("site visit")
        GROUP_MEETING = "group_meeting", _("group meeting")

    class Visibility(models.TextChoices):
        DRAFT = "draft", _("draft: visible to organizers only")
        MEMBERS = "members", _("members: anyone with the link can see it; only members can register")
        PUBLIC = "public", _("public")

    slug = models.SlugField(_("address"), max_length=80, unique=True)
    kind = models.CharField(_("type"), max_length=20, choices=Kind.choices, default=Kind.CONVENTION)
    visibility = models.CharField(
        _("visibility"), max_length=20, choices=Visibility.choices, default=Visibility.DRAFT
    )
    name = models.CharField(_("name"), max_length=300)
    name_en = models.CharField(_("name in English"), max_length=300, blank=True)
    description = models.TextField(_("description"), blank=True)
    description_html = CleanHtmlField(source="description")
    description_en = models.TextField(_("description in English"), blank=True)
    description_en_html = CleanHtmlField(source="description_en")
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    timezone = models.CharField(
        _("time zone"), max_length=60, default=DEFAULT_ZONE.key, validators=[validate_timezone]
    )
    venue = models.ForeignKey(Venue, models.SET_NULL, null=True, blank=True, related_name="events")
    host = models.ForeignKey(
        Company,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="hosted_events",
        verbose_name=_("host"),
    )
    group = models.ForeignKey(
        WorkingGroup,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="meetings",
        verbose_name=_("working group"),
    )
    accent = models.CharField(
        _("accent colour"),
        max_length=7,
        default="#0b5c8a",
        # Strict, since the colour becomes part of a style sheet and of its address.
        validators=[RegexValidator(r"^#[0-9a-f]{6}$", _("Enter a colour as #rrggbb."))],
    )
    contact_email = models.EmailField(_("contact e-mail address"), blank=True)
    registration_opens_at = models.DateTimeField(_("registration opens"), null=True, blank=True)
    registration_closes_at = models.DateTimeField(_("registration closes"), null=True, blank=True)
    substitutions_close_at = models.DateTimeField(_("transfers allowed until"), null=True, blank=True)
    # Written by `publishing/cancel_event.py` alone; a site visit is cancelled by its own row instead.
    cancelled_at = models.DateTimeField(_("date of cancellation"), null=True, blank=True, editable=False)
    cancellation_reason = models.CharField(
        _("reason for the cancellation"), max_length=300, blank=True, editable=False
    )
    # Increased whenever a badge's verdict may change; scanners fetch rows with a higher one.
    sequence = models.PositiveBigIntegerField(default=0, editable=False)
    # Written by `update_pictures_version` alone; "" for an event without pictures, whose pages load none.
    pictures_version = models.CharField(max_length=16, default="", blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # By event id, for lists of events (`load_application_deadlines`); None elsewhere, so that actions that
    # check the deadline again under a lock see a change.
    application_deadlines: Mapping[int, datetime.datetime] | None = None

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(name="event_ends_after_start", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(
                name="event_cancelled_with_reason",
                condition=Q(cancelled_at__isnull=True, cancellation_reason="")
                | (Q(cancelled_at__isnull=False) & ~Q(cancellation_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save all but the columns that have their own functions, which an older instance must not undo."""
        super().save(*args, **exclude_from_save(*COLUMNS_WITH_OWN_ACTION, row=self, save_arguments=kwargs))

    def get_absolute_url(self) -> str:
        return reverse("event", args=[self.slug])

    @property
    def title(self) -> str:
        """Return the name in the active language."""
        return self.name_en if translation.get_language() == "en" and self.name_en else self.name

    @property
    def summary(self) -> str:
        """Return the description in the active language, as safe HTML."""
        english = translation.get_language() == "en" and self.description_en_html
        return self.description_en_html if english else self.description_html

    @property
    def summary_text(self) -> str:
        """Return the description in the active language as plain text, for calendars and programs."""
        # Of the HTML: rendering Markdown takes four times as long, on each rendering of the event's page.
        return html_to_text(self.summary)

    @cached_property
    def shown_pictures(self) -> dict[str, "EventPicture"]:
        """Return the pictures by kind, without their content; no query for an event without any."""
        rows = PICTURES_QUERY.all(self.pk) if self.pictures_version else []
        for picture in rows:
            picture.event = self  # for its address
        return {picture.kind: picture for picture in rows}

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """Return the time zone in which the event's times are shown."""
        return zoneinfo.ZoneInfo(self.timezone)

    def is_before_first_day(self, *, at: datetime.datetime | None = None) -> bool:
        """Return whether the event starts on a later day, in its own time zone."""
        now = at or timezone.now()
        return now.astimezone(self.zone).date() < self.starts_at.astimezone(self.zone).date()

    def is_over(self, *, at: datetime.datetime | None = None) -> bool:
        """Return whether the event has ended."""
        return self.ends_at <= (at or timezone.now())

    def is_registration_open(self, *, at: datetime.datetime | None = None) -> bool:
        """Return whether the event is published, not cancelled, inside its registration period, and not over.

        A cancellation counts whatever `at` is: who joined a waiting list before it gets no place either.
        """
        now = at or timezone.now()
        if self.visibility == self.Visibility.DRAFT or self.cancelled_at:
            return False
        return not self.is_registration_ahead(at=now) and now < self.registration_deadline

    def is_registration_ahead(self, *, at: datetime.datetime | None = None) -> bool:
        """Return whether registration opens at a set time after `at` (default: now), also of a draft.

        Never for a cancelled event.
        """
        opens_at = self.registration_opens_at
        return not self.cancelled_at and opens_at is not None and (at or timezone.now()) < opens_at

    @property
    def can_register_on_page(self) -> bool:
        """Return whether registration is open on the event's page; site visits take applications instead."""
        return self.kind != self.Kind.SITE_VISIT and self.is_registration_open()

    @property
    def registration_deadline(self) -> datetime.datetime:
        """Return until when people can register: at most until the end of the event, or until a visit closes.

        Queries for a site visit; any other kind costs no query.
        """
        limits = [self.registration_closes_at, self.ends_at]
        # Asked each time, not copied into `registration_closes_at`: that is the organizer's own deadline, and
        # the one of a visit moves with its dates, its terms and its list.
        if self.kind == self.Kind.SITE_VISIT:
            deadlines = self.application_deadlines
            if deadlines is None:
                deadlines = hooks.application_deadlines.provider()([self])
            limits.append(deadlines.get(self.pk))
        return min(moment for moment in limits if moment)

    @property
    def is_registration_over(self) -> bool:
        """Return whether the deadline has passed, also of a draft."""
        return self.registration_deadline <= timezone.now()

    @property
    def substitution_deadline(self) -> datetime.datetime:
        """Return until when an attendee or the company's contact may give a place to another person."""
        return self.substitutions_close_at or self.starts_at


def load_application_deadlines(events: Iterable[Event]) -> None:
    """Load the deadlines of these events' visits with one query, for a page that lists the events."""
    visits = [event for event in events if event.kind == Event.Kind.SITE_VISIT]
    deadlines = hooks.application_deadlines.provider()(visits) if visits else {}
    for event in visits:
        event.application_deadlines = deadlines


class EventPicture(models.Model):
    """A picture of one event, redrawn as JPEG or PNG (`pictures/save_pictures.py` has the sizes)."""

    class Kind(models.TextChoices):
        HEADER = "header", _("header image")
        LOGO = "logo", _("logo of the event")
        MAP = "map", _("map")

    event = models.ForeignKey(Event, models.CASCADE, related_name="pictures")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    content = models.BinaryField()
    mimetype = models.CharField(max_length=20)
    # Part of the picture's address, so that browsers fetch a replaced one.
    digest = models.CharField(max_length=16)
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    alt_text = models.CharField(_("description for people who do not see it"), max_length=300, blank=True)
    alt_text_en = models.CharField(
        _("description for people who do not see it, in English"), max_length=300, blank=True
    )

    class Meta:
        verbose_name = _("picture of an event")
        verbose_name_plural = _("pictures of events")
        ordering = ["kind"]
        constraints = [models.UniqueConstraint(fields=["event", "kind"], name="picture_once_per_kind")]

    def __str__(self) -> str:
        return f"{self.event}, {self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        return f"{reverse('event-picture', args=[self.event.slug, self.kind])}?v={self.digest}"

    @property
    def alt(self) -> str:
        """Return the alternative text in the active language; a logo without one has the event's name."""
        english = translation.get_language() == "en" and self.alt_text_en
        text = self.alt_text_en if english else self.alt_text
        return text or (self.event.title if self.kind == self.Kind.LOGO else "")


# Compiled, since every public page of an event with a logo or a header image makes this query.
PICTURES_QUERY = CompiledQuery(
    lambda event: EventPicture.objects.filter(event=event).defer("content"), PLACEHOLDER_ID
)


class Room(models.Model):
    """A room of one event."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="rooms")
    name = models.CharField(_("name"), max_length=500)
    capacity = models.PositiveIntegerField(_("capacity"), null=True, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)
    guid = models.CharField(max_length=100, blank=True, editable=False)
    turnover_minutes = models.PositiveIntegerField(_("minutes between two sessions"), default=0)
    # Rooms that are close to each other have the same zone.
    zone = models.CharField(_("zone"), max_length=100, blank=True)
    # One on each line, such as a projector; sessions may need them.
    features = models.TextField(_("equipment"), blank=True)

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        ordering = ["position", "name"]
        constraints = [models.UniqueConstraint(fields=["event", "name"], name="room_name_once_per_event")]

    def __str__(self) -> str:
        return self.name


class DelegationQuerySet(PeriodQuerySet["Delegation"]):
    def open(self, *, at: datetime.date | None = None) -> Self:
        """Return the contracts that include that day, of firms that are organizers then."""
        day = at or timezone.localdate()
        organizer = CompanyRole.objects.open(at=day).filter(
            company=OuterRef("company"), role=CompanyRole.Role.ORGANIZER
        )
        # The firm's own role must be open too: when the club ends it, access under all its contracts ends.
        rows: Self = super().open(at=day)  # type: ignore[assignment]  # a set of contracts stays one
        return rows.filter(Exists(organizer))


class Delegation(Period):
    """A contract by which an outside firm runs one event until `ends_on`."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="delegations")
    company = models.ForeignKey(Company, models.PROTECT, related_name="+", verbose_name=_("firm"))
    # Required, unlike for other periods: an outside firm must not keep access by oversight.
    ends_on = models.DateField(_("to"))
    contract_number = models.CharField(_("contract"), max_length=120, blank=True)

    objects: ClassVar[Any] = DelegationQuerySet.as_manager()

    class Meta(Period.Meta):
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        ordering = ["-ends_on", "-pk"]

    def __str__(self) -> str:
        return f"{self.company}, {self.event}"


class EventRoleQuerySet(PeriodQuerySet["EventRole"]):
    def within_dates(self, *, at: datetime.date | None = None) -> Self:
        """Return the roles whose own days include that day, without checking their contracts."""
        rows: Self = super().open(at=at)  # type: ignore[assignment]  # a set of roles stays one
        return rows

    def open(self, *, at: datetime.date | None = None) -> Self:
        """Return the roles that are effective on that day.

        A role under a contract also needs the contract, and an employment at its firm, on that day.
        """
        day = at or timezone.localdate()
        employed = Employment.objects.open(at=day).filter(
            person=OuterRef("person"), company=OuterRef("delegation__company")
        )
        under_contract = Q(delegation__in=Delegation.objects.open(at=day)) & Q(Exists(employed))
        return self.within_dates(at=day).filter(Q(delegation__isnull=True) | under_contract)

    def at_desk(self, *, at: datetime.date | None = None) -> Self:
        """Return the roles of active people that let them work at the event's desk on that day."""
        return self.open(at=at).filter(role__in=EventRole.DESK_ROLES, person__is_active=True)


class EventRole(Period):
    """A person's role for one event, for a time; `delegation` is the contract under which it was given."""

    class Role(models.TextChoices):
        ORGANIZER = "organizer", _("organizer")
        DESK = "desk", _("desk staff")
        REVIEWER = "reviewer", _("reviewer")

    # Those who run an event work at its desk too.
    DESK_ROLES: ClassVar = (Role.ORGANIZER, Role.DESK)

    event = models.ForeignKey(Event, models.CASCADE, related_name="roles")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="event_roles")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    delegation = models.ForeignKey(
        Delegation, models.CASCADE, null=True, blank=True, related_name="roles", verbose_name=_("delegation")
    )

    objects: ClassVar[Any] = EventRoleQuerySet.as_manager()

    class Meta(Period.Meta):
        verbose_name = _("event role")
        verbose_name_plural = _("event roles")

    def __str__(self) -> str:
        return f"{self.person}, {self.get_role_display()}, {self.event}"

    @property
    def last_day(self) -> datetime.date | None:
        """Return the last day on which the role can be effective, or None."""
        days = (self.ends_on, self.delegation and self.delegation.ends_on)
        return min((day for day in days if day), default=None)


class EventKey(models.Model):
    """An Ed25519 key pair that signs the badges of one event; `number` is part of each code.

    The private key is encrypted under SECRET_KEY: a copy of the database alone signs no badge. Under another
    SECRET_KEY the pair only verifies, and the event gets a new one (`signing_keys.py`).
    """

    PURPOSE: ClassVar[str] = "event keys"

    event = models.ForeignKey(Event, models.CASCADE, related_name="keys")
    # Unique among all events: a scanner finds the public key by this number alone.
    number = models.PositiveIntegerField(unique=True)
    encrypted_private_key = models.BinaryField(editable=False)
    public_key = models.BinaryField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("event key")
        verbose_name_plural = _("event keys")

    def __str__(self) -> str:
        return f"{self.event} #{self.number}"

    @cached_property
    def private_key(self) -> bytes | None:
        """Return the 32 bytes that sign, or None if this site's SECRET_KEY cannot decrypt them."""
        try:
            return get_fernet(self.PURPOSE).decrypt(bytes(self.encrypted_private_key))
        except InvalidToken:
            return None
