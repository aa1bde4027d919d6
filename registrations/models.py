"""Tickets, orders and registrations: one model of a place for every kind of event."""

import datetime
from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from convention.club.models import Company
from convention.events.models import Event
from convention.money import Money
from convention.text import fold

from .deliveries import Delivery as Delivery
from .references import new_order_reference, new_registration_reference, new_secret


class Ticket(models.Model):
    """A way to come; `taken` is only ever changed by one conditional statement."""

    class Audience(models.TextChoices):
        MEMBER = "member", _("member")
        GUEST = "guest", _("guest")
        VENDOR = "vendor", _("vendor")
        SPEAKER = "speaker", _("speaker")
        PRESS = "press", _("press")
        STAFF = "staff", _("staff")

    event = models.ForeignKey(Event, models.CASCADE, related_name="tickets")
    slug = models.SlugField(_("address"), max_length=50)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    description_en = models.CharField(_("description in English"), max_length=300, blank=True)
    audience = models.CharField(
        _("audience"), max_length=20, choices=Audience.choices, default=Audience.GUEST
    )
    price = models.PositiveIntegerField(_("price, in cents"), default=0)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    capacity = models.PositiveIntegerField(_("places"), null=True, blank=True)
    company_cap = models.PositiveIntegerField(_("places per company"), null=True, blank=True)
    taken = models.PositiveIntegerField(default=0, editable=False)
    opens_at = models.DateTimeField(_("on sale from"), null=True, blank=True)
    closes_at = models.DateTimeField(_("on sale until"), null=True, blank=True)
    is_public = models.BooleanField(_("offered on the event page"), default=True)
    is_default = models.BooleanField(_("used where no ticket is named"), default=False)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "slug"], name="ticket_slug_once_per_event"),
            models.UniqueConstraint(
                fields=["event"], condition=Q(is_default=True), name="one_default_ticket_per_event"
            ),
            models.CheckConstraint(
                name="ticket_never_oversold",
                condition=Q(capacity__isnull=True) | Q(taken__lte=F("capacity")),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The name in the language of the moment."""
        return self.name_en if translation.get_language() == "en" and self.name_en else self.name

    @property
    def summary(self) -> str:
        """The description in the language of the moment."""
        english = translation.get_language() == "en" and self.description_en
        return self.description_en if english else self.description

    @property
    def cost(self) -> Money:
        """The price with its currency."""
        return Money(self.price, self.currency)

    @property
    def left(self) -> int | None:
        """Places left; None where there is no limit."""
        return None if self.capacity is None else max(0, self.capacity - self.taken)

    @property
    def is_for_members(self) -> bool:
        """Whether it is a member's ticket."""
        return self.audience == self.Audience.MEMBER

    @property
    def needs_proof(self) -> bool:
        """Whether a mailed link must prove a member; at an event for members guests' tickets need it too."""
        among_members = self.event.visibility == Event.Visibility.MEMBERS
        return self.is_for_members or (among_members and self.audience == self.Audience.GUEST)

    @property
    def is_early(self) -> bool:
        """Whether its sale has yet to begin."""
        return self.opens_at is not None and timezone.now() < self.opens_at

    def is_on_sale(self, *, at: datetime.datetime | None = None) -> bool:
        """Whether the sale window is open."""
        now = at or timezone.now()
        return (self.opens_at is None or self.opens_at <= now) and (
            self.closes_at is None or now < self.closes_at
        )


class CompanyShare(models.Model):
    """How many places of a ticket one company has taken, counted in one conditional statement."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="shares")
    company = models.ForeignKey(Company, models.CASCADE, related_name="+")
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "company"], name="one_share_per_company")]

    def __str__(self) -> str:
        return f"{self.company}: {self.taken} × {self.ticket}"


class Order(models.Model):
    """What one buyer asked for at once: one or more registrations, and how it is paid."""

    class Payment(models.TextChoices):
        FREE = "free", _("free")
        INVOICE = "invoice", _("to invoice")

    event = models.ForeignKey(Event, models.CASCADE, related_name="orders")
    reference = models.CharField(_("reference"), max_length=20, unique=True, default=new_order_reference)
    secret = models.CharField(max_length=43, default=new_secret, editable=False)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=5, default="fr")
    company = models.CharField(_("company"), max_length=200, blank=True)
    payment = models.CharField(_("payment"), max_length=20, choices=Payment.choices)
    total = models.PositiveIntegerField(_("total, in cents"), default=0)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    purchase_order = models.CharField(_("purchase order"), max_length=60, blank=True)
    billing_name = models.CharField(_("billed to"), max_length=200, blank=True)
    billing_street = models.CharField(_("street"), max_length=200, blank=True)
    billing_postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    billing_city = models.CharField(_("city"), max_length=100, blank=True)
    billing_country = models.CharField(_("country"), max_length=2, blank=True)
    source = models.CharField(_("source"), max_length=20, default="page")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    booked: list["Registration"] | None = None  # what `register` has just booked, to save a query

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.reference

    @property
    def cost(self) -> Money:
        """The total with its currency."""
        return Money(self.total, self.currency)

    @property
    def due(self) -> Money:
        """What is to be invoiced: the places that were not cancelled."""
        standing = [r.price for r in self.registrations.all() if r.cancelled_at is None]
        return Money(sum(standing), self.currency)

    @property
    def manage_path(self) -> str:
        """Where its holder sees, corrects and cancels it, in the order's language; whoever has it may."""
        return self.path_with(self.secret)

    @property
    def manage_url(self) -> str:
        """The same as a whole address, for mails and programs."""
        return f"{settings.SITE_URL}{self.manage_path}"

    def path_with(self, secret: str) -> str:
        """Where the holder of that secret sees what it opens, all of the order or one registration."""
        with translation.override(self.language):
            return reverse("order", args=[self.reference, secret])


FOUND_BY = ("search", "sort_name")


class RegistrationQuerySet(models.QuerySet["Registration"]):
    """Sets of registrations, with time as an argument."""

    def bulk_create(  # type: ignore[override]  # the rest is passed on
        self, objs: Iterable["Registration"], *args: Any, **kwargs: Any
    ) -> list["Registration"]:
        """Add many; each is made findable."""
        objs = list(objs)
        for registration in objs:
            registration.make_findable()
        return super().bulk_create(objs, *args, **kwargs)  # type: ignore[arg-type, return-value]  # Self is unsaid

    def bulk_update(
        self, objs: Iterable["Registration"], fields: Iterable[str], *args: Any, **kwargs: Any
    ) -> int:
        """Change many; each stays findable."""
        objs = list(objs)
        for registration in objs:
            registration.make_findable()
        return super().bulk_update(
            objs,  # type: ignore[arg-type]  # Self is unsaid
            [*fields, *FOUND_BY],
            *args,
            **kwargs,
        )

    def matching(self, words: str) -> Self:
        """Those in whom every word is found: name, company, address or reference, in any order."""
        found = self
        for word in fold(words).split():
            found = found.filter(search__contains=word)
        return found

    def confirmed(self) -> Self:
        """Those who come: their badge is valid."""
        return self.filter(confirmed_at__isnull=False, cancelled_at__isnull=True)

    def active(self, *, at: datetime.datetime | None = None) -> Self:
        """Those who hold a place: confirmed, or pending and still held."""
        now = at or timezone.now()
        return self.filter(cancelled_at__isnull=True).filter(
            Q(confirmed_at__isnull=False) | Q(held_until__gt=now)
        )

    def lapsed(self, *, at: datetime.datetime | None = None) -> Self:
        """Pending ones whose time ran out and whose place can be given back."""
        now = at or timezone.now()
        return self.filter(cancelled_at__isnull=True, confirmed_at__isnull=True, held_until__lte=now)


class Registration(models.Model):
    """One place at one event, with a snapshot of who holds it."""

    class State(models.TextChoices):
        PENDING = "pending", _("awaiting confirmation by mail")
        CONFIRMED = "confirmed", _("confirmed")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")

    reference = models.CharField(max_length=13, unique=True, default=new_registration_reference)
    event = models.ForeignKey(Event, models.CASCADE, related_name="registrations")
    order = models.ForeignKey(Order, models.CASCADE, related_name="registrations")
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="registrations")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="registrations",
    )
    member_of = models.ForeignKey(
        Company,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="registrations",
        verbose_name=_("member company"),
    )
    first_name = models.CharField(_("first name"), max_length=300, blank=True)
    last_name = models.CharField(_("last name"), max_length=300, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    company = models.CharField(_("company"), max_length=300, blank=True)
    no_photo = models.BooleanField(_("does not want to be photographed"), default=False)
    price = models.PositiveIntegerField(_("price, in cents"), default=0)
    generation = models.PositiveIntegerField(default=1, editable=False)
    sequence = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("registered"), auto_now_add=True)
    held_until = models.DateTimeField(_("held until"), null=True, blank=True)
    takes_place = models.BooleanField(default=True, db_default=True, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    search = models.TextField(blank=True, editable=False)
    sort_name = models.CharField(max_length=100, blank=True, editable=False)
    proof_sent_at = models.DateTimeField(null=True, editable=False)
    confirmation_sent_at = models.DateTimeField(null=True, editable=False)
    cancellation_sent_at = models.DateTimeField(null=True, editable=False)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["last_name", "first_name", "pk"]
        indexes = [
            models.Index(fields=["event", "sequence"]),
            models.Index(fields=["event", "last_name", "first_name", "id"]),
            models.Index(fields=["event", "email"]),
            models.Index(fields=["event", "sort_name", "id"], name="registration_by_name"),
            models.Index(fields=["event", "-created_at", "-id"], name="registration_by_time"),
            models.Index(
                fields=["ticket", "held_until"],
                condition=Q(held_until__isnull=False),
                name="registration_held",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.event}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep it, and keep it findable."""
        self.make_findable()
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, *FOUND_BY}
        super().save(*args, **kwargs)

    def make_findable(self) -> None:
        """Write what a search looks through and a list is sorted by: without accents and capitals."""
        self.sort_name = fold(f"{self.last_name} {self.first_name}")[:100]
        self.search = fold(f"{self.first_name} {self.last_name} {self.company} {self.email} {self.reference}")

    @property
    def name(self) -> str:
        """First and last name, as written."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def state(self) -> str:
        """Derived from the dates."""
        if self.cancelled_at:
            return self.State.CANCELLED
        if self.confirmed_at:
            return self.State.CONFIRMED
        return self.State.PENDING if self.is_held() else self.State.EXPIRED

    @property
    def counts(self) -> bool:
        """Whether it is counted in the ticket's `taken`: confirmed, or pending and not given back yet."""
        held = self.held_until is not None and self.takes_place
        return self.cancelled_at is None and (self.confirmed_at is not None or held)

    @property
    def holders(self) -> int:
        """How many people had this place in turn; cancelling raises the generation too, for the same one."""
        return self.generation - (self.cancelled_at is not None)

    def is_held(self, *, at: datetime.datetime | None = None) -> bool:
        """Whether it may still be confirmed in time; its place is kept unless too many wait (`holds.py`)."""
        return self.held_until is not None and self.held_until > (at or timezone.now())

    def get_state_display(self) -> str:
        """The state in words."""
        return str(self.State(self.state).label)


class IdempotencyKey(models.Model):
    """What a program or form sent with an order, so that sending it again books nothing again."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="+")
    order = models.ForeignKey(Order, models.CASCADE, related_name="+")
    key_hash = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "key_hash"], name="one_order_per_idempotency_key")
        ]

    def __str__(self) -> str:
        return f"{self.order} {self.key_hash[:8]}"
