"""The choices of a print, as plain data."""

import datetime
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from schedule.models import ProgrammeAudience

AGENDA_LANGUAGES: Final = ("fr", "en")


@dataclass(frozen=True)
class PrintOptions:
    """Options of one print. Empty days, rooms and tracks mean all of them; rooms and tracks are ids.

    `since` is the number of the version that the print replaces. Without `includes_members_sessions`,
    sessions for members only are left out.
    """

    kind: str = "booklet"
    language: str = "fr"
    paper: str = ""
    depth: str = ""
    distance: str = ""
    is_imposed: bool = False
    days: tuple[datetime.date, ...] = ()
    rooms: tuple[int, ...] = ()
    tracks: tuple[int, ...] = ()
    since: int | None = None
    includes_members_sessions: bool = False

    @property
    def audience(self) -> ProgrammeAudience:
        return ProgrammeAudience.MEMBERS if self.includes_members_sessions else ProgrammeAudience.PUBLIC

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {
            "days": [str(day) for day in self.days],
            "rooms": list(self.rooms),
            "tracks": list(self.tracks),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(
            **stored
            | {
                "days": tuple(datetime.date.fromisoformat(day) for day in stored["days"]),
                "rooms": tuple(stored["rooms"]),
                "tracks": tuple(stored["tracks"]),
            }
        )
