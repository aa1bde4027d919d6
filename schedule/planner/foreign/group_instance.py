"""Read the working groups' sessions of a conference, as published for ROADEF, and write the plan as JSON.

The file assigns lists of numbers in Python, which are parsed, never executed: `np` (talks of each session),
`npMax` (most talks of a part in each slot), `papers_range` (sizes of parts), `session_groups` (working groups
of each session). The plan is `{"session": [[slot, talks], ...]}`, numbered from 1.
"""

import ast
import json
from collections.abc import Iterable
from typing import Any, Final

from django.utils.translation import gettext as _

from convention.errors import UnreadableFile
from schedule.planner.exact.working_groups import GroupPlan, GroupProgramme, GroupSession

MAX_BYTES: Final = 200_000
MAX_TALKS: Final = 1_000
# The product of sessions, slots and sizes of parts: CP-SAT gets a variable for each.
MAX_PARTS: Final = 200_000
NAMES: Final = ("conference_sessions", "np", "npMax", "papers_range", "session_groups")


def is_group_instance(data: bytes) -> bool:
    """Return whether a file is such an instance: known by a name that it assigns."""
    return b"session_groups" in data and not data.lstrip().startswith(b"{")


def read_group_instance(data: bytes, *, max_parallel: int) -> GroupProgramme:
    """Return the programme of a file. Raise UnreadableFile with what is wrong."""
    values = read_assignments(data)
    count = read_natural(values["conference_sessions"], "conference_sessions")
    # One of the published files has more talks than sessions; the surplus is ignored.
    talks = read_list(values["np"], "np")[:count]
    groups = read_list(values["session_groups"], "session_groups")[:count]
    if not len(talks) == len(groups) == count:
        raise UnreadableFile(
            _("The instance has %(count)d sessions, but talks for %(talks)d and groups for %(groups)d.")
            % {"count": count, "talks": len(talks), "groups": len(groups)}
        )
    slot_sizes = read_numbers(values["npMax"], "npMax")
    part_sizes = sorted(set(read_numbers(values["papers_range"], "papers_range")))
    if count * len(slot_sizes) * len(part_sizes) > MAX_PARTS:
        raise UnreadableFile(
            _("The instance is too large: at most %(most)d sessions × slots × sizes of parts.")
            % {"most": MAX_PARTS}
        )
    return GroupProgramme(
        sessions=tuple(
            GroupSession(number, frozenset(read_numbers(names, "session_groups", least=0)))
            for number, names in zip(read_numbers(talks, "np"), groups, strict=True)
        ),
        slot_sizes=tuple(slot_sizes),
        part_sizes=tuple(part_sizes),
        max_parallel=max_parallel,
    )


def write_group_plan(plan: GroupPlan) -> bytes:
    """Return the parts of each session as JSON."""
    placed = {
        str(number): [[slot + 1, talks] for slot, talks in sorted(parts.items())]
        for number, parts in enumerate(plan.parts, start=1)
    }
    return json.dumps(placed).encode()


def read_assignments(data: bytes) -> dict[str, Any]:
    """Return the values of the names that matter; each must be a literal."""
    if len(data) > MAX_BYTES:
        raise UnreadableFile(_("The instance is too large: at most %(most)d bytes.") % {"most": MAX_BYTES})
    try:
        statements = ast.parse(data).body
        values = {
            statement.targets[0].id: ast.literal_eval(statement.value)
            for statement in statements
            if isinstance(statement, ast.Assign)
            and isinstance(statement.targets[0], ast.Name)
            and statement.targets[0].id in NAMES
        }
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise UnreadableFile(_("The instance must assign numbers and lists of numbers.")) from error
    for name in NAMES:
        if name not in values:
            raise UnreadableFile(_("The instance does not assign “%(name)s”.") % {"name": name})
    return values


def read_list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise make_value_error(name)
    return value


def read_numbers(value: Iterable[Any], name: str, *, least: int = 1) -> list[int]:
    """Return whole numbers of at least `least`."""
    return [read_natural(number, name, least=least) for number in read_list(value, name)]


def read_natural(value: Any, name: str, *, least: int = 1) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_TALKS:
        raise make_value_error(name)
    return value


def make_value_error(name: str) -> UnreadableFile:
    return UnreadableFile(
        _("“%(name)s” in the instance must be a number from 0 to %(most)d or a list of such numbers.")
        % {"name": name, "most": MAX_TALKS}
    )
