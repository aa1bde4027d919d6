"""Forms of proposals: proposing, recording one for somebody, setting aside, and setting a date."""

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from convention.club.appointments.candidates import MAX_CANDIDATES, find_people_by_name, has_exact_name
from convention.club.appointments.forms import make_candidate_field
from convention.club.models import Company, Person
from convention.club.people import find_address_holder
from convention.club.permissions import can_read_directory, get_vendors
from convention.events.forms import EventNameForm, LocalDateTimeField, add_time_zone
from convention.events.models import DEFAULT_ZONE
from convention.rich_text.sanitize import MAX_MARKDOWN_CHARS
from convention.text.normalize import normalize_whitespace
from convention.web.forms import ActionErrorsMixin
from registrations.visits.models import Proposal

from .permissions import Proposer
from .proposals import ProposalOrigin, ProposerMail


class ProposalForm(ActionErrorsMixin, forms.ModelForm[Proposal]):
    class Meta:
        model = Proposal
        fields = ["title", "host", "host_name", "motivation"]
        labels = {
            "title": _("What to see"),
            "host": _("Host"),
            "host_name": _("Or the host’s name"),
            "motivation": _("Why it is worth visiting"),
        }
        help_texts = {
            "title": _("For example: the new storage system in operation, before it goes on sale."),
            "host_name": _("If the company is not in the list."),
        }
        widgets = {"motivation": forms.Textarea(attrs={"rows": 4})}
        error_messages = {"title": {"required": _("Enter what there is to see.")}}

    def __init__(self, *args: Any, hosts: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["host"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset, field.empty_label = hosts, str(_("Another company"))
        self.fields["motivation"].validators.append(MaxLengthValidator(MAX_MARKDOWN_CHARS))

    def clean(self) -> dict[str, Any]:
        """Normalize whitespace, and require a host from the directory or a name."""
        data = super().clean() or self.cleaned_data
        for name in ("title", "host_name"):
            data[name] = normalize_whitespace(data.get(name) or "")
        if "title" not in self.errors and not data["title"]:
            self.add_error("title", _("Enter what there is to see."))
        if data.get("host"):
            # A company of the directory wins: two hosts would contradict each other.
            data["host_name"] = ""
        elif not data["host_name"] and "host" not in self.errors:
            self.add_error("host", _("Choose or enter the host."))
        return data


def build_proposal_form(data: Any, proposer: Proposer) -> ProposalForm:
    """Return the form: members choose any vendor or type a name, others their own company."""
    if proposer.is_member:
        return ProposalForm(data, hosts=get_vendors())
    return build_own_site_form(data, get_vendors().filter(pk__in=[vendor.pk for vendor in proposer.vendors]))


def build_own_site_form(data: Any, companies: Any) -> ProposalForm:
    """Return the form for proposing a visit to one of these companies, without the field for another name."""
    form = ProposalForm(data, hosts=companies)
    # With a typed name they could propose a visit to any other company.
    del form.fields["host_name"]
    host = form.fields["host"]
    assert isinstance(host, forms.ModelChoiceField)
    host.required, host.empty_label = True, str(_("Choose a company"))
    # Two rows are enough to know whether there is exactly one.
    if len(choices := list(companies[:2])) == 1:
        form.initial["host"] = choices[0].pk
    return form


class ProposalRecordForm(ProposalForm):
    """A proposal that a planner received; readers of the directory may name the person who made it."""

    proposer = forms.CharField(
        label=_("Proposed by"),
        max_length=254,
        required=False,
        help_text=_(
            "Name or e-mail address of a person in the directory. Members do not see it. If you leave it "
            "empty, the proposal only names you, who recorded it."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    is_from_host = forms.BooleanField(
        label=_("The host proposes the visit"),
        required=False,
        help_text=_("Members then read “Proposed by the host”."),
    )
    notifies_proposer = forms.BooleanField(
        label=_("E-mail the proposer"),
        required=False,
        help_text=_("They receive a confirmation with the text of the proposal."),
    )
    field_order = (
        "title", "host", "host_name", "is_from_host", "motivation", "proposer", "person", "notifies_proposer",
    )  # fmt: skip

    def __init__(self, *args: Any, planner: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.candidates = dict[str, Person]()
        if can_read_directory(planner):
            # Read before the fields are cleaned, as PostgreSQL refuses a null character even in a search.
            self._offer_people(normalize_whitespace(str(self.data.get(self.add_prefix("proposer")) or "")))
        else:
            del self.fields["proposer"], self.fields["notifies_proposer"]

    @property
    def record_values(self) -> dict[str, Any]:
        """Return the arguments of `record_proposal` for a valid form."""
        data = self.cleaned_data
        return {
            **{name: data[name] for name in ("title", "motivation", "host", "host_name", "proposer")},
            "origin": ProposalOrigin.HOST if data["is_from_host"] else ProposalOrigin.OTHER,
            "proposer_mail": ProposerMail.CONFIRMATION
            if data.get("notifies_proposer")
            else ProposerMail.NONE,
        }

    def _offer_people(self, typed: str) -> None:
        """Ask which person is meant, unless the text is an address or the name of one person."""
        people = _find_people(typed) if typed else []
        self.candidates = {str(person.pk): person for person in people[:MAX_CANDIDATES]}
        if not people or (len(people) == 1 and ("@" in typed or has_exact_name(people[0], typed))):
            return
        self.fields["person"] = make_candidate_field(people)
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """Replace what was typed by the person meant."""
        data = super().clean()
        typed, choice = data.get("proposer"), data.pop("person", "")
        if "person" not in self.fields and len(self.candidates) == 1:
            [choice] = self.candidates
        person = data["proposer"] = self.candidates.get(choice) if typed else None
        if typed and not self.candidates:
            self.add_error(
                "proposer",
                _("Nobody in the directory has this name or address. Check it, or leave the field empty."),
            )
        elif data.get("notifies_proposer") and not typed:
            self.add_error("proposer", _("Enter who proposes the visit, to e-mail them."))
        elif data.get("notifies_proposer") and person and not person.email:
            self.add_error(
                "notifies_proposer",
                gettext("%(name)s has no e-mail address in the directory.") % {"name": person},
            )
        return data


def _find_people(typed: str) -> list[Person]:
    """Return the people with an open account and that name or address, one more than are shown."""
    if "@" not in typed:
        return find_people_by_name(typed)
    holder = find_address_holder(typed)
    return [holder] if holder and holder.is_active else []


class SetAsideForm(ActionErrorsMixin, forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("The person who proposed the visit will read this.")
    )


class VisitDateForm(ActionErrorsMixin, EventNameForm):
    """The event that a proposal becomes."""

    name = forms.CharField(
        label=_("Name of the visit"),
        max_length=300,
        error_messages={"required": _("Enter the name of the visit.")},
    )
    host = forms.ModelChoiceField(
        Company.objects.none(),
        label=_("Host"),
        help_text=_(
            "A vendor from the directory. If it is missing, ask one of the club’s administrators to add it."
        ),
        error_messages={"required": _("Choose the host.")},
    )
    contact_email = forms.EmailField(
        label=_("E-mail address for questions"),
        help_text=_("Questions from members and the host go to this address, as do the host’s decisions."),
        error_messages={"required": _("Enter the e-mail address for questions.")},
    )
    starts_at = LocalDateTimeField(
        label=_("Starts"),
        help_text=_("Paris time. You can change the time zone later, in the event’s settings."),
        error_messages={"required": _("Enter when the visit starts.")},
    )
    ends_at = LocalDateTimeField(
        label=_("Ends"), error_messages={"required": _("Enter when the visit ends.")}
    )

    def __init__(self, *args: Any, planner: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["host"]
        assert isinstance(field, forms.ModelChoiceField)
        # Set for each form: roles of vendors begin and end by date.
        field.queryset = get_vendors()
        if can_read_directory(planner):
            self._link_to_new_company()

    def _link_to_new_company(self) -> None:
        """Show the link to the page that adds a company, which club organizers cannot open."""
        self.fields["host"].help_text = format_html(
            '{} <a href="{}">{}</a>{}',
            _("A vendor from the directory."),
            reverse("club-company-new"),
            _("Add a company to the directory"),
            gettext(", then give it the role “vendor” on its page."),
        )

    def clean(self) -> dict[str, Any]:
        """Read the times in the zone of new events; check their order."""
        data = super().clean() or self.cleaned_data
        for name in ("starts_at", "ends_at"):
            add_time_zone(self, name, DEFAULT_ZONE)
        starts, ends = data.get("starts_at"), data.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", _("The visit must end after it starts."))
        return data
