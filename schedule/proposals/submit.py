"""Submit, change and withdraw proposals, as speakers do without an account."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.api.throttles import consume_rate_limit
from convention.audit.record import record_action
from convention.errors import ConventionError, InvalidFields, NotOpenNow
from convention.events.cancellations import describe_cancellation
from convention.text.dates import format_deadline
from convention.text.email_addresses import normalize_email
from schedule.models import (
    CallForProposals,
    ProposalMail,
    ProposalSpeaker,
    SessionFormat,
    SessionProposal,
    Track,
)

from .directory import DirectoryFacts, load_directory_facts
from .neutrality import SpeakerEmployer, find_neutrality_objections
from .proposal_mails import queue_proposal_mails

MAX_SPEAKERS: Final = 6
HOUR_SECONDS: Final = 3600
MAX_PER_ADDRESS_AND_HOUR: Final = 10
MAX_PER_NETWORK_AND_HOUR: Final = 100
MAX_CHANGES_PER_MINUTE: Final = 30
CONTENT_FIELDS: Final = (
    *("title", "abstract", "notes", "track", "format", "language"),
    *("is_case_study", "customer", "contact_language"),
)


class ProposalAlreadyDecided(ConventionError):
    """The proposal is decided or withdrawn, so its speaker cannot change it."""

    kind = "already-decided"
    status = 409


class ProposalStorageFull(ConventionError):
    """The event has as many proposals as the site accepts."""

    kind = "storage-full"
    status = 507


@dataclass(frozen=True)
class ProposedSpeaker:
    """A speaker as typed into the form."""

    name: str
    email: str
    company: str = ""
    works_for_vendor: bool = False
    biography: str = ""


@dataclass(frozen=True, kw_only=True)
class ProposalContent:
    """The content of a proposal as its form gives it."""

    title: str
    abstract: str
    format: SessionFormat
    language: str
    contact_language: str
    speakers: tuple[ProposedSpeaker, ...]
    notes: str = ""
    track: Track | None = None
    is_case_study: bool = False
    customer: str = ""

    @property
    def reported_customer(self) -> str | None:
        """Return the customer of a case study; None for another proposal."""
        return self.customer if self.is_case_study else None

    def get_columns(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in CONTENT_FIELDS}


def throttle_submission(address: str, network: str) -> None:
    """Count a submission or a new address: each sends a mail to an address that nobody verified.

    Raise TooManyRequests.
    """
    consume_rate_limit(
        "proposals", normalize_email(address), limit=MAX_PER_ADDRESS_AND_HOUR, window_seconds=HOUR_SECONDS
    )
    if network:
        consume_rate_limit(
            "proposals of network", network, limit=MAX_PER_NETWORK_AND_HOUR, window_seconds=HOUR_SECONDS
        )


def throttle_proposal_changes(proposal: SessionProposal) -> None:
    """Count one change on a proposal's own page. Raise TooManyRequests above the limit."""
    consume_rate_limit("proposal-page", str(proposal.pk), limit=MAX_CHANGES_PER_MINUTE, window_seconds=60)


@transaction.atomic
def submit_proposal(
    *, call: CallForProposals, content: ProposalContent, form_key: uuid.UUID
) -> SessionProposal:
    """Store a proposal and mail its link to the first speaker; the same form submits only once.

    Raise NotOpenNow outside the dates of the call, InvalidFields where the neutrality rule or the number of
    proposals per person refuses it, and ProposalStorageFull.
    """
    locked = lock_call(call)
    # The form may be posted to another call too, and keys are unique among all proposals.
    form_key = uuid.uuid5(form_key, str(locked.pk))
    known: SessionProposal | None = locked.proposals.filter(form_key=form_key).first()
    if known:
        return known
    check_call_is_open(locked)
    check_storage(locked)
    check_content(locked, content)
    check_number_per_person(locked, content.speakers[0].email)
    proposal = SessionProposal(call=locked, form_key=form_key, **content.get_columns())
    proposal.save()
    save_speakers(proposal, content.speakers)
    record_action("session_proposal.submit", proposal, event=call.event)
    queue_proposal_mails([proposal], ProposalMail.Kind.RECEIVED)
    return proposal


@transaction.atomic
def change_proposal(*, proposal: SessionProposal, content: ProposalContent) -> SessionProposal:
    """Replace the content of a proposal until the call closes; a new first address gets a new link.

    Raise NotOpenNow, ProposalAlreadyDecided, and InvalidFields as `submit_proposal`.
    """
    call = lock_call(proposal.call)
    locked = lock_proposal(proposal)
    check_is_undecided(locked)
    check_call_is_open(call)
    check_content(call, content)
    is_new_address = has_new_address(locked, content)
    if is_new_address:
        check_number_per_person(call, content.speakers[0].email)
        # The former address may be somebody else's, whose link must not open the page.
        locked.link_version += 1
        # Posting the submitted form again must not lead to the new link either.
        locked.form_key = uuid.uuid4()
    changed = [name for name, value in content.get_columns().items() if getattr(locked, name) != value]
    for name in changed:
        setattr(locked, name, getattr(content, name))
    locked.changed_at = timezone.now()
    locked.save()
    save_speakers(locked, content.speakers)
    record_action("session_proposal.revise", locked, event=locked.call.event, fields=sorted(changed))
    if is_new_address:
        queue_proposal_mails([locked], ProposalMail.Kind.RECEIVED)
    return locked


def has_new_address(proposal: SessionProposal, content: ProposalContent) -> bool:
    """Return whether the content names another address of the first speaker than the stored one."""
    former = proposal.speakers.get(position=0).email
    return normalize_email(former) != normalize_email(content.speakers[0].email)


