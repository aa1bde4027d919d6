"""The state of applications: a decision on plain facts, and loading them for many at once."""

import datetime
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from convention import hooks
from convention.events.models import Event
from registrations.models import Registration, WaitingEntry
from registrations.visits.identity.fields import is_identity_complete, list_requested_fields
from registrations.visits.models import Application, Identity, NdaAcceptance, NdaText, Visit

# First entry and last exit.
type PresenceTimes = tuple[datetime.datetime | None, datetime.datetime | None]
# Visit, person, and the time at which the person was named.
type ReplacementKey = tuple[int, int | None, datetime.datetime | None]
type PresenceFinder = Callable[[Collection[Event]], Mapping[int, Mapping[int, PresenceTimes]]]


class ApplicationState(models.TextChoices):
    """The states of an application, from applying to leaving the site. Derived, never stored."""

    APPLIED = "applied", pgettext_lazy("application", "applied")
    AWAITING_HOST = "awaiting_host", pgettext_lazy("application", "awaiting the host’s agreement")
    REFUSED = "refused", pgettext_lazy("application", "not eligible")
    WAITING = "waiting", pgettext_lazy("application", "on the waiting list")
    OFFERED = "offered", pgettext_lazy("application", "place offered")
    OFFER_EXPIRED = "offer_expired", pgettext_lazy("application", "offer expired")
    CONFIRMED = "confirmed", pgettext_lazy("application", "place confirmed")
    AGREED = "agreed", pgettext_lazy("application", "confidentiality accepted")
    COMPLETE = "complete", pgettext_lazy("application", "ready for the host’s list")
    LISTED = "listed", pgettext_lazy("application", "on the host’s list")
    ARRIVED = "arrived", pgettext_lazy("application", "arrived")
    NOT_SCANNED_OUT = "not_scanned_out", pgettext_lazy("application", "not scanned out")
    LEFT = "left", pgettext_lazy("application", "attended")
    WITHDRAWN = "withdrawn", pgettext_lazy("application", "withdrawn")
    REVOKED = "revoked", pgettext_lazy("application", "withdrawn by the club")
    REPLACED = "replaced", pgettext_lazy("application", "replaced")
    NO_SHOW = "no_show", pgettext_lazy("application", "did not attend")
    HOST_REFUSED = "host_refused", pgettext_lazy("application", "not confirmed by the host")
    NAMED_REPLACEMENT = "named_replacement", pgettext_lazy("application", "named as a replacement")
    CALLED_OFF = "called_off", pgettext_lazy("application", "visit called off")

    @property
    def has_place(self) -> bool:
        return self in STATES_WITH_PLACE

    @property
    def has_ended(self) -> bool:
        """Return whether only a new application can follow."""
        return self in ENDED_STATES


STATES_WITH_PLACE = frozenset(
    {
        ApplicationState.CONFIRMED,
        ApplicationState.AGREED,
        ApplicationState.COMPLETE,
        ApplicationState.LISTED,
        ApplicationState.ARRIVED,
        ApplicationState.NOT_SCANNED_OUT,
        ApplicationState.LEFT,
        ApplicationState.NO_SHOW,
    }
)

ENDED_STATES = frozenset(
    {
        ApplicationState.REFUSED,
        ApplicationState.OFFER_EXPIRED,
        ApplicationState.WITHDRAWN,
        ApplicationState.REVOKED,
        ApplicationState.REPLACED,
        ApplicationState.HOST_REFUSED,
        ApplicationState.NAMED_REPLACEMENT,
        ApplicationState.CALLED_OFF,
    }
)

# A place that is held for a payment is not lost yet.
LOST_PLACE_STATES = frozenset({Registration.State.CANCELLED, Registration.State.EXPIRED})


@dataclass(frozen=True, kw_only=True)
class ApplicationFacts:
    """The plain facts from which the state of one application is decided.

    `is_revoked`: the club withdrew it or gave the place to somebody else. `is_replaced`: the host agreed that
    somebody else has the place. `is_named_replacement`: the club
    ended the wait and named the person for a place. `is_called_off`: it ended with the visit.
    `awaits_host`: the club proposed the person to the host, which has not approved yet. `waiting_state` is
    the state of its waiting entry, "" without one.
    `has_visit_scans` is true once anybody was scanned at the visit: without scans nobody counts as a no-show.
    """

    is_withdrawn: bool = False
    is_revoked: bool = False
    is_replaced: bool = False
    is_named_replacement: bool = False
    is_called_off: bool = False
    awaits_host: bool = False
    is_refused: bool = False
    is_host_refused: bool = False
    waiting_state: str = ""
    has_place: bool = False
    has_lost_place: bool = False
    has_agreed: bool = False
    has_identity: bool = False
    is_listed: bool = False
    has_arrived: bool = False
    has_left: bool = False
    is_over: bool = False
    has_visit_scans: bool = False


