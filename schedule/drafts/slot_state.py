"""When and where a session is in a draft, as plain data."""

import datetime
from dataclasses import dataclass
from typing import Any, Self

from schedule.models import Session, Slot


@dataclass(frozen=True, slots=True)
class SlotState:
    """The columns of a slot; times are in UTC."""

    room_id: int | None
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    day: datetime.date | None = None
    is_cancelled: bool = False
    is_time_pinned: bool = False
    is_room_pinned: bool = False

    @classmethod
    def of_slot(cls, slot: Slot) -> Self:
        return cls(
            slot.room_id,
            slot.starts_at.astimezone(datetime.UTC),
            slot.ends_at.astimezone(datetime.UTC),
            slot.day,
            slot.is_cancelled,
            slot.is_time_pinned,
            slot.is_room_pinned,
        )

    @classmethod
    def of_session(cls, session: Session) -> Self | None:
        """Return the published state; None for a session that is not published."""
        if session.starts_at is None:
            return None
        return cls(
            session.room_id,
            session.starts_at.astimezone(datetime.UTC),
            (session.ends_at or session.starts_at).astimezone(datetime.UTC),
            session.day,
            session.cancelled_at is not None,
        )

    @classmethod
    def from_json(cls, data: dict[str, Any] | None) -> Self | None:
        """Parse what `to_json` returned."""
        if data is None:
            return None
        return cls(
            data["room"],
            datetime.datetime.fromisoformat(data["starts_at"]),
            datetime.datetime.fromisoformat(data["ends_at"]),
            datetime.date.fromisoformat(data["day"]) if data["day"] else None,
            data["is_cancelled"],
            data["is_time_pinned"],
            data["is_room_pinned"],
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "room": self.room_id,
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "day": self.day.isoformat() if self.day else None,
            "is_cancelled": self.is_cancelled,
            "is_time_pinned": self.is_time_pinned,
            "is_room_pinned": self.is_room_pinned,
        }

    def to_columns(self) -> dict[str, Any]:
        """Return the values of a slot's columns."""
        return {
            "room_id": self.room_id,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "day": self.day,
            "is_cancelled": self.is_cancelled,
            "is_time_pinned": self.is_time_pinned,
            "is_room_pinned": self.is_room_pinned,
        }


def to_json(state: SlotState | None) -> dict[str, Any] | None:
    return state.to_json() if state else None
