"""Accept, reject or put proposals on the waiting list, many at once; free the slots of declined ones."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from django.db import transaction
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from convention.audit.record import record_action
from convention.club.models import Person
from convention.text.email_addresses import normalize_email
from schedule.editing.appearances import replace_appearances
from schedule.editing.draft_slots import load_state, lock_current_draft, lock_session, move_session
from schedule.editing.sessions import add_session
from schedule.models import CallForProposals, ProposalMail, ProposalSpeaker, Session, SessionProposal, Speaker
from schedule.speakers.links import create_missing_links

from .overview import ProposalRow, load_proposal_rows, query_proposals
from .proposal_mails import list_recipients, queue_proposal_mails


class Decision(TextChoices):
    """A decision about a proposal."""

    ACCEPT = "accept", pgettext_lazy("proposals", "accept")
    WAITLIST = "waitlist", pgettext_lazy("proposals", "put on the waiting list")
    REJECT = "reject", pgettext_lazy("proposals", "reject")


@dataclass(frozen=True)
class DecisionEffect:
    """The column that a decision writes, the mail that it sends, and its verb in the audit trail."""

    column: str
    mail_kind: ProposalMail.Kind
    verb: str


EFFECTS: Final = {
    Decision.ACCEPT: DecisionEffect("accepted_at", ProposalMail.Kind.ACCEPTED, "session_proposal.accept"),
    Decision.WAITLIST: DecisionEffect(
        "waitlisted_at", ProposalMail.Kind.WAITLISTED, "session_proposal.waitlist"
    ),
    Decision.REJECT: DecisionEffect("rejected_at", ProposalMail.Kind.REJECTED, "session_proposal.reject"),
}


@dataclass(frozen=True)
class DecisionPlan:
    """The proposals to which a decision applies, and those that it leaves alone, with the reason."""

    decision: Decision
    rows: list[ProposalRow] = field(default_factory=list)
    left_out: list[tuple[ProposalRow, str]] = field(default_factory=list)

    @property
    def mail_count(self) -> int:
        """Return how many mails the decision sends."""
        kind = EFFECTS[self.decision].mail_kind
        return sum(len(list_recipients(row.proposal, kind)) for row in self.rows)


def plan_decisions(
    *, call: CallForProposals, keys: Collection[int], decision: Decision, reader: Person
) -> DecisionPlan:
    """Return what `decide_proposals` would do now with the proposals of these keys."""
    chosen = query_proposals(call).filter(pk__in=keys).order_by("pk")
    plan = DecisionPlan(decision)
    for row in load_proposal_rows(call, reader=reader, proposals=chosen):
        if obstacle := find_obstacle(row, decision):
            plan.left_out.append((row, obstacle))
        else:
            plan.rows.append(row)
    return plan


def find_obstacle(row: ProposalRow, decision: Decision) -> str:
    """Return why a decision cannot be taken, as a sentence; "" if it can."""
    states = SessionProposal.State
    state = row.proposal.state
    if state == states.WITHDRAWN:
        return _("It was withdrawn.")
    if state == states.ACCEPTED:
        return _("It has already been accepted: change its session in the programme.")
    if (state, decision) in {(states.REJECTED, Decision.REJECT), (states.WAITLISTED, Decision.WAITLIST)}:
        return _("This has already been decided.")
    if decision == Decision.ACCEPT and row.has_open_sales_talk:
        return _("A reviewer flagged it as a sales talk. Answer the flag on its page first.")
    return ""


@transaction.atomic
def decide_proposals(
    *, call: CallForProposals, keys: Collection[int], decision: Decision, author: Person
) -> DecisionPlan:
    """Decide proposals and queue their mails in one transaction; those with an obstacle stay as they are.

    A proposal becomes a session once, also if two organizers decide at the same moment.
    """
    # In the order in which sessions are added: the draft first, then the proposals.
    lock_current_draft(call.event, author=author)
    list(call.proposals.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk"))
    plan = plan_decisions(call=call, keys=keys, decision=decision, reader=author)
    for row in plan.rows:
        apply_decision(row.proposal, decision, author)
    queue_proposal_mails([row.proposal for row in plan.rows], EFFECTS[decision].mail_kind)
    return plan


def apply_decision(proposal: SessionProposal, decision: Decision, author: Person) -> None:
    """Write a decision in place of a former one; the proposal is locked."""
    effect = EFFECTS[decision]
    proposal.accepted_at = proposal.rejected_at = proposal.waitlisted_at = None
    setattr(proposal, effect.column, timezone.now())
    proposal.decided_by = author
    if decision == Decision.ACCEPT:
        proposal.session = create_session(proposal, author)
    proposal.save()
    record_action(effect.verb, proposal, event=proposal.call.event, fields=[effect.column])


def create_session(proposal: SessionProposal, author: Person) -> Session:
    """Create the session of an accepted proposal, without a time, and its speakers."""
    values = {
        "title": proposal.title,
        "abstract": proposal.abstract,
        "track": proposal.track,
        "kind": proposal.format.name,
        "language": proposal.language,
        "planned_minutes": proposal.format.minutes,
        "role": Session.Role.TALK,
    }
    session = add_session(event=proposal.call.event, values=values, author=author)
    replace_appearances([(session, create_speakers(proposal))])
    return session


def create_speakers(proposal: SessionProposal) -> list[Speaker]:
    """Return the event's speakers with the addresses of the proposal; those who are new are created."""
    event, speakers = proposal.call.event, list[Speaker]()
    known = {
        normalize_email(speaker.email): speaker for speaker in event.speakers.order_by("-pk") if speaker.email
    }
    for proposed in proposal.speakers.all():
        speaker = known.get(normalize_email(proposed.email)) or create_speaker(proposal, proposed)
        ProposalSpeaker.objects.filter(pk=proposed.pk).update(speaker=speaker)
        # The acceptance mail links to the speaker's page.
        proposed.speaker = speaker
        speakers.append(speaker)
    create_missing_links(speakers=speakers)
    return speakers


def create_speaker(proposal: SessionProposal, proposed: ProposalSpeaker) -> Speaker:
    speaker: Speaker = Speaker.objects.create(
        event=proposal.call.event,
        name=proposed.name,
        email=proposed.email,
        company=proposed.company,
        biography=proposed.biography,
        language=proposal.contact_language,
    )
    record_action("speaker.add", speaker, event=proposal.call.event)
    return speaker


@transaction.atomic
def free_declined_session(session: Session) -> bool:
    """Take a session out of the draft once all its speakers declined; return whether its slot is free now.

    Only sessions that were proposed are freed; for others, organizers may have another speaker in mind. The
    session stays without a time; a published one stays public until the draft is published.
    """
    if not SessionProposal.objects.filter(session=session).exists():
        return False
    locked = lock_session(session, author=None)
    if locked.appearances.filter(declined_at=None).exists() or load_state(locked) is None:
        return False
    move_session(locked, None, None)
    record_action("session.free", locked, event=locked.event)
    return True
