"""Checkpoints, devices, scans and the presences computed from them.

Scans are an append-only log; presences are derived from them and can be rebuilt at any time.
"""

import datetime
from functools import cache
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event, EventRole
from convention.events.permissions import get_leading_mandates_for
from registrations.models import Addon, Registration, Ticket
from registrations.visits.models import Ride
from schedule.models import Session

MAX_CHECKPOINT_NAME_LENGTH = 200
MAX_DEVICE_NAME_LENGTH = 100
# Stored in the language of whoever needed the event's first entrance.
DEFAULT_ENTRANCE_NAME = _("Entrance")
VERDICT_LABELS = {
    "admitted": _("admitted"),
    "already_in": _("already in"),
    "refused": _("refused"),
    "unverified": _("unverified"),
    "action": _("action needed"),
}
REASON_LABELS = {
    "forged": _("not a genuine badge"),
    "unknown": _("unknown"),
    "revoked": _("replaced by a newer badge"),
    "cancelled": _("registration cancelled"),
    "unpaid": _("awaiting payment"),
    "unconfirmed": _("awaiting confirmation"),
    "unnamed": _("name to follow"),
    "other_event": _("badge for another event"),
    "not_booked": _("not booked"),
    "not_entitled": _("not included in the ticket"),
    "outside_window": _("outside the opening hours"),
    "full": _("full"),
    "conflict": _("let in twice"),
    "undone": _("undoes an earlier scan"),
    "not_allowed": _("not allowed on this phone"),
    "revoked_device": _("from a phone revoked earlier"),
    "too_many_tries": _("too many short codes typed"),
}


