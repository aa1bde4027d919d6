"""Companies, people, employments, roles and working groups."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.club.periods import Period
from convention.db.searchable import SearchableModel, SearchableQuerySet
from convention.text.normalize import name_search_key
from convention.text.phone_numbers import MAX_PHONE_LENGTH, make_phone_search_key, validate_phone


class SearchableByName(SearchableModel):
    """A model that is searched and sorted by its name."""

    SEARCH_COLUMNS = ("sort_name",)
    SEARCH_SOURCES = frozenset({"name"})
    name: Any
    sort_name: Any

    class Meta:
        abstract = True

    def update_search_columns(self) -> None:
        self.sort_name = name_search_key(self.name)[:100]


class Market(SearchableByName):
    """A market in which companies sell, such as storage: two that share one are competitors."""

    slug = models.SlugField(_("address"), max_length=50, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    sort_name = models.CharField(max_length=100, blank=True, editable=False)
    NAME_TAKEN = _("Another market already has this name.")

    objects = SearchableQuerySet["Market"].as_manager()

    class Meta:
        verbose_name = _("market")
        verbose_name_plural = _("markets")
        ordering = ["sort_name", "pk"]
        constraints = [models.UniqueConstraint(Lower("name"), name="market_name_once")]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """Return the name in the active language."""
        return self.name_en if translation.get_language() == "en" and self.name_en else self.name


class Company(SearchableModel):
    """A company: member, vendor, organizer or analyst by its roles, several at once."""

    SEARCH_SOURCES = frozenset({"name", "city", "siren", "phone"})
    NAME_TAKEN = _("Another company already has this name.")

    name = models.CharField(_("name"), max_length=200, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    # French business register numbers: nine digits for the firm, fourteen for an establishment.
    siren = models.CharField(_("SIREN"), max_length=9, blank=True)
    siret = models.CharField(_("SIRET"), max_length=14, blank=True)
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="subsidiaries")
    # Set by a merger, whose survivor is the parent from this day.
    merged_on = models.DateField(_("merged on"), null=True, blank=True, editable=False)
    markets = models.ManyToManyField(
        Market, blank=True, related_name="companies", verbose_name=_("markets it sells in")
    )
    sector = models.CharField(_("sector"), max_length=80, blank=True)
    street = models.CharField(_("street"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, default="FR")
    phone = models.CharField(
        _("phone number"), max_length=MAX_PHONE_LENGTH, blank=True, validators=[validate_phone]
    )
    # Only readers of the directory see it.
    note = models.TextField(_("internal note"), blank=True)
    search = models.TextField(blank=True, editable=False)
    sort_name = models.CharField(max_length=100, blank=True, editable=False)

    objects = SearchableQuerySet["Company"].as_manager()

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ["sort_name", "pk"]
        indexes = [models.Index(fields=["sort_name", "id"], name="company_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_merged(self) -> bool:
        """Return whether the company has merged into its parent by today."""
        return self.merged_on is not None and self.merged_on <= timezone.localdate()

    def update_search_columns(self) -> None:
        """Sort by name, and search the city, SIREN and phone number too."""
        self.sort_name = name_search_key(self.name)[:100]
        phone = make_phone_search_key(self.phone)
        self.search = name_search_key(f"{self.name} {self.city} {self.siren} {phone}")


class CompanyRole(Period):
    """A company's role in the club, for a time."""

    class Role(models.TextChoices):
        MEMBER = "member", _("member")
        VENDOR = "vendor", _("vendor")
        ORGANIZER = "organizer", _("organizer")
        ANALYST = "analyst", _("analyst")

    company = models.ForeignKey(Company, models.CASCADE, related_name="roles")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)

    class Meta(Period.Meta):
        verbose_name = _("company role")
        verbose_name_plural = _("company roles")

    def __str__(self) -> str:
        return f"{self.company}, {self.get_role_display()}"


