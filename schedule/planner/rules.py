"""The hard rules of an instance by name, and the error that says which of them contradict each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.errors import ConventionError

from .instance import Placing, PlannerInstance, fits_in_day, list_slots

type RuleKind = Literal[
    "locked-slot",
    "locked-room",
    "session-slots",
    "session-rooms",
    "absent",
    "speaker-once",
    "room-open",
    "room-once",
    "follows",
]

MAX_NAMES = 8


@dataclass(frozen=True, slots=True, order=True)
class PlannerRule:
    """One hard rule; `subject` is the number of its session, speaker or room, 0 in the rule of all rooms."""

    kind: RuleKind
    subject: int = 0


class PlanImpossible(ConventionError):
    """No plan keeps all the rules. `rules` are a smallest set of rules that contradict each other."""

    kind = "plan-impossible"

    def __init__(
        self, sentence: str, rules: Sequence[PlannerRule] = (), *, reasons: Sequence[str] = ()
    ) -> None:
        super().__init__(sentence)
        self.rules = tuple(rules)
        self.reasons = tuple(reasons)


def list_rules(instance: PlannerInstance) -> list[PlannerRule]:
    """Return every rule that forbids anything in this instance."""
    rules = [PlannerRule("room-once")]
    for number, session in enumerate(instance.sessions):
        limits: dict[RuleKind, Any] = {
            "follows": session.follows,
            "locked-slot": session.locked_slot,
            "locked-room": session.locked_room,
            "session-slots": session.allowed_slots,
            "session-rooms": session.allowed_rooms,
        }
        rules += [PlannerRule(kind, number) for kind, limit in limits.items() if limit is not None]
    for number, speaker in enumerate(instance.speakers):
        sessions = list_sessions_of(instance, number)
        rules += [PlannerRule("absent", number)] if speaker.absent_slots and sessions else []
        rules += [PlannerRule("speaker-once", number)] if len(sessions) > 1 else []
    rules += [
        PlannerRule("room-open", number)
        for number, room in enumerate(instance.rooms)
        if room.open_slots is not None
    ]
    return rules


def list_sessions_of(instance: PlannerInstance, speaker: int) -> list[int]:
    """Return the sessions of a speaker."""
    return [number for number, session in enumerate(instance.sessions) if speaker in session.speakers]


def list_broken_alone(instance: PlannerInstance, session: int, placing: Placing) -> Iterator[PlannerRule]:
    """Yield the rules that a session placed there would break by itself; it must fit in a day."""
    details = instance.sessions[session]
    slots = list_slots(details, placing.slot)
    if details.locked_slot not in {None, placing.slot}:
        yield PlannerRule("locked-slot", session)
    if details.locked_room not in {None, placing.room}:
        yield PlannerRule("locked-room", session)
    if details.allowed_slots is not None and placing.slot not in details.allowed_slots:
        yield PlannerRule("session-slots", session)
    if details.allowed_rooms is not None and placing.room not in details.allowed_rooms:
        yield PlannerRule("session-rooms", session)
    open_slots = instance.rooms[placing.room].open_slots
    if open_slots is not None and not open_slots.issuperset(slots):
        yield PlannerRule("room-open", placing.room)
    for speaker in sorted(details.speakers):
        if not instance.speakers[speaker].absent_slots.isdisjoint(slots):
            yield PlannerRule("absent", speaker)


def check_room_for_all(instance: PlannerInstance) -> None:
    """Raise PlanImpossible if there is no room for all, or a session is longer than a day."""
    needed = sum(session.duration for session in instance.sessions)
    places = sum(len(instance.slots if x.open_slots is None else x.open_slots) for x in instance.rooms)
    if needed > places:
        raise PlanImpossible(
            _(
                "The sessions need %(needed)s room slots, and only %(places)s are available: add slots "
                "or rooms."
            )
            % {"needed": needed, "places": places},
            [PlannerRule("room-once")],
        )
    for session in instance.sessions:
        if not any(fits_in_day(instance, list_slots(session, slot)) for slot in range(len(instance.slots))):
            raise PlanImpossible(
                _("Session “%(session)s” is too long to fit into any day.") % {"session": session.name}
            )


def make_impossible_error(instance: PlannerInstance, rules: Sequence[PlannerRule]) -> PlanImpossible:
    """Return the error that names these contradicting rules, or says that there was no time to find them."""
    if not rules:
        sentence = _("No plan keeps all rules. There was no time to find out which contradict each other.")
        return PlanImpossible(sentence, reasons=[sentence])
    reasons = [describe_rule(instance, rule) for rule in sorted(rules)]
    sentence = ngettext(
        "No plan is possible, because of this rule: %(reasons)s",
        "No plan is possible: these %(number)d rules contradict each other. %(reasons)s",
        len(reasons),
    ) % {"number": len(reasons), "reasons": " ".join(reasons)}
    return PlanImpossible(sentence, rules, reasons=reasons)


def describe_rule(instance: PlannerInstance, rule: PlannerRule) -> str:
    """Return the rule as a sentence."""
    if rule.kind == "room-once":
        return _("A room holds one session at a time.")
    if rule.kind == "room-open":
        room = instance.rooms[rule.subject]
        return _("Room “%(room)s” is open only in these slots: %(slots)s.") % {
            "room": room.name,
            "slots": name_slots(instance, room.open_slots or ()),
        }
    if rule.kind in {"absent", "speaker-once"}:
        return describe_speaker_rule(instance, rule)
    return describe_session_rule(instance, rule)


def describe_speaker_rule(instance: PlannerInstance, rule: PlannerRule) -> str:
    speaker = instance.speakers[rule.subject]
    sessions = [instance.sessions[number].name for number in list_sessions_of(instance, rule.subject)]
    values = {"speaker": speaker.name, "sessions": shorten(sessions)}
    if rule.kind == "absent":
        values["slots"] = name_slots(instance, speaker.absent_slots)
        return _("Speaker “%(speaker)s” of %(sessions)s is not available in these slots: %(slots)s.") % values
    return _("Speaker “%(speaker)s” cannot be in two sessions at once: %(sessions)s.") % values


def describe_session_rule(instance: PlannerInstance, rule: PlannerRule) -> str:
    session = instance.sessions[rule.subject]
    if rule.kind == "follows":
        return _("Session “%(session)s” starts after “%(followed)s” has ended.") % {
            "session": session.name,
            "followed": instance.sessions[session.follows or 0].name,
        }
    if rule.kind == "locked-slot":
        slot = instance.slots[session.locked_slot or 0].name
        return _("Session “%(session)s” is locked to slot %(slot)s.") % {
            "session": session.name,
            "slot": slot,
        }
    if rule.kind == "locked-room":
        room = instance.rooms[session.locked_room or 0].name
        return _("Session “%(session)s” is locked to room “%(room)s”.") % {
            "session": session.name,
            "room": room,
        }
    if rule.kind == "session-slots":
        slots = name_slots(instance, session.allowed_slots or ())
        return _("Session “%(session)s” may start only in these slots: %(slots)s.") % {
            "session": session.name,
            "slots": slots,
        }
    rooms = shorten([instance.rooms[number].name for number in sorted(session.allowed_rooms or ())])
    return _("Session “%(session)s” needs one of these rooms: %(rooms)s.") % {
        "session": session.name,
        "rooms": rooms,
    }


def name_slots(instance: PlannerInstance, slots: Sequence[int] | frozenset[int]) -> str:
    return shorten([instance.slots[number].name for number in sorted(slots)])


def shorten(names: Sequence[str]) -> str:
    """Return the first names as a list, “none” if there are none."""
    shown = ", ".join(names[:MAX_NAMES]) or _("none")
    return f"{shown}…" if len(names) > MAX_NAMES else shown