def decide_state(facts: ApplicationFacts) -> ApplicationState:
    """Return the state that follows from the facts: ended states first, then the last step reached."""
    if facts.is_host_refused:
        return ApplicationState.HOST_REFUSED
    if facts.is_refused:
        return ApplicationState.REFUSED
    if facts.is_revoked:
        return ApplicationState.REPLACED if facts.is_replaced else ApplicationState.REVOKED
    if facts.is_withdrawn and facts.is_named_replacement:
        return ApplicationState.NAMED_REPLACEMENT
    if facts.is_called_off and not facts.is_withdrawn:
        return ApplicationState.CALLED_OFF
    # Before the withdrawal: a new application also withdraws one that had ended with its offer.
    if facts.waiting_state == WaitingEntry.State.EXPIRED:
        return ApplicationState.OFFER_EXPIRED
    # A place cancelled through the ordinary order page ends the application too, without a date of its own.
    if facts.is_withdrawn or facts.has_lost_place:
        return ApplicationState.WITHDRAWN
    return _decide_with_place(facts) if facts.has_place else _decide_without_place(facts)


def _decide_without_place(facts: ApplicationFacts) -> ApplicationState:
    if facts.awaits_host:
        return ApplicationState.AWAITING_HOST
    states = WaitingEntry.State
    # Entries that were declined or left count as withdrawn.
    by_waiting_state = {
        "": ApplicationState.APPLIED,
        states.WAITING: ApplicationState.WAITING,
        states.OFFERED: ApplicationState.OFFERED,
    }
    return by_waiting_state.get(facts.waiting_state, ApplicationState.WITHDRAWN)


def _decide_with_place(facts: ApplicationFacts) -> ApplicationState:
    # From the last step to the first. Scans come first: somebody who was scanned in has arrived, even with
    # something missing.
    steps = (
        (facts.has_left, ApplicationState.LEFT),
        (facts.has_arrived and facts.is_over, ApplicationState.NOT_SCANNED_OUT),
        (facts.has_arrived, ApplicationState.ARRIVED),
        (facts.is_over and facts.has_visit_scans, ApplicationState.NO_SHOW),
        # A new text or a newly requested field makes a listed visitor incomplete again.
        (facts.is_listed and facts.has_agreed and facts.has_identity, ApplicationState.LISTED),
        (facts.has_agreed and facts.has_identity, ApplicationState.COMPLETE),
        (facts.has_agreed, ApplicationState.AGREED),
    )
    return next((state for is_reached, state in steps if is_reached), ApplicationState.CONFIRMED)


def find_states(visit: Visit, applications: Collection[Application]) -> dict[int, ApplicationState]:
    """Return the state of each of these applications to one visit by id, in a fixed number of queries."""
    for application in applications:
        application.visit = visit
    return find_states_across_visits(applications)


def find_states_across_visits(applications: Collection[Application]) -> dict[int, ApplicationState]:
    """Return the state of applications to different visits by id, in a fixed number of queries."""
    # Loads only what the instances do not have yet, in one query for each relation.
    models.prefetch_related_objects(list(applications), "registration", "waiting_entry", "visit__event")
    identities = Identity.objects.filter(application__in=applications).values_list(
        "application", "field_names"
    )
    context = ApplicationContext(
        at=timezone.now(),
        agreed_ids=find_agreed_ids(applications),
        given_fields={pk: frozenset(fields) for pk, fields in identities},
        presence_by_event=load_presence_by_event({a.visit.event for a in applications}),
        named_replacements=_find_named_replacements(applications),
        replaced_ids=find_replaced_ids(applications),
    )
    return {application.pk: decide_state(collect_facts(application, context)) for application in applications}


@dataclass(frozen=True)
class ApplicationContext:
    """The facts that are loaded once for many applications, by application or registration id."""

    at: datetime.datetime
    agreed_ids: frozenset[int]
    given_fields: Mapping[int, frozenset[str]]
    presence_by_event: Mapping[int, Mapping[int, PresenceTimes]]
    named_replacements: frozenset[ReplacementKey] = frozenset()
    replaced_ids: frozenset[int] = frozenset()


def _find_named_replacements(applications: Collection[Application]) -> frozenset[ReplacementKey]:
    """Return visit, person and time of the replacements that were named at the end of one of these."""
    withdrawn = [application for application in applications if application.withdrawn_at]
    if not withdrawn:
        return frozenset()
    replacements = Application.objects.filter(
        visit__in={application.visit_id for application in withdrawn},
        proposed_at__in={application.withdrawn_at for application in withdrawn},
    )
    return frozenset(replacements.order_by().values_list("visit", "person", "proposed_at"))


