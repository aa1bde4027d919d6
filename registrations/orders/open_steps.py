"""List the steps that confirmed attendees still have to take, by the packages that ask for them."""

from collections.abc import Collection
from dataclasses import dataclass

from convention import hooks
from registrations.models import Registration


@dataclass(frozen=True)
class OpenStep:
    """A step in words, and the path of its page; "" while it cannot be done yet."""

    label: str
    path: str


def list_open_steps(registrations: Collection[Registration]) -> dict[int, list[OpenStep]]:
    """Return the open steps by registration id; registrations without any are left out."""
    steps: dict[int, list[OpenStep]] = {}
    for list_steps in hooks.attendee_steps.providers() if registrations else ():
        for pk, found in list_steps(registrations).items():
            steps.setdefault(pk, []).extend(found)
    return steps