@transaction.atomic
def withdraw_proposal(*, proposal: SessionProposal) -> None:
    """Withdraw a proposal that is not decided yet; a repeat changes nothing. Raise ProposalAlreadyDecided."""
    locked = lock_proposal(proposal)
    if locked.withdrawn_at:
        return
    check_is_undecided(locked)
    locked.withdrawn_at = timezone.now()
    locked.save(update_fields=["withdrawn_at"])
    record_action("session_proposal.withdraw", locked, event=locked.call.event, fields=["withdrawn_at"])


@transaction.atomic
def renew_proposal_link(*, proposal: SessionProposal) -> None:
    """Revoke the links sent so far, and mail a new one to the first speaker. Raise TooManyRequests."""
    consume_rate_limit("proposal-link", str(proposal.pk), limit=5, window_seconds=HOUR_SECONDS)
    # Incremented in the database: two clicks at once must not give the same version.
    SessionProposal.objects.filter(pk=proposal.pk).update(
        link_version=F("link_version") + 1, form_key=uuid.uuid4()
    )
    record_action("session_proposal.renew_link", proposal, event=proposal.call.event)
    queue_proposal_mails([proposal], ProposalMail.Kind.RECEIVED)


def lock_call(call: CallForProposals) -> CallForProposals:
    """Lock a call and return its fresh row; always before a proposal is locked.

    Submissions to a call run one after the other: a double click finds the stored proposal, and the limit per
    person holds.
    """
    locked: CallForProposals = CallForProposals.objects.select_for_update().get(pk=call.pk)
    locked.event = call.event
    return locked


def lock_proposal(proposal: SessionProposal) -> SessionProposal:
    """Lock a proposal and return its fresh row."""
    locked: SessionProposal = SessionProposal.objects.select_for_update().order_by("pk").get(pk=proposal.pk)
    locked.call = proposal.call
    return locked


def check_is_undecided(proposal: SessionProposal) -> None:
    """Raise ProposalAlreadyDecided for a proposal that was decided or withdrawn."""
    if not proposal.is_undecided:
        raise ProposalAlreadyDecided(_("This proposal is %(state)s. It can no longer be changed here.")
                              % {"state": proposal.state.label})  # fmt: skip


def check_call_is_open(call: CallForProposals, *, at: datetime.datetime | None = None) -> None:
    """Raise NotOpenNow before the call opens, after it closed, and for a cancelled event."""
    if call.event.cancelled_at:
        raise NotOpenNow(describe_cancellation(call.event))
    moment, zone = at or timezone.now(), call.event.zone
    if moment < call.opens_at:
        raise NotOpenNow(
            _("Proposals are accepted from %(when)s.") % {"when": format_deadline(call.opens_at, zone)}
        )
    if moment >= call.closes_at:
        sentence = _(
            "Proposals were accepted until %(when)s. Yours was not saved; your text is still below, so that "
            "you can copy it."
        )
        raise NotOpenNow(sentence % {"when": format_deadline(call.closes_at, zone)})


def check_storage(call: CallForProposals) -> None:
    """Raise ProposalStorageFull at the ceiling of proposals for one event."""
    if call.proposals.count() >= settings.STORAGE_CEILINGS["PROPOSALS_EVENT_COUNT"]:
        raise ProposalStorageFull(
            _("No more proposals can be accepted on this site. Please write to the organizers.")
        )


def check_number_per_person(call: CallForProposals, email: str) -> None:
    """Raise InvalidFields if this address has submitted as many proposals as the call allows."""
    if call.max_per_person is None:
        return
    rows = ProposalSpeaker.objects.filter(position=0, proposal__in=call.proposals.active())
    address = normalize_email(email)
    count = sum(normalize_email(known) == address for known in rows.values_list("email", flat=True))
    if count >= call.max_per_person:
        sentence = _(
            "You have reached the maximum number of proposals per person (%(count)d). Withdraw one first."
        )
        raise make_field_error("speakers", sentence % {"count": count})


def check_content(call: CallForProposals, content: ProposalContent) -> None:
    """Raise InvalidFields for speakers who are named twice, and where the neutrality rule refuses."""
    addresses = [normalize_email(speaker.email) for speaker in content.speakers]
    if len(set(addresses)) < len(addresses):
        raise make_field_error("speakers", _("Each speaker needs an e-mail address of their own."))
    if not call.has_neutrality_rule:
        return
    facts = load_directory_facts(addresses)
    employers = [describe_employer(speaker, facts) for speaker in content.speakers]
    if errors := find_neutrality_objections(employers, customer=content.reported_customer):
        raise InvalidFields(_("The club’s neutrality rule does not allow this proposal."), errors)


def describe_employer(speaker: ProposedSpeaker | ProposalSpeaker, facts: DirectoryFacts) -> SpeakerEmployer:
    """Return a speaker's employer, as stated by the speaker or found in the club's directory."""
    is_employee = speaker.works_for_vendor or facts.is_vendor_employee(speaker.email, speaker.company)
    return SpeakerEmployer(speaker.name, speaker.company, is_vendor_employee=is_employee)


def make_field_error(field: str, sentence: str) -> InvalidFields:
    return InvalidFields(_("Some fields need to be corrected."), {field: [sentence]})


def save_speakers(proposal: SessionProposal, speakers: tuple[ProposedSpeaker, ...]) -> None:
    """Write the speakers in order; rows are changed rather than replaced, since mails refer to them."""
    rows = {row.position: row for row in proposal.speakers.all()}
    for position, proposed in enumerate(speakers):
        row = rows.pop(position, None) or ProposalSpeaker(proposal=proposal, position=position)
        for name in ("name", "email", "company", "works_for_vendor", "biography"):
            setattr(row, name, getattr(proposed, name))
        row.save()
    ProposalSpeaker.objects.filter(pk__in=[row.pk for row in rows.values()]).delete()
