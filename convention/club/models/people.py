"""Companies, people, who works where, who holds which role, and working groups."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from convention.findable import Findable, FindableQuerySet
from convention.text import filed

from ..periods import Period


class Titled(Findable):
    """What lists go through by its name."""

    FOUND_BY = ("sort_name",)
    FOLDED = frozenset({"name"})
    name: Any
    sort_name: Any

    class Meta:
        abstract = True

    def make_findable(self) -> None:
        """The name alone."""
        self.sort_name = filed(self.name)[:100]


class Market(Titled):
    """What firms sell, as storage or a cloud: two that sell in one market compete."""

    slug = models.SlugField(_("address"), max_length=50, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    sort_name = models.CharField(max_length=100, blank=True, editable=False)

    objects = FindableQuerySet["Market"].as_manager()

    class Meta:
        verbose_name = _("market")
        verbose_name_plural = _("markets")
        ordering = ["sort_name", "pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The name in the language of the moment."""
        return self.name_en if translation.get_language() == "en" and self.name_en else self.name


class Company(Findable):
    """A firm: member, vendor, organizer or analyst by its dated roles, several at once."""

    FOLDED = frozenset({"name", "city", "siren"})

    name = models.CharField(_("name"), max_length=200, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    siren = models.CharField(_("SIREN"), max_length=9, blank=True)
    siret = models.CharField(_("SIRET"), max_length=14, blank=True)
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="subsidiaries")
    markets = models.ManyToManyField(
        Market, blank=True, related_name="companies", verbose_name=_("markets it sells in")
    )
    sector = models.CharField(_("sector"), max_length=80, blank=True)
    street = models.CharField(_("street"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, default="FR")
    search = models.TextField(blank=True, editable=False)
    sort_name = models.CharField(max_length=100, blank=True, editable=False)

    objects = FindableQuerySet["Company"].as_manager()

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ["sort_name", "pk"]
        indexes = [models.Index(fields=["sort_name", "id"], name="company_by_name")]

    def __str__(self) -> str:
        return self.name

    def make_findable(self) -> None:
        """By name; found by town and SIREN too."""
        self.sort_name = filed(self.name)[:100]
        self.search = filed(f"{self.name} {self.city} {self.siren}")


class CompanyRole(Period):
    """What a company is to the club, for a time."""

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


class PersonManager(BaseUserManager["Person"].from_queryset(FindableQuerySet["Person"])):  # type: ignore[misc]  # made
    """Makes people, with or without sign-in."""

    def create_user(self, email: str | None, password: str | None = None, **fields: Any) -> "Person":
        """Make a person; without a password sign-in goes by a code sent to the address."""
        person = self.model(email=self.normalize_email(email).lower() or None, **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """Make an administrator of the whole site."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class Person(Findable, AbstractBaseUser, PermissionsMixin):
    """Someone the club knows. May have neither e-mail nor sign-in, as a walk-in has.

    `claimed_email` is an address that a company's contact gave for a colleague and that somebody of the club
    has already: nobody signs in with it here, until its owner confirms to be the same person (`claims.py`).
    """

    FOLDED = frozenset({"first_name", "last_name", "email"})

    email = models.EmailField(_("e-mail"), unique=True, null=True, blank=True)
    claimed_email = models.EmailField(blank=True, default="", db_default="", editable=False)
    first_name = models.CharField(_("first name"), max_length=150, blank=True)
    last_name = models.CharField(_("last name"), max_length=150, blank=True)
    language = models.CharField(_("language"), max_length=5, default="fr")
    photo_consent = models.BooleanField(_("agrees to be photographed"), null=True, blank=True)
    is_staff = models.BooleanField(_("may open the back office"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    search = models.TextField(blank=True, editable=False)
    sort_name = models.CharField(max_length=100, blank=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["sort_name", "pk"]
        indexes = [models.Index(fields=["sort_name", "id"], name="person_by_sort_name")]

    def __str__(self) -> str:
        return self.name or self.email or f"#{self.pk}"

    @property
    def name(self) -> str:
        """First and last name, as written."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def given_email(self) -> str:
        """The address, or the one that the company's contact gave; empty without any."""
        return self.email or self.claimed_email

    def make_findable(self) -> None:
        """By last name; found by the address too."""
        self.sort_name = filed(f"{self.last_name} {self.first_name}")[:100]
        self.search = filed(f"{self.first_name} {self.last_name} {self.email or ''}")


class Employment(Period):
    """Who works where, for a time."""

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
        verbose_name_plural = _("employments")

    def __str__(self) -> str:
        return f"{self.person}, {self.company}"


class CompanyContact(Period):
    """Who registers colleagues and gives seats for a company, for a time."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="contacts")
    person = models.ForeignKey(Person, models.CASCADE, related_name="contact_of")

    class Meta(Period.Meta):
        verbose_name = _("company contact")
        verbose_name_plural = _("company contacts")

    def __str__(self) -> str:
        return f"{self.person}, {self.company}"


class ClubRole(Period):
    """A role for the whole club, for a time."""

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


class WorkingGroup(Titled):
    """A group that meets on a theme, a technique, or informally."""

    class Kind(models.TextChoices):
        THEMATIC = "thematic", _("thematic")
        TECHNICAL = "technical", _("technical")
        INFORMAL = "informal", _("informal")

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    charter = models.TextField(_("charter"), blank=True)
    sort_name = models.CharField(max_length=100, blank=True, editable=False)

    objects = FindableQuerySet["WorkingGroup"].as_manager()

    class Meta:
        verbose_name = _("working group")
        verbose_name_plural = _("working groups")
        ordering = ["sort_name", "pk"]

    def __str__(self) -> str:
        return self.name


class Mandate(Period):
    """Who leads, relays or writes for a group, for a term; a renewal is a new row."""

    class Role(models.TextChoices):
        LEAD = "lead", _("lead")
        DEPUTY = "deputy", _("deputy")
        SCRIBE = "scribe", _("scribe")

    group = models.ForeignKey(WorkingGroup, models.CASCADE, related_name="mandates")
    person = models.ForeignKey(Person, models.CASCADE, related_name="mandates")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)

    class Meta(Period.Meta):
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")

    def __str__(self) -> str:
        return f"{self.person}, {self.get_role_display()}, {self.group}"
