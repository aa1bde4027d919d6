"""Build the table of proposals that organizers download."""

from typing import Any

from django.utils.translation import gettext as _

from convention.actor import current_actor
from convention.club.models import Person
from convention.events.models import Event
from convention.tables.downloads import TableSheet

from .calls import find_call
from .overview import ProposalRow, load_proposal_rows


def build_proposal_sheet(event: Event) -> TableSheet:
    """Return the event's proposals; scores that the reader must not see are left empty."""
    header = [
        _("Number"), _("Title"), _("Speakers"), _("E-mail addresses"), _("Companies"), _("Track"),
        _("Format"), _("Minutes"), _("Language"), _("Case study"), _("Customer"), _("Status"),
        _("Mean score"), _("Reviews"), _("Sales talk"), _("Submitted"), _("Abstract"), _("Notes"),
    ]  # fmt: skip
    call = find_call(event)
    reader = Person.objects.filter(pk=current_actor.get().person_id).first() or Person()
    rows = load_proposal_rows(call, reader=reader) if call else []
    return TableSheet(_("Proposals"), header, (_list_cells(row, event) for row in rows))


def _list_cells(row: ProposalRow, event: Event) -> list[Any]:
    proposal, speakers = row.proposal, row.speakers
    score = "" if row.conflict or row.score_number is None else round(row.score_number, 2)
    return [
        proposal.pk, proposal.title, ", ".join(speaker.name for speaker in speakers),
        ", ".join(speaker.email for speaker in speakers),
        ", ".join(speaker.company for speaker in speakers if speaker.company),
        proposal.track.name if proposal.track else "", proposal.format.title, proposal.format.minutes,
        proposal.language, _("yes") if proposal.is_case_study else "", proposal.customer,
        str(proposal.state.label), score, row.review_count, _("yes") if row.has_open_sales_talk else "",
        proposal.submitted_at.astimezone(event.zone), proposal.abstract, proposal.notes,
    ]  # fmt: skip
