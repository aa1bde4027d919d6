"""Change the rows of a bulk order's draft: append pasted rows, choose one ticket or add-on for all rows."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.errors import UnreadableFile
from convention.text.email_addresses import normalize_email
from registrations.storefront.choice_offer import ChoiceOffer
from registrations.storefront.drafts import DraftContent

from .forms import MAX_ROWS, PasteForm
from .pasted_rows import list_ignored_columns, parse_pasted_rows

ROW_FIELDS = ("first_name", "last_name", "email", "ticket", "is_to_follow")


@dataclass(frozen=True)
class PasteReport:
    """The parts of a pasted text that were left out: repeated addresses, and columns that are not read.

    `readable_headings` names the columns that are read.
    """

    repeated_count: int = 0
    ignored_columns: list[str] = field(default_factory=list)
    readable_headings: str = ""

    def describe(self) -> list[str]:
        """Return a sentence for each kind of parts."""
        sentences = []
        if self.repeated_count:
            sentence = ngettext(
                "%(count)d row was skipped: its e-mail address is already in the list.",
                "%(count)d rows were skipped: their e-mail addresses are already in the list.",
                self.repeated_count,
            )
            sentences.append(sentence % {"count": self.repeated_count})
        if self.ignored_columns:
            sentence = ngettext(
                "This column was ignored: %(headings)s. Recognized headings: %(readable)s.",
                "These columns were ignored: %(headings)s. Recognized headings: %(readable)s.",
                len(self.ignored_columns),
            )
            headings = ", ".join(_("“%(text)s”") % {"text": heading} for heading in self.ignored_columns)
            sentences.append(sentence % {"headings": headings, "readable": self.readable_headings})
        return sentences


def is_filled_row(person: dict[str, Any]) -> bool:
    """Return whether anything but a ticket and add-ons is filled in."""
    return any(person.get(name) for name in ROW_FIELDS if name != "ticket")


def append_pasted_rows(draft: DraftContent, paste_form: PasteForm, offer: ChoiceOffer) -> PasteReport | None:
    """Append pasted rows to the draft, but not those whose address it has already.

    Return None with the error on the form if they cannot be read.
    """
    if not paste_form.is_valid():
        return None
    text = paste_form.cleaned_data["pasted"]
    try:
        rows = parse_pasted_rows(text, offer.tickets, offer.addons)
    except UnreadableFile as error:
        paste_form.add_error("pasted", str(error))
        return None
    filled_rows = [person for person in draft.people if is_filled_row(person)]
    addresses = {normalize_email(str(person.get("email") or "")) for person in filled_rows} - {""}
    new_rows = [row for row in rows if normalize_email(row.get("email", "")) not in addresses]
    if not rows:
        paste_form.add_error("pasted", _("Paste at least one row."))
    elif len(filled_rows) + len(new_rows) > MAX_ROWS:
        paste_form.add_error("pasted", _("Paste at most %(most)d rows at a time.") % {"most": MAX_ROWS})
    if paste_form.errors:
        return None
    draft.people = [*filled_rows, *new_rows]
    return PasteReport(
        len(rows) - len(new_rows),
        list_ignored_columns(text, offer.tickets, offer.addons),
        _("first name, last name, e-mail, ticket, add-ons")
        if offer.addons
        else _("first name, last name, e-mail, ticket"),
    )


def fill_tickets(draft: DraftContent, ticket_slug: str) -> None:
    """Choose this ticket in all rows without one."""
    draft.people = [{**person, "ticket": person.get("ticket") or ticket_slug} for person in draft.people]


def append_unnamed_rows(draft: DraftContent, number: int, ticket_slug: str) -> None:
    """Append this many rows with the ticket whose names follow, in place of blank rows."""
    filled_rows = [person for person in draft.people if is_filled_row(person)]
    new_rows: list[dict[str, Any]] = [
        {"ticket": ticket_slug, "is_to_follow": "on"} for _each in range(number)
    ]
    draft.people = [*filled_rows, *new_rows][:MAX_ROWS]


def add_addon_to_all(draft: DraftContent, addon_slug: str, offer: ChoiceOffer) -> None:
    """Choose this add-on in all rows whose ticket it is for, unless it is unavailable."""
    if addon_slug not in offer.addons_by_slug:
        return
    for person in draft.people:
        chosen = person.get("addons") or []
        is_refused = offer.find_addon_error([addon_slug], str(person.get("ticket") or ""))
        if addon_slug not in chosen and not is_refused:
            person["addons"] = [*chosen, addon_slug]
