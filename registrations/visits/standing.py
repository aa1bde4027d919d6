"""What became of applications: a pure decision on plain facts, and the facts of many in a few queries."""

import datetime
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from convention import hooks
from convention.events.models import Event

from ..models import Registration, WaitingEntry
from .models import Application, Identity, NdaAcceptance, NdaText, Visit

type Times = tuple[datetime.datetime | None, datetime.datetime | None]
"""When somebody first came in and last went out."""


class State(models.TextChoices):
    """What became of an application, from the wish to the way home; never stored."""

    APPLIED = "applied", pgettext_lazy("application", "asked for")
    REFUSED = "refused", pgettext_lazy("application", "not possible")
    WAITING = "waiting", pgettext_lazy("application", "on the waiting list")
    OFFERED = "offered", pgettext_lazy("application", "a place is offered")
    CONFIRMED = "confirmed", pgettext_lazy("application", "has a place")
    AGREED = "agreed", pgettext_lazy("application", "agreed to confidentiality")
    COMPLETE = "complete", pgettext_lazy("application", "complete")
    LISTED = "listed", pgettext_lazy("application", "on the host’s list")
    ARRIVED = "arrived", pgettext_lazy("application", "arrived")
    LEFT = "left", pgettext_lazy("application", "went home")
    WITHDRAWN = "withdrawn", pgettext_lazy("application", "withdrawn")
    NO_SHOW = "no_show", pgettext_lazy("application", "did not come")
    HOST_REFUSED = "host_refused", pgettext_lazy("application", "not confirmed by the host")

    @property
    def has_place(self) -> bool:
        """Whether a place is counted for it."""
        return self in WITH_PLACE

    @property
    def has_ended(self) -> bool:
        """Whether nothing follows any more, but another application."""
        return self in (State.REFUSED, State.WITHDRAWN, State.HOST_REFUSED)


WITH_PLACE = frozenset(
    {State.CONFIRMED, State.AGREED, State.COMPLETE, State.LISTED, State.ARRIVED, State.LEFT, State.NO_SHOW}
)


LOST = frozenset({Registration.State.CANCELLED, Registration.State.EXPIRED})
"""A place held for a payment is not lost yet."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the state of one application follows from.

    `wait` is the state of its waiting entry, if any. `is_scanned` says that anybody was scanned at the visit:
    where nobody was, nobody is said not to have come.
    """

    is_withdrawn: bool = False
    is_refused: bool = False
    is_host_refused: bool = False
    wait: str = ""
    has_place: bool = False
    lost_place: bool = False
    has_agreed: bool = False
    has_identity: bool = False
    is_listed: bool = False
    came: bool = False
    went: bool = False
    is_over: bool = False
    is_scanned: bool = False


def state_of(facts: Facts) -> State:
    """The state that is reached; the ends come first, then the last step of the way."""
    if facts.is_host_refused:
        return State.HOST_REFUSED
    if facts.is_refused:
        return State.REFUSED
    if facts.is_withdrawn or facts.lost_place:
        return State.WITHDRAWN
    return _with_place(facts) if facts.has_place else _without_place(facts)


def _without_place(facts: Facts) -> State:
    states = WaitingEntry.State
    found = {"": State.APPLIED, states.WAITING: State.WAITING, states.OFFERED: State.OFFERED}
    return found.get(facts.wait, State.WITHDRAWN)


def _with_place(facts: Facts) -> State:
    steps = (
        (facts.went, State.LEFT),
        (facts.came, State.ARRIVED),
        (facts.is_over and facts.is_scanned, State.NO_SHOW),
        (facts.is_listed and facts.has_agreed and facts.has_identity, State.LISTED),
        (facts.has_agreed and facts.has_identity, State.COMPLETE),
        (facts.has_agreed, State.AGREED),
    )
    return next((state for is_so, state in steps if is_so), State.CONFIRMED)


def states_of(visit: Visit, applications: Collection[Application]) -> dict[int, State]:
    """The state of each of these applications to one visit, by id; as many queries as for one."""
    for one in applications:
        one.visit = visit
    return _states(applications, presence_of(visit.event))


def states_across(applications: Collection[Application]) -> dict[int, State]:
    """The same of applications to several visits, with their visits; scans are not looked at."""
    return _states(applications, {})


def _states(applications: Collection[Application], presence: Mapping[int, Times]) -> dict[int, State]:
    models.prefetch_related_objects(list(applications), "registration", "waiting", "visit__event")
    identities = Identity.objects.filter(application__in=applications).values_list("application", "fields")
    around = Around(
        at=timezone.now(),
        agreed=agreed_among(applications),
        identities={pk: frozenset(fields) for pk, fields in identities},
        presence=presence,
    )
    return {one.pk: state_of(facts_of(one, around)) for one in applications}


@dataclass(frozen=True)
class Around:
    """What the facts of applications are read from besides their own rows."""

    at: datetime.datetime
    agreed: frozenset[int]
    identities: Mapping[int, frozenset[str]]
    presence: Mapping[int, Times]


def agreed_among(applications: Collection[Application]) -> frozenset[int]:
    """Those of these applications, by id, that agreed to the text that counts; none where there is none."""
    texts = NdaText.objects.filter(visit__in={one.visit_id for one in applications})
    latest = dict(texts.order_by("visit", "number").values_list("visit", "hash"))
    given = set(
        NdaAcceptance.objects.filter(application__in=applications)
        .order_by()
        .values_list("application", "hash")
    )
    return frozenset(one.pk for one in applications if (one.pk, latest.get(one.visit_id)) in given)


def presence_of(event: Event) -> Mapping[int, Times]:
    """When each registration first came in and last went out, by id; empty where nobody was scanned."""
    find_presence: Callable[[Event], Mapping[int, Times]] = hooks.registration_presence.provider()
    return find_presence(event)


def facts_of(one: Application, around: Around) -> Facts:
    """What the state of this application follows from."""
    visit, place, wait = one.visit, one.registration, one.waiting
    came, went = around.presence.get(place.pk, (None, None)) if place else (None, None)
    asked = frozenset(visit.identity_fields)
    return Facts(
        is_withdrawn=one.withdrawn_at is not None,
        is_refused=one.refused_at is not None,
        is_host_refused=one.host_refused_at is not None,
        wait=wait.state if wait and place is None else "",
        has_place=_stands(place),
        lost_place=place is not None and place.state in LOST,
        has_agreed=one.pk in around.agreed,
        has_identity=asked <= around.identities.get(one.pk, frozenset()),
        is_listed=one.listed_at is not None,
        came=came is not None,
        went=went is not None,
        is_over=visit.event.ends_at <= around.at,
        is_scanned=bool(around.presence),
    )


def _stands(place: Registration | None) -> bool:
    return place is not None and place.confirmed_at is not None and place.cancelled_at is None
