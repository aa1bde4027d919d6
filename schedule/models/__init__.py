"""Models of the programme, its drafts and its published versions.

Start with programme.py. A draft's slots never touch the sessions: publishing copies them.
"""

from .drafts import Availability, ConflictLevel, DayHours, Move, PlanRun, ScheduleDraft, Slot, WalkingTime
from .prints import AgendaPrint
from .programme import (
    DEFAULT_DAY_START,
    TRACK_COLORS,
    ChosenSession,
    PersonalAgenda,
    ProgrammeAudience,
    Schedule,
    ScheduleUpload,
    Session,
    SessionSpeaker,
    Speaker,
    Track,
)
from .proposals import (
    CallForProposals,
    Criterion,
    ProposalMail,
    ProposalSpeaker,
    Review,
    Score,
    SessionFormat,
    SessionProposal,
)
from .speakers import SessionFile, SpeakerLink, SpeakerMail, SpeakerMailing, SpeakerPhoto
from .versions import ScheduleVersion, VersionSlot

__all__ = [
    "DEFAULT_DAY_START",
    "TRACK_COLORS",
    "AgendaPrint",
    "Availability",
    "CallForProposals",
    "ChosenSession",
    "ConflictLevel",
    "Criterion",
    "DayHours",
    "Move",
    "PersonalAgenda",
    "PlanRun",
    "ProgrammeAudience",
    "ProposalMail",
    "ProposalSpeaker",
    "Review",
    "Schedule",
    "ScheduleDraft",
    "ScheduleUpload",
    "ScheduleVersion",
    "Score",
    "Session",
    "SessionFile",
    "SessionFormat",
    "SessionProposal",
    "SessionSpeaker",
    "Slot",
    "Speaker",
    "SpeakerLink",
    "SpeakerMail",
    "SpeakerMailing",
    "SpeakerPhoto",
    "Track",
    "VersionSlot",
    "WalkingTime",
]
