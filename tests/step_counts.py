"""Count the steps of a function: unlike seconds, the same on every machine and under any load."""

import sys
from collections.abc import Callable

EVENTS = sys.monitoring.events
STEPS = EVENTS.PY_START | EVENTS.PY_RESUME | EVENTS.CALL | EVENTS.JUMP


def count_steps(function: Callable[[], object]) -> int:
    """Return the number of calls and loop passes that `function` makes, nested ones included."""
    count = 0

    def add_step(*_details: object) -> None:
        nonlocal count
        count += 1

    monitoring = sys.monitoring
    monitoring.use_tool_id(monitoring.PROFILER_ID, "count_steps")
    try:
        for event in (EVENTS.PY_START, EVENTS.PY_RESUME, EVENTS.CALL, EVENTS.JUMP):
            monitoring.register_callback(monitoring.PROFILER_ID, event, add_step)
        monitoring.set_events(monitoring.PROFILER_ID, STEPS)
        function()
    finally:
        monitoring.free_tool_id(monitoring.PROFILER_ID)
    return count
