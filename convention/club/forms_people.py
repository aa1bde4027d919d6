"""What an administrator fills in about roles, people, employments, mergers and markets."""

import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.addresses import having
from convention.refusable import Refusable
from convention.text import tidy

from .forms import Dated, Day, EmployerForm
from .hand_over import Mandates, Successors, mandates_of
from .models import Company, CompanyRole, Employment, Market, Person, Seat


class RoleForm(Dated):
    """A dated role of a company."""

    role = forms.ChoiceField(label=_("Role"), choices=CompanyRole.Role.choices)
    field_order = ("role", "starts_on", "ends_on")


class AbsorbForm(Refusable, forms.Form):
    """Which company another one merges into, and when."""

    into = forms.ModelChoiceField(Company.objects.all(), label=_("Merges into"), empty_label=_("Choose"))
    on = Day(label=_("First day in the other company"), initial=timezone.localdate)

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["into"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Company.objects.exclude(pk=company.pk)


class MarketForm(Refusable, forms.ModelForm):
    """A market by its names."""

    class Meta:
        model = Market
        fields = ["name", "name_en"]

    def clean_name(self) -> str:
        """On one line, and not another one's."""
        name = tidy(self.cleaned_data["name"])
        if Market.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another market has this name."))
        return name


class PersonForm(Refusable, forms.ModelForm):
    """How somebody's name is written, and in which language the club writes to them."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    class Meta:
        model = Person
        fields = ["first_name", "last_name", "language"]

    def clean(self) -> dict[str, Any]:
        """One name at least, on one line."""
        data = super().clean() or self.cleaned_data
        for name in ("first_name", "last_name"):
            data[name] = tidy(data.get(name) or "")
        if not data["first_name"] and not data["last_name"]:
            self.add_error("last_name", _("Write a name."))
        return data


class JobForm(Dated):
    """An employment from a day to a day."""

    company = forms.ModelChoiceField(Company.objects.all(), label=_("Company"), empty_label=_("Choose"))
    title = forms.CharField(label=_("Function"), max_length=120, required=False)
    level = forms.ChoiceField(
        label=_("Level"), choices=[("", "–"), *Employment.Level.choices], required=False
    )
    field_order = ("company", "starts_on", "ends_on", "title", "level")


class TitleForm(Refusable, forms.ModelForm):
    """Function and level of an employment."""

    class Meta:
        model = Employment
        fields = ["title", "level"]
        labels = {"title": _("Function"), "level": _("Level")}


class LeavingForm(EmployerForm):
    """A change of employer, with who takes over what the person did."""

    heir = forms.ModelChoiceField(
        Person.objects.none(),
        label=_("Who takes over for the company"),
        required=False,
        empty_label=_("Nobody yet"),
        help_text=_("Becomes its contact, pays its bills and votes for it where this person did."),
    )
    mandates = forms.ChoiceField(
        label=_("Mandates in working groups"),
        choices=Mandates.choices,
        initial=Mandates.STAY,
        required=False,
        widget=forms.RadioSelect,
    )
    lead = forms.EmailField(
        label=_("E-mail of who takes them"), required=False, help_text=_("Somebody whom the club knows.")
    )

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.mandates_held = mandates_of(person, at=today)
        jobs = Employment.objects.open(at=today).filter(person=person)
        seats = Seat.objects.counting(at=today).filter(membership__company__in=jobs.values("company"))
        field = self.fields["heir"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Person.objects.filter(pk__in=seats.values("person")).exclude(pk=person.pk)
        if not self.mandates_held:
            del self.fields["mandates"], self.fields["lead"]

    def clean(self) -> dict[str, Any]:
        """Whoever takes the mandates is somebody the club knows."""
        data = super().clean() or self.cleaned_data
        if data.get("mandates") != Mandates.HAND_OVER:
            return data
        known = having(Person.objects.filter(is_active=True), data.get("lead") or "")
        if known:
            data["lead"] = known[0]
        elif "lead" not in self.errors:
            self.add_error("lead", _("The club knows nobody with this address."))
        return data

    def change(self) -> dict[str, Any]:
        """What the act is given."""
        data = self.cleaned_data
        mandates = data.get("mandates") or Mandates.STAY
        lead = data.get("lead") if mandates == Mandates.HAND_OVER else None
        day: datetime.date = data["on"]
        return {
            "to": data["to"],
            "on": day,
            "title": data["title"],
            "level": data["level"],
            "successors": Successors(heir=data["heir"], mandates=mandates, lead=lead),
        }