def find_replaced_ids(applications: Collection[Application]) -> frozenset[int]:
    """Return the ids of those that ended because the host agreed to a replacement."""
    revoked = [application for application in applications if _was_revoked(application)]
    if not revoked:
        return frozenset()
    # `approve_visitor` sets both times at once. A place that the club withdrew before its replacement was
    # approved stays withdrawn by the club.
    replacements = Application.objects.filter(
        replaces__in=revoked, host_approved_at=F("replaces__withdrawn_at")
    )
    return frozenset(pk for pk in replacements.order_by().values_list("replaces", flat=True) if pk)


def _was_revoked(application: Application) -> bool:
    """Return whether the club withdrew it, or gave the place to somebody else."""
    return application.withdrawn_at is not None and bool(application.revocation_reason)


def find_agreed_ids(applications: Collection[Application]) -> frozenset[int]:
    """Return the ids of the applications that accepted the current text; none where there is no text."""
    # In ascending order, so that `dict` ends with the highest number of each visit.
    texts = NdaText.objects.filter(visit__in={application.visit_id for application in applications})
    latest_hashes = dict(texts.order_by("visit", "number").values_list("visit", "hash"))
    acceptances = set(
        NdaAcceptance.objects.filter(application__in=applications)
        .order_by()
        .values_list("application", "hash")
    )
    return frozenset(
        application.pk
        for application in applications
        if (application.pk, latest_hashes.get(application.visit_id)) in acceptances
    )


def load_presence(event: Event) -> Mapping[int, PresenceTimes]:
    """Return first entry and last exit by registration id; empty if nobody was scanned."""
    return load_presence_by_event([event])[event.pk]


def load_presence_by_event(events: Collection[Event]) -> Mapping[int, Mapping[int, PresenceTimes]]:
    """Return first entry and last exit by registration id, by the id of each event."""
    # Scans belong to `badges`, a higher layer; the hook provides them.
    find_stays: PresenceFinder = hooks.registration_presence.provider()
    return find_stays(events)


def collect_facts(application: Application, context: ApplicationContext) -> ApplicationFacts:
    """Return the facts of one application."""
    visit, place, entry = application.visit, application.registration, application.waiting_entry
    presence = context.presence_by_event[visit.event_id]
    arrived_at, left_at = presence.get(place.pk, (None, None)) if place else (None, None)
    return ApplicationFacts(
        is_withdrawn=application.withdrawn_at is not None,
        is_revoked=_was_revoked(application),
        is_replaced=application.pk in context.replaced_ids,
        # `propose_replacement` ends the wait and names the person at the same time.
        is_named_replacement=(visit.pk, application.person_id, application.withdrawn_at)
        in context.named_replacements,
        is_called_off=_ended_with_visit(application),
        awaits_host=application.proposed_at is not None and place is None,
        is_refused=application.refused_at is not None,
        is_host_refused=application.host_refused_at is not None,
        # An accepted offer leaves its entry linked; the place decides then.
        waiting_state=entry.state if entry and place is None else "",
        has_place=_is_active_place(place),
        has_lost_place=place is not None and place.state in LOST_PLACE_STATES,
        has_agreed=application.pk in context.agreed_ids,
        # True for a host that requests nothing.
        has_identity=is_identity_complete(
            list_requested_fields(visit), context.given_fields.get(application.pk, frozenset())
        ),
        is_listed=application.listed_at is not None,
        has_arrived=arrived_at is not None,
        has_left=left_at is not None,
        is_over=visit.event.is_over(at=context.at),
        has_visit_scans=bool(presence),
    )


def _ended_with_visit(application: Application) -> bool:
    """Return whether the visit was called off while the application had a place, a wait or neither yet."""
    cancelled_at = application.visit.cancelled_at
    place, entry = application.registration, application.waiting_entry
    if cancelled_at is None:
        return False
    if place is not None:
        is_expired = place.state == Registration.State.EXPIRED
        ended_at = place.hold_expires_at if is_expired else place.cancelled_at
    else:
        ended_at = (entry.left_at or entry.declined_at or entry.offer_expired_at) if entry else None
    # `cancel_visit` sets the time of the visit first, and releases places and waits afterwards.
    return ended_at is None or ended_at >= cancelled_at


def _is_active_place(place: Registration | None) -> bool:
    return place is not None and place.confirmed_at is not None and place.cancelled_at is None


def list_present_visitors(visit: Visit) -> list[Application]:
    """Return the applications of those who arrived, by name."""
    # Not `confirmed()`: people who came although their place was taken back count as present.
    rows = Application.objects.filter(visit=visit, registration__in=list(load_presence(visit.event)))
    applications = rows.select_related("registration__order", "person")
    return list(applications.order_by("registration__sort_name", "pk"))


def was_present(application: Application) -> bool:
    return application.registration_id in load_presence(application.visit.event)
