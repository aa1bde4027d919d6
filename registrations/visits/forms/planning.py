"""What is filled in before a date is set: a proposal, why one is set aside, and the visit it becomes."""

import zoneinfo
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.club.models import Company, CompanyRole
from convention.events.forms import WallClock, set_zone
from convention.refusable import Refusable
from convention.text import tidy

from ..models import Proposal
from ..planning_doors import Proposer

PARIS = zoneinfo.ZoneInfo("Europe/Paris")


def vendors() -> Any:
    """Companies that may be hosts: vendors of today."""
    sell = CompanyRole.objects.open().filter(role=CompanyRole.Role.VENDOR)
    return Company.objects.filter(pk__in=sell.values("company"))


class ProposalForm(Refusable, forms.ModelForm[Proposal]):
    """What the club should go and see, where, and why."""

    class Meta:
        model = Proposal
        fields = ["title", "host", "host_name", "why"]
        labels = {
            "title": _("What to see"),
            "host": _("Host"),
            "host_name": _("Or its name"),
            "why": _("Why it is worth a day"),
        }
        help_texts = {
            "title": _("Such as: the new storage in operation, before it is sold."),
            "host_name": _("For a firm that is not in the list."),
        }
        widgets = {"why": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, hosts: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["host"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset, field.empty_label = hosts, str(_("None of these"))

    def clean(self) -> dict[str, Any]:
        """On one line, and with a host."""
        data = super().clean() or self.cleaned_data
        for name in ("title", "host_name"):
            data[name] = tidy(data.get(name) or "")
        if "title" not in self.errors and not data["title"]:
            self.add_error("title", _("Say what to see."))
        if data.get("host"):
            data["host_name"] = ""
        elif not data["host_name"] and "host" not in self.errors:
            self.add_error("host", _("Say who the host would be."))
        return data


def proposal_form(data: Any, of: Proposer) -> ProposalForm:
    """For a member any vendor or a name; for somebody of a vendor alone, their own firm."""
    if of.is_member:
        return ProposalForm(data, hosts=vendors())
    return own_site_form(data, vendors().filter(pk__in=[one.pk for one in of.vendors]))


def own_site_form(data: Any, firms: Any) -> ProposalForm:
    """For somebody of these firms alone, who proposes to open their own site."""
    form = ProposalForm(data, hosts=firms)
    del form.fields["host_name"]
    form.fields["host"].required = True
    if len(known := list(firms[:2])) == 1:
        form.initial["host"] = known[0].pk
    return form


class SetAsideForm(Refusable, forms.Form):
    """Why nothing comes of a proposal."""

    because = forms.CharField(label=_("Why"), max_length=300, help_text=_("Read by whoever proposed it."))


class DateForm(Refusable, forms.Form):
    """The visit that a proposal becomes."""

    name = forms.CharField(label=_("Name of the visit"), max_length=300)
    host = forms.ModelChoiceField(
        Company.objects.none(), label=_("Host"), help_text=_("A vendor of the directory; add it there first.")
    )
    contact_email = forms.EmailField(
        label=_("Address for questions"),
        help_text=_("Members and the host write there, and what the host decides is told there."),
    )
    starts_at = WallClock(label=_("Starts"))
    ends_at = WallClock(label=_("Ends"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["host"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = vendors()

    def clean(self) -> dict[str, Any]:
        """In the time of Paris, which the event's settings can change; the end after the start."""
        data = super().clean() or self.cleaned_data
        data["name"] = tidy(data.get("name") or "")
        if "name" not in self.errors and not data["name"]:
            self.add_error("name", _("Write a name."))
        for name in ("starts_at", "ends_at"):
            set_zone(self, name, PARIS)
        starts, ends = data.get("starts_at"), data.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", _("The visit must end after it starts."))
        return data
