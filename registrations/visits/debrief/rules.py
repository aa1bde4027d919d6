"""Decide who may read a debrief and from when. No database access.

Before it opens, only members who were present and accepted the confidentiality terms read it. It opens to its
audience once it is published, approved by the host, and both the embargo and its own date have passed.
"""

import datetime
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class DebriefTerms:
    """Dates and audience of one debrief; None where a date is not set."""

    published_at: datetime.datetime | None = None
    approved_at: datetime.datetime | None = None
    embargo_until: datetime.datetime | None = None
    visible_from: datetime.datetime | None = None
    is_for_members: bool = False

    @property
    def opens_at(self) -> datetime.datetime | None:
        """Return when embargo and own date have both passed, None if neither is set."""
        dates = [date for date in (self.embargo_until, self.visible_from) if date]
        return max(dates) if dates else None


@dataclass(frozen=True, kw_only=True)
class DebriefReader:
    """The reader: whether they are a member today, and whether they were present and accepted the text."""

    is_member: bool = False
    is_signatory: bool = False


def is_debrief_open(terms: DebriefTerms, *, at: datetime.datetime) -> bool:
    """Return whether the audience, beyond those who were present, may read it at `at`."""
    opens_at = terms.opens_at
    is_published = terms.published_at is not None and terms.approved_at is not None
    return is_published and (opens_at is None or opens_at <= at)


def can_read_debrief(terms: DebriefTerms, reader: DebriefReader, *, at: datetime.datetime) -> bool:
    """Return whether this reader may read the debrief at `at`; only members ever may."""
    # Signatories must be members too: access ends on the day when the seat ends.
    if terms.published_at is None or not reader.is_member:
        return False
    return reader.is_signatory or (terms.is_for_members and is_debrief_open(terms, at=at))


def can_read_lessons(terms: DebriefTerms, reader: DebriefReader, *, at: datetime.datetime) -> bool:
    """Return whether this reader may read the lessons learned: any member once the debrief is open."""
    return can_read_debrief(terms, reader, at=at) or (reader.is_member and is_debrief_open(terms, at=at))