class PersonManager(BaseUserManager["Person"].from_queryset(SearchableQuerySet["Person"])):  # type: ignore[misc]  # made
    def create_user(self, email: str | None, password: str | None = None, **fields: Any) -> "Person":
        """Create a person; without a password they sign in by a mailed code."""
        # Lower case, also before the "@": the unique constraint compares exactly.
        person = self.model(email=self.normalize_email(email).lower() or None, **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class Person(SearchableModel, AbstractBaseUser, PermissionsMixin):
    """A person in the directory; a walk-in has neither e-mail address nor sign-in.

    `claimed_email` is an address that a company's contact gave for a colleague although another person has
    it. It cannot be used to sign in until its owner confirms to be the same person (`claims.py`).
    """

    SEARCH_SOURCES = frozenset({"first_name", "last_name", "email", "phone"})

    # NULL, not empty: the unique constraint then allows many people without an address.
    email = models.EmailField(_("e-mail"), unique=True, null=True, blank=True)
    # Not unique: several companies may claim one address.
    claimed_email = models.EmailField(
        _("e-mail given by a company’s contact"), blank=True, default="", db_default="", editable=False
    )
    first_name = models.CharField(_("first name"), max_length=150, blank=True)
    last_name = models.CharField(_("last name"), max_length=150, blank=True)
    language = models.CharField(_("language"), max_length=5, default="fr")
    phone = models.CharField(
        _("phone number"), max_length=MAX_PHONE_LENGTH, blank=True, validators=[validate_phone]
    )
    # Only readers of the directory see it.
    note = models.TextField(_("internal note"), blank=True)
    # NULL: never asked. A badge shows only a refusal.
    photo_consent = models.BooleanField(_("agrees to be photographed"), null=True, blank=True)
    is_staff = models.BooleanField(_("can open the back office"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("in the directory since"), default=timezone.now)
    search = models.TextField(blank=True, editable=False)
    sort_name = models.CharField(max_length=100, blank=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["sort_name", "pk"]
        # Lists of 20,000 people are paged in this order.
        indexes = [models.Index(fields=["sort_name", "id"], name="person_by_sort_name")]

    def __str__(self) -> str:
        return self.name or self.email or f"#{self.pk}"

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def is_erased(self) -> bool:
        """Return whether an erasure left only the row, without name and sign-in."""
        return not (self.is_active or self.email or self.name)

    @property
    def known_email(self) -> str:
        """Return the address, or the one that the company's contact gave, or ""."""
        return self.email or self.claimed_email

    def update_search_columns(self) -> None:
        """Sort by last name, and search the address and phone number too."""
        self.sort_name = name_search_key(f"{self.last_name} {self.first_name}")[:100]
        phone = make_phone_search_key(self.phone)
        self.search = name_search_key(f"{self.first_name} {self.last_name} {self.email or ''} {phone}")


class Employment(Period):
    """A person's employment at a company, for a time."""

    class Level(models.TextChoices):
        CTO = "cto", _("CTO")
        CIO = "cio", _("CIO")
        MANAGER = "manager", _("manager")
        ENGINEER = "engineer", _("engineer")

    person = models.ForeignKey(Person, models.CASCADE, related_name="employments")
    company = models.ForeignKey(Company, models.CASCADE, related_name="employments")
    title = models.CharField(_("title"), max_length=120, blank=True)
    level = models.CharField(_("level"), max_length=20, choices=Level.choices, blank=True)

    class Meta(Period.Meta):
        verbose_name = _("employment")
        verbose_name_plural = pgettext_lazy("plural", "employment")

    def __str__(self) -> str:
        return f"{self.person}, {self.company}"


class CompanyContact(Period):
    """A person who registers colleagues and gives seats for a company, for a time."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="contacts")
    person = models.ForeignKey(Person, models.CASCADE, related_name="company_contacts")

    class Meta(Period.Meta):
        verbose_name = _("company contact")
        verbose_name_plural = _("company contacts")

    def __str__(self) -> str:
        return f"{self.person}, {self.company}"


class ClubRole(Period):
    """A person's role in the whole club, for a time."""

    class Role(models.TextChoices):
        ADMINISTRATOR = "administrator", _("administrator")
        ORGANIZER = "organizer", _("organizer of every event")
        TREASURER = "treasurer", _("treasurer")
        SECRETARY = "secretary", _("secretary")

    person = models.ForeignKey(Person, models.CASCADE, related_name="club_roles")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)

    class Meta(Period.Meta):
        verbose_name = _("club role")
        verbose_name_plural = _("club roles")

    def __str__(self) -> str:
        return f"{self.person}, {self.get_role_display()}"


class WorkingGroup(SearchableByName):
    """A group that meets on a theme or a technique, or informally."""

    class Kind(models.TextChoices):
        THEMATIC = "thematic", _("thematic")
        TECHNICAL = "technical", _("technical")
        INFORMAL = "informal", _("informal")

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("type"), max_length=20, choices=Kind.choices)
    charter = models.TextField(_("charter"), blank=True)
    sort_name = models.CharField(max_length=100, blank=True, editable=False)
    NAME_TAKEN = _("Another group already has this name.")

    objects = SearchableQuerySet["WorkingGroup"].as_manager()

    class Meta:
        verbose_name = _("working group")
        verbose_name_plural = _("working groups")
        ordering = ["sort_name", "pk"]
        constraints = [models.UniqueConstraint(Lower("name"), name="working_group_name_once")]

    def __str__(self) -> str:
        return self.name


class Mandate(Period):
    """A person's role in a working group, for a term; a renewal is a new row."""

    class Role(models.TextChoices):
        LEAD = "lead", _("lead")
        DEPUTY = "deputy", _("deputy")
        SCRIBE = "scribe", _("scribe")

    # They prepare the group's meetings (`convention.events.permissions.leads_meeting`).
    LEADING_ROLES: ClassVar = (Role.LEAD, Role.DEPUTY)

    group = models.ForeignKey(WorkingGroup, models.CASCADE, related_name="mandates")
    person = models.ForeignKey(Person, models.CASCADE, related_name="mandates")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)

    class Meta(Period.Meta):
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")

    def __str__(self) -> str:
        return f"{self.person}, {self.get_role_display()}, {self.group}"
