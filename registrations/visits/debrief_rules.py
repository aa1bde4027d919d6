"""Who may read a debrief, and from when: pure rules on plain facts.

Until it opens, it is for those who agreed to confidentiality and were there. It opens to its audience once
it is published, the host approved it, and both the embargo and its own date are over.
"""

import datetime
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What was agreed about one debrief; None where there is no such date."""

    published_at: datetime.datetime | None = None
    approved_at: datetime.datetime | None = None
    embargo_until: datetime.datetime | None = None
    visible_from: datetime.datetime | None = None
    is_for_members: bool = False

    @property
    def opens_at(self) -> datetime.datetime | None:
        """When embargo and own date are both over; None where nothing holds it back."""
        dates = [date for date in (self.embargo_until, self.visible_from) if date]
        return max(dates) if dates else None


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who asks: a member today; and whether they agreed to the text that counts and were there."""

    is_member: bool = False
    is_signatory: bool = False


def is_open(terms: Terms, *, at: datetime.datetime) -> bool:
    """Whether it may leave the group of those who were there."""
    opens_at = terms.opens_at
    is_published = terms.published_at is not None and terms.approved_at is not None
    return is_published and (opens_at is None or opens_at <= at)


def may_read(terms: Terms, reader: Reader, *, at: datetime.datetime) -> bool:
    """Whether this reader sees the debrief at that moment; nobody without a seat does."""
    if terms.published_at is None or not reader.is_member:
        return False
    return reader.is_signatory or (terms.is_for_members and is_open(terms, at=at))


def may_learn(terms: Terms, reader: Reader, *, at: datetime.datetime) -> bool:
    """Whether this reader sees what the club learned: every member, once the debrief is open."""
    return may_read(terms, reader, at=at) or (reader.is_member and is_open(terms, at=at))
