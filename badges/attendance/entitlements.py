"""Find who may enter a checkpoint: by a booked session, by ticket, or by an add-on."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from registrations.models import Registration, RegistrationAddon, SessionBooking

from .models import Checkpoint


def find_booked_registrations(checkpoints: set[int], holders: list[int]) -> dict[int, set[int]]:
    """Return, for each checkpoint whose session takes bookings, which of `holders` have booked it."""
    # Most checkpoints are entrances without a session: the two queries below are saved for them.
    if not checkpoints:
        return {}
    bookable = Checkpoint.objects.filter(pk__in=checkpoints, session__is_bookable=True)
    sessions = dict(bookable.order_by().values_list("pk", "session"))
    if not sessions:
        return {}
    bookings = SessionBooking.objects.active().filter(session__in=sessions.values(), registration__in=holders)
    # An empty set means that nobody has booked; a checkpoint without an entry is open to all.
    booked_by_session: dict[int, set[int]] = {session: set() for session in sessions.values()}
    for session, holder in bookings.order_by().values_list("session", "registration"):
        booked_by_session[session].add(holder)
    return {checkpoint: booked_by_session[session] for checkpoint, session in sessions.items()}


def find_entitled_registrations(checkpoints: Iterable[Checkpoint], holders: list[int]) -> dict[int, set[int]]:
    """Return, for each checkpoint limited to tickets or an add-on, which of `holders` may enter."""
    by_pk = {checkpoint.pk: checkpoint for checkpoint in checkpoints}
    tickets: dict[int, set[int]] = {}
    rules = Checkpoint.tickets.through._default_manager.filter(checkpoint__in=by_pk)
    for checkpoint, ticket in rules.values_list("checkpoint", "ticket"):
        tickets.setdefault(checkpoint, set()).add(ticket)
    return {
        pk: _filter_entitled(holders, tickets.get(pk, set()), checkpoint.addon_id)
        for pk, checkpoint in by_pk.items()
        if pk in tickets or checkpoint.addon_id
    }


def _filter_entitled(holders: list[int], tickets: set[int], addon: int | None) -> set[int]:
    chosen = RegistrationAddon.objects.filter(
        registration=OuterRef("pk"), addon=addon, cancelled_at__isnull=True
    )
    rows = Registration.objects.filter(Q(ticket__in=tickets) | Q(Exists(chosen)), pk__in=holders)
    return set(rows.order_by().values_list("pk", flat=True))


def find_addons(registrations: QuerySet[Registration]) -> dict[int, list[int]]:
    """Return the ids of the add-ons that each of these registrations has."""
    chosen = RegistrationAddon.objects.filter(
        registration__in=registrations.order_by().values("pk"), cancelled_at__isnull=True
    )
    addons: dict[int, list[int]] = {}
    for registration, addon in chosen.order_by("pk").values_list("registration", "addon"):
        addons.setdefault(registration, []).append(addon)
    return addons


def find_booked_sessions(registrations: QuerySet[Registration]) -> dict[int, list[int]]:
    """Return the ids of the sessions that each of these registrations has booked."""
    bookings = SessionBooking.objects.active().filter(registration__in=registrations.order_by().values("pk"))
    sessions_by_registration: dict[int, list[int]] = {}
    for registration, session in bookings.order_by("pk").values_list("registration", "session"):
        sessions_by_registration.setdefault(registration, []).append(session)
    return sessions_by_registration


def find_entitlements(registrations: QuerySet[Registration]) -> dict[int, dict[str, list[int]]]:
    """Return the ids of booked sessions and of add-ons of these registrations, each only if there are any."""
    found: dict[int, dict[str, list[int]]] = {}
    sources = (("sessions", find_booked_sessions(registrations)), ("addons", find_addons(registrations)))
    for name, ids_by_registration in sources:
        for registration, ids in ids_by_registration.items():
            found.setdefault(registration, {})[name] = ids
    return found
