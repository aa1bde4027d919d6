"""Conflicts of interest between a reviewer and the speakers of a proposal.

`find_conflict` is a pure function; the facts come from the club's directory.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from convention.club.models import Person
from convention.text.email_addresses import get_employer_domain, normalize_email
from schedule.models import ProposalSpeaker

from .directory import DirectoryFacts, load_directory_facts


class InterestKind(TextChoices):
    """The reason for a conflict of interest."""

    DECLARED = "declared", _("you declared a conflict of interest")
    SPEAKER = "speaker", _("you are one of its speakers")
    EMPLOYER = "employer", _("a speaker works for your company")
    DOMAIN = "domain", _("a speaker has an e-mail address of your organization")


@dataclass(frozen=True)
class PartyInterests:
    """A reviewer or a speaker: normalized address, and employers as search keys."""

    email: str
    employers: frozenset[str]

    @property
    def mail_domain(self) -> str:
        """Return the domain of the address, "" if it belongs to a public mail service."""
        return get_employer_domain(self.email)


def find_conflict(reviewer: PartyInterests, speakers: Sequence[PartyInterests]) -> InterestKind | None:
    """Return the strongest reason why this reviewer must not judge these speakers, or None."""
    for speaker in speakers:
        if reviewer.email and speaker.email == reviewer.email:
            return InterestKind.SPEAKER
    if any(reviewer.employers & speaker.employers for speaker in speakers):
        return InterestKind.EMPLOYER
    domain = reviewer.mail_domain
    if domain and any(speaker.mail_domain == domain for speaker in speakers):
        return InterestKind.DOMAIN
    return None


@dataclass(frozen=True)
class InterestChecker:
    """Finds conflicts of interest of many reviewers and proposals with facts that were loaded once."""

    facts: DirectoryFacts

    def find(self, reviewer: Person, speakers: Iterable[ProposalSpeaker]) -> InterestKind | None:
        """Return the conflict between a reviewer and a proposal's speakers, or None."""
        return find_conflict(
            self._describe(reviewer.email or ""),
            [self._describe(speaker.email, speaker.company) for speaker in speakers],
        )

    def _describe(self, email: str, company: str = "") -> PartyInterests:
        return PartyInterests(normalize_email(email), self.facts.find_employers(email, company))


def load_interest_checker(
    reviewers: Iterable[Person], speakers: Iterable[ProposalSpeaker]
) -> InterestChecker:
    """Load the employers of these people, in two queries."""
    addresses = [reviewer.email or "" for reviewer in reviewers]
    return InterestChecker(load_directory_facts([*addresses, *(speaker.email for speaker in speakers)]))
