"""The chips of the agenda's filters: links that add a value to the address, or remove it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from .agenda_filter import FILTER_NAMES, AgendaFilter

# A programme may have a thousand speakers: search finds them, and links from elsewhere filter by one.
UNLISTED_FILTER_NAMES: Final = ("speaker",)


@dataclass(frozen=True, slots=True)
class FilterChip:
    """One value of a filter; `query` is the address without the value if it is active, else with it."""

    value: str
    query: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class ChipGroup:
    """The chips of one filter."""

    name: str
    chips: list[FilterChip]

    @property
    def active_chips(self) -> list[FilterChip]:
        return [chip for chip in self.chips if chip.is_active]


def build_chip_groups(agenda_filter: AgendaFilter, options: Mapping[str, list[str]]) -> list[ChipGroup]:
    """Return the filters with their offered values, and with active values that no session has."""
    groups = []
    for name in FILTER_NAMES:
        active: tuple[str, ...] = getattr(agenda_filter, name)
        offered = [] if name in UNLISTED_FILTER_NAMES else options.get(name, [])
        unknown = [value for value in active if value not in offered]
        if values := [*offered, *unknown]:
            groups.append(ChipGroup(name, _build_chips(agenda_filter, name, values, active)))
    return groups


def _build_chips(
    agenda_filter: AgendaFilter, name: str, values: Iterable[str], active: tuple[str, ...]
) -> list[FilterChip]:
    return [
        FilterChip(value, agenda_filter.toggle_value(name, value).to_query_string(), value in active)
        for value in values
    ]
