"""An organizer's form for a package."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ...forms.tickets import SoldForm
from ...models import Package
from ...models.sponsors import MOST_INCLUDED


class PackageForm(SoldForm[Package]):
    """A package, with the places that come with it."""

    reserved = frozenset({"new", "packages", "take"})
    passes = forms.IntegerField(
        label=_("Passes included"), min_value=0, max_value=MOST_INCLUDED // 2, required=False
    )
    badges = forms.IntegerField(
        label=_("Badges for the stand included"), min_value=0, max_value=MOST_INCLUDED // 2, required=False
    )

    class Meta:
        model = Package
        fields = [
            "name", "name_en", "slug", "description", "description_en", "vat_rate", "vat_exemption",
            "capacity",
            "stand", "pass_ticket", "passes", "badge_ticket", "badges", "has_printed_logo", "opens_at",
            "closes_at", "position",
        ]  # fmt: skip
        help_texts = {
            "capacity": _("How many sponsors may take it. Empty: no limit."),
            "stand": _("Its size, such as 9 m². Empty: no stand."),
            "pass_ticket": _(
                "The sponsor names who comes later, by their own link; nothing is due for them."
            ),
            "has_printed_logo": _("On the back page of the booklet and at the foot of the door signs."),
            "position": _("Small numbers first; logos of the first package are the largest."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("pass_ticket", "badge_ticket"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = self.event.tickets.all()
            field.empty_label = "–"

    def clean_passes(self) -> int:
        """None where nothing is said."""
        return self.cleaned_data["passes"] or 0

    def clean_badges(self) -> int:
        """None where nothing is said."""
        return self.cleaned_data["badges"] or 0

    def clean(self) -> dict[str, Any]:
        """Places of a ticket that needs no proof, which a sponsor's people could not give."""
        data = super().clean()
        for number, ticket in (("passes", "pass_ticket"), ("badges", "badge_ticket")):
            chosen = data.get(ticket)
            if data.get(number) and not chosen and ticket not in self.errors:
                self.add_error(ticket, _("Choose the ticket that these places are of."))
            if chosen and self.event and chosen.needs_proof:
                self.add_error(ticket, _("A ticket for members cannot come with a package."))
        return data
