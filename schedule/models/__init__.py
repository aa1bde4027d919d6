"""Models of the programme, its drafts and its published versions.

Start with programme.py. A draft's slots never touch the sessions: publishing copies them.
"""

from .drafts import Availability, ConflictLevel, Move, PlanRun, ScheduleDraft, Slot, WalkingTime
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
from .speakers import SpeakerLink, SpeakerMail, SpeakerMailing, SpeakerPhoto
from .versions import ScheduleVersion, VersionSlot

__all__ = [
    "DEFAULT_DAY_START",
    "TRACK_COLORS",
    "AgendaPrint",
    "Availability",
    "ChosenSession",
    "ConflictLevel",
    "Move",
    "PersonalAgenda",
    "PlanRun",
    "ProgrammeAudience",
    "Schedule",
    "ScheduleDraft",
    "ScheduleUpload",
    "ScheduleVersion",
    "Session",
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