class Checkpoint(models.Model):
    """A place where badges are scanned: an entrance, a session's room, a meal, a coach, the exit.

    `is_strict` checkpoints decide online only. With `counts_as`, scans count at that other checkpoint. If
    `tickets` or `addon` are set, only attendees with one of these tickets or with the add-on may enter.
    """

    class Kind(models.TextChoices):
        ENTRANCE = "entrance", _("entrance")
        SESSION = "session", _("session")
        MEAL = "meal", _("meal")
        VISIT = "visit", _("visit")
        ASSEMBLY = "assembly", _("general meeting")
        COACH = "coach", _("coach")
        EXIT = "exit", _("exit")
        OTHER = "other", _("other")

    event = models.ForeignKey(Event, models.CASCADE, related_name="checkpoints")
    session = models.ForeignKey(Session, models.CASCADE, null=True, blank=True, related_name="+")
    ride = models.ForeignKey(
        Ride, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("ride")
    )
    name = models.CharField(_("name"), max_length=MAX_CHECKPOINT_NAME_LENGTH)
    kind = models.CharField(_("type"), max_length=20, choices=Kind.choices, default=Kind.ENTRANCE)
    opens_at = models.DateTimeField(_("opens"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True)
    capacity = models.PositiveIntegerField(_("capacity"), null=True, blank=True)
    # The share of the capacity from which organizers are alarmed, before the limit is reached.
    alarm_percent = models.PositiveSmallIntegerField(
        _("alert at (% of capacity)"),
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    tickets = models.ManyToManyField(
        Ticket, blank=True, related_name="+", verbose_name=_("included in these tickets")
    )
    addon = models.ForeignKey(
        Addon,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("included in this add-on"),
    )
    is_strict = models.BooleanField(_("online only"), default=False)
    position = models.PositiveIntegerField(default=0)
    counts_as = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="gates",
        verbose_name=_("counts as"),
        help_text=_(
            "People scanned here count as present at the checkpoint you choose, "
            "for example if this is a second gate of the same entrance."
        ),
    )

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "name"], name="checkpoint_name_once_per_event"),
            models.UniqueConstraint(
                fields=["session"],
                condition=Q(session__isnull=False),
                name="one_checkpoint_per_session",
            ),
            models.UniqueConstraint(
                fields=["ride"], condition=Q(ride__isnull=False), name="one_checkpoint_per_ride"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """Return the name; of an entrance with the default name, in the active language."""
        is_default = self.kind == self.Kind.ENTRANCE and self.name in list_default_entrance_names()
        return str(DEFAULT_ENTRANCE_NAME) if is_default else self.name

    @property
    def presence_checkpoint_id(self) -> int:
        """Return the id of the checkpoint at which scans count: several gates can share one entrance."""
        return self.counts_as_id or self.pk

    @property
    def booked_session_id(self) -> int | None:
        """Return the session if it takes bookings: then only attendees who booked it may enter."""
        return self.session_id if self.session and self.session.is_bookable else None


@cache
def list_default_entrance_names() -> frozenset[str]:
    """Return the default name of an entrance in every language."""
    names = set()
    for language, _label in settings.LANGUAGES:
        with translation.override(language):
            names.add(str(DEFAULT_ENTRANCE_NAME))
    return frozenset(names)


class DeviceQuerySet(models.QuerySet["Device"]):
    def phones(self) -> Self:
        """Return the paired devices, without those that represent a desk."""
        return self.filter(is_desk=False)

    def valid(self, *, at: datetime.datetime | None = None) -> Self:
        """Return the devices whose token is valid at `at`.

        The role of the person who paired a device must not have ended.
        """
        now = at or timezone.now()
        day = timezone.localdate(now)
        roles = EventRole.objects.at_desk(at=day).filter(
            event=OuterRef("event"), person=OuterRef("paired_by")
        )
        mandates = get_leading_mandates_for(OuterRef("event"), at=day).filter(person=OuterRef("paired_by"))
        return self.phones().filter(
            Q(paired_by__isnull=True) | Exists(roles) | Exists(mandates),
            revoked_at__isnull=True,
            expires_at__gt=now,
        )


class Device(models.Model):
    """A phone that may scan for one event at one checkpoint, with a bearer token that expires."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="devices")
    checkpoint = models.ForeignKey(Checkpoint, models.CASCADE, related_name="devices")
    name = models.CharField(_("name"), max_length=MAX_DEVICE_NAME_LENGTH, blank=True)
    # Only the hash, so that a leaked backup contains no usable token.
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    # The raw P-256 point with whose private key the device signs its scans; NULL for programs.
    public_key = models.BinaryField(null=True, editable=False)
    # Of the single-use code that paired it: after a lost response the phone sends the same code again.
    pairing_code_hash = models.CharField(max_length=64, null=True, unique=True, editable=False)
    pairing_code_expires_at = models.DateTimeField(null=True, editable=False)
    # The screen that showed the code; screens are deleted after a while.
    invitation = models.ForeignKey(
        "PairingInvitation", models.SET_NULL, null=True, editable=False, related_name="devices"
    )
    created_at = models.DateTimeField(_("paired"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)
    # As the device last reported it (see scanning/device_state/heartbeat.py).
    state = models.JSONField(default=dict, editable=False)
    # A pseudo-device for check-ins by hand, since every scan needs a device.
    is_desk = models.BooleanField(default=False, editable=False)
    can_override = models.BooleanField(_("a supervisor’s"), default=False, db_default=False)
    can_change_checkpoint = models.BooleanField(
        _("may change its checkpoint"), default=False, db_default=False
    )
    # The device is valid as long as this person's role for the event; NULL if it depends on no role.
    # DO_NOTHING without a constraint: SET_NULL would make a deleted person's device valid for good.
    paired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        blank=True,
        editable=False,
        db_constraint=False,
        related_name="+",
    )

    objects = DeviceQuerySet.as_manager()

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint"], condition=Q(is_desk=True), name="one_desk_per_checkpoint"
            )
        ]

    def __str__(self) -> str:
        return self.name or f"#{self.pk}"

    @property
    def is_mobile(self) -> bool:
        """Return whether its user may move it to another checkpoint of the event; supervisors may."""
        return self.can_override or self.can_change_checkpoint


class PairingInvitation(models.Model):
    """A screen that shows one pairing code after the other; each code pairs one device.

    The code shown is derived from `nonce` and `used_count` (see devices/pairing_codes.py), so that the screen
    can show it again and the table alone does not reveal it.
    """

    event = models.ForeignKey(Event, models.CASCADE, related_name="+")
    checkpoint = models.ForeignKey(Checkpoint, models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=MAX_DEVICE_NAME_LENGTH, blank=True)
    can_override = models.BooleanField(default=False)
    can_change_checkpoint = models.BooleanField(default=False, db_default=False)
    shown_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    nonce = models.CharField(max_length=64, editable=False)
    used_count = models.PositiveIntegerField(default=0)
    code_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("pairing code")
        verbose_name_plural = _("pairing codes")

    def __str__(self) -> str:
        return f"{self.checkpoint}, {self.used_count}"


class CapacityLease(models.Model):
    """Places at a checkpoint with a capacity that a device may give while it is offline."""

    checkpoint = models.ForeignKey(Checkpoint, models.CASCADE, related_name="leases")
    device = models.ForeignKey(Device, models.CASCADE, related_name="+")
    places = models.PositiveIntegerField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "device"], name="one_lease_per_device_and_door")
        ]

    def __str__(self) -> str:
        return f"{self.device}: {self.places}"


class Scan(models.Model):
    """One scan as a device sent it; rows are only ever added.

    The indexes below serve every query on foreign keys, so the keys need none themselves.
    """

    class Direction(models.TextChoices):
        IN = "in", _("in")
        OUT = "out", _("out")

    uid = models.UUIDField()
    # The device that made the scan; another one of the event may have delivered it.
    device = models.ForeignKey(Device, models.PROTECT, related_name="scans", db_index=False)
    delivered_by = models.ForeignKey(Device, models.PROTECT, null=True, related_name="+", db_index=False)
    event = models.ForeignKey(Event, models.PROTECT, related_name="+", db_index=False)
    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="+", db_index=False)
    registration = models.ForeignKey(
        Registration, models.PROTECT, null=True, related_name="+", db_index=False
    )
    code_hash = models.CharField(max_length=64, blank=True)
    # Tells a repeated scan from another scan under the same id (see ScanInput.payload_hash).
    payload_hash = models.CharField(max_length=64)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    scanned_at = models.DateTimeField()
    received_at = models.DateTimeField()
    # `scanned_at` is by the device's clock; this is corrected by its offset and decides the order of scans.
    effective_at = models.DateTimeField()
    is_time_uncertain = models.BooleanField(default=False)
    is_offline = models.BooleanField(default=False)
    clock_offset_ms = models.IntegerField(null=True)
    device_sequence = models.BigIntegerField(null=True)
    snapshot = models.BigIntegerField(null=True)
    local_verdict = models.CharField(max_length=20, blank=True)
    operator = models.CharField(max_length=100, blank=True)
    override_reason = models.CharField(max_length=300, blank=True)
    verdict = models.CharField(max_length=20)
    reason = models.CharField(max_length=20, blank=True)
    # Whether the attendee passed; presence and headcount are computed from this and not from the verdict.
    let_in = models.BooleanField(default=False)
    # The `uid` of the scan that this one takes back; that scan may arrive later than this one.
    undoes = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("scan")
        verbose_name_plural = _("scans")
        # Offline devices send a scan again until they get an answer, perhaps by another device or paired
        # anew; this makes that harmless.
        constraints = [models.UniqueConstraint(fields=["event", "uid"], name="scan_once_per_event")]
        indexes = [
            models.Index(fields=["registration", "checkpoint", "effective_at"]),
            models.Index(fields=["checkpoint", "effective_at"]),
            models.Index(fields=["device", "device_sequence"], name="scans_of_device"),
            models.Index(fields=["event", "undoes"], condition=Q(undoes__isnull=False), name="scans_undone"),
        ]

    def __str__(self) -> str:
        return f"{self.uid} {self.verdict}"

    @property
    def verdict_text(self) -> str:
        return str(VERDICT_LABELS.get(self.verdict, self.verdict))

    @property
    def reason_text(self) -> str:
        return str(REASON_LABELS.get(self.reason, self.reason))


class PresenceQuerySet(models.QuerySet["Presence"]):
    def entered(self) -> Self:
        """Return the presences of attendees who came in at least once: undone scans leave none."""
        return self.filter(entries__gt=0)


class Presence(models.Model):
    """The result of all scans of one registration at one checkpoint; can be rebuilt from them at any time.

    Scans from before a transfer are left out: they are of the former attendee.

    `sequence` numbers the last change for devices; it is NULL until it is first read (see numbering.py).
    """

    event = models.ForeignKey(Event, models.CASCADE, related_name="+", db_index=False)
    checkpoint = models.ForeignKey(Checkpoint, models.CASCADE, related_name="presences", db_index=False)
    registration = models.ForeignKey(Registration, models.CASCADE, related_name="+", db_index=False)
    is_inside = models.BooleanField(default=False)
    first_entered_at = models.DateTimeField(null=True)
    last_entered_at = models.DateTimeField(null=True)
    last_left_at = models.DateTimeField(null=True)
    last_device = models.ForeignKey(Device, models.SET_NULL, null=True, related_name="+", db_index=False)
    # Not that of `last_device`, which may have moved since. NULL on rows older than this column, until a
    # rebuild.
    last_checkpoint = models.ForeignKey(
        Checkpoint, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    # Completed stays only: the current one is added when the exit is scanned.
    seconds_inside = models.PositiveIntegerField(default=0)
    entries = models.PositiveIntegerField(default=0)
    has_conflict = models.BooleanField(default=False)
    last_scan_at = models.DateTimeField(null=True)
    # Counts the scans applied; the fast path writes only if it has not changed since it was read.
    version = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(default=timezone.now)
    sequence = models.PositiveBigIntegerField(null=True, editable=False)

    objects = PresenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "registration"], name="one_presence_per_door"),
            models.CheckConstraint(
                condition=Q(is_inside=False) | Q(last_entered_at__isnull=False), name="inside_since_an_entry"
            ),
        ]
        # One for each query: cursors, numbering, arrivals, headcount, lookup by registration, conflicts.
        indexes = [
            models.Index(
                fields=["checkpoint", "sequence"],
                condition=Q(sequence__isnull=False),
                name="presence_numbered",
            ),
            models.Index(fields=["event"], condition=Q(sequence__isnull=True), name="presence_to_number"),
            models.Index(fields=["checkpoint", "entries"], name="presence_who_came"),
            models.Index(
                fields=["checkpoint", "last_entered_at"],
                condition=Q(is_inside=True),
                name="presence_who_is_inside",
            ),
            models.Index(fields=["registration", "entries", "is_inside", "checkpoint"]),
            models.Index(fields=["event", "checkpoint"], condition=Q(has_conflict=True), name="conflicts"),
        ]

    def __str__(self) -> str:
        return f"{self.registration}, {self.checkpoint}"


class PresenceCounter(models.Model):
    """The last sequence number given to presences of an event, and the one at which they were rebuilt."""

    event = models.OneToOneField(Event, models.CASCADE, primary_key=True, related_name="+")
    last = models.PositiveBigIntegerField(default=0)
    restarted_at = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.event_id}: {self.last}"


class ConflictResolution(models.Model):
    """A decision on a conflicting scan, by an organizer or at the door; the scan itself is not changed.

    Either `resolved_by` is the organizer, or `device` the phone on which `operator` resolved it.
    """

    class Kind(models.TextChoices):
        REENTRY = "reentry", _("left without a scan and came back")
        DUPLICATE = "duplicate", _("same person, recorded twice")
        WRONG_BADGE = "wrong_badge", _("another person’s badge")
        MISUSE = "misuse", _("misuse")

    # One to one: a scan is resolved once, also if two organizers click at the same time.
    scan = models.OneToOneField(Scan, models.PROTECT, related_name="resolution")
    kind = models.CharField(_("explanation"), max_length=20, choices=Kind.choices)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    device = models.ForeignKey(Device, models.SET_NULL, null=True, related_name="+")
    operator = models.CharField(max_length=100, blank=True, default="", db_default="")
    # Scans resolved together have the same time, by which reopen_conflict finds them.
    resolved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("resolution")
        verbose_name_plural = _("resolutions")

    def __str__(self) -> str:
        return f"{self.scan}: {self.get_kind_display()}"

    @property
    def resolver(self) -> str:
        """Return the name of the organizer who resolved it, or those of the phone and its user."""
        if self.resolved_by:
            return str(self.resolved_by)
        return ", ".join(str(part) for part in (self.device, self.operator) if part)
