"""Forms that appoint a person, whom readers of the directory find by name or address."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from convention.club.addresses.forms import AddressHintMixin
from convention.club.forms.people import PersonNamePartField
from convention.club.models import Company, Person
from convention.club.people import find_address_holder
from convention.club.permissions import RequestUser, can_read_directory
from convention.text.normalize import normalize_whitespace
from convention.web.forms import ActionErrorsMixin, DateRangeForm

from .candidates import (
    MAX_CANDIDATES,
    find_people_by_name,
    find_people_of_unknown_address,
    has_exact_name,
    list_colleagues,
)

# The choice's value also has the keys of the people shown: it answers no later question about others.
NEW_PERSON: Final = "new"


class AppointeeForm(AddressHintMixin, ActionErrorsMixin, forms.Form):
    """A person to appoint, found by e-mail address; readers of the directory find them by name, too.

    For a reader, an unknown address is a question: the people it may mean, or the name of someone new.
    Others learn nothing about the directory: neither names, nor whether an address is known.
    """

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_(
            "The person signs in with this address. If they are not in the directory yet, they are added."
        ),
    )
    first_name = forms.CharField(label=_("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=150, required=False)
    field_order: tuple[str, ...] = (
        "email", "person", "first_name", "last_name", "role", "starts_on", "ends_on",
    )  # fmt: skip

    def __init__(self, *args: Any, actor: RequestUser, company: Company | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.can_search = can_read_directory(actor)
        # Shown as suggestions.
        self.colleagues = list_colleagues(company) if company and self.can_search else []
        self.candidates = dict[str, Person]()
        self.asks_names = not self.can_search
        if self.can_search:
            self._search_directory()

    def _search_directory(self) -> None:
        """Let the reader enter a name, and offer the people whom the posted text may mean."""
        self.fields["email"] = forms.CharField(
            label=_("Name or e-mail address"),
            max_length=254,
            help_text=_("To add someone who is not in the directory yet, enter their e-mail address."),
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        )
        if self.colleagues:
            self.fields["email"].widget.attrs["list"] = "colleagues"
        for name in ("first_name", "last_name"):
            self.fields[name] = PersonNamePartField(
                label=self.base_fields[name].label, max_length=150, required=False
            )
        typed = self._read("email")
        if _is_address(typed):
            self._offer_people_of_address(typed)
        elif typed and "@" not in typed:
            people = find_people_by_name(typed)
            # Part of a name is a guess, even with one match: the reader confirms it.
            if len(people) == 1 and has_exact_name(people[0], typed):
                self.candidates = {str(people[0].pk): people[0]}
            else:
                self._offer_people(people)

    def _read(self, name: str) -> str:
        # Read before the fields are cleaned: PostgreSQL refuses a null character even in a search.
        return normalize_whitespace(str(self.data.get(self.add_prefix(name)) or ""))

    def _offer_people_of_address(self, address: str) -> None:
        self.asks_names = find_address_holder(address) is None
        if self.asks_names:
            names = {name: self._read(name) for name in ("first_name", "last_name")}
            self._offer_people(find_people_of_unknown_address(address, **names))
        # The suggested address may be that of the person chosen.
        if self._read("person") in self.candidates:
            self.fields.pop("accepts_address", None)
            self.asks_names = False

    def _offer_people(self, people: list[Person]) -> None:
        if not people:
            return
        self.candidates = {str(person.pk): person for person in people[:MAX_CANDIDATES]}
        more_choices = []
        if self.asks_names:
            label = gettext("Someone else: add them with the name below")
            more_choices = [("-".join([NEW_PERSON, *self.candidates]), label)]
        self.fields["person"] = make_candidate_field(people, *more_choices)
        self.order_fields(self.field_order)

    def clean_email(self) -> str:
        """Check what looks like an address: anything else is a name, if the reader may search."""
        typed: str = self.cleaned_data["email"]
        if "@" in typed:
            validate_email(typed)
        return typed

    def clean(self) -> dict[str, Any]:
        """Replace what was typed by the address of the person meant."""
        data = super().clean()
        choice = data.pop("person", "")
        if not self.can_search or "email" in self.errors:
            return data
        if "person" not in self.fields and self.candidates:
            [choice] = self.candidates
        if person := self.candidates.get(choice):
            self._take_person(data, person)
        elif self.asks_names:
            self._check_new_person(choice)
        elif "@" not in data["email"] and not self.candidates:
            self.add_error(
                "email", gettext("Nobody in the directory has this name. To add them, enter their address.")
            )
        return data

    def _take_person(self, data: dict[str, Any], person: Person) -> None:
        data |= {"email": person.email, "first_name": "", "last_name": ""}
        if not person.email:
            sentence = gettext("%(name)s has no e-mail address in the directory. Add it on their page first.")
            self.add_error("person" if "person" in self.fields else "email", sentence % {"name": person})

    def _check_new_person(self, choice: str) -> None:
        """Say that the address is unknown, until the name of someone new is given."""
        if "person" in self.errors:
            self.add_error("email", gettext("Nobody in the directory has this address."))
        elif not (self._read("first_name") or self._read("last_name")):
            if choice:
                self.add_error("last_name", gettext("Enter a first or last name."))
            else:
                self.add_error(
                    "email",
                    gettext(
                        "Nobody in the directory has this address. Check it or, to add someone new, enter "
                        "their name."
                    ),
                )


class AppointByEmailForm(AppointeeForm, DateRangeForm):
    """A person to appoint, with the days of the appointment."""


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def make_candidate_field(people: list[Person], *more_choices: tuple[str, str]) -> forms.ChoiceField:
    """Return the question which of these people is meant, of whom the first `MAX_CANDIDATES` are shown."""
    sentence = _("Choose the person you mean.")
    choices = [(str(person.pk), describe_candidate(person)) for person in people[:MAX_CANDIDATES]]
    hint = _("Only the first matches are shown. Enter more of the name to find others.")
    return forms.ChoiceField(
        label=_("Who do you mean?"),
        choices=[*choices, *more_choices],
        widget=forms.RadioSelect,
        help_text=hint if len(people) > MAX_CANDIDATES else "",
        error_messages={"required": sentence, "invalid_choice": sentence},
    )


def describe_candidate(person: Person) -> str:
    """Return the name with what tells namesakes apart: address, employers, and a closed account."""
    employers = [job.company.name for job in getattr(person, "current_employments", [])]
    facts = [str(person), person.email or gettext("no e-mail address"), *employers]
    if not person.is_active:
        facts.append(gettext("account closed"))
    return ", ".join(facts)
