"""List and end the sessions in which a person is signed in."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import NotFound

# By what their user agents contain. The order matters: Edge and Opera call themselves Chrome too.
BROWSER_NAMES = {
    "Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "FxiOS": "Firefox", "Chrome": "Chrome",
    "CriOS": "Chrome", "Safari": "Safari",
}  # fmt: skip
SYSTEM_NAMES = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "macOS",
    "Linux": "Linux",
}  # fmt: skip


def list_sessions(person: Person) -> QuerySet[UserSession]:
    """Return the sessions that have not expired, the latest sign-in first."""
    # allauth's rows stay when a session expires.
    live_keys = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return UserSession.objects.filter(user=person, session_key__in=live_keys).order_by("-created_at")


def describe_browser(user_agent: str) -> str:
    """Return browser and system in two words: `Firefox, Windows`."""
    browser = next((name for keyword, name in BROWSER_NAMES.items() if keyword in user_agent), "")
    system = next((name for keyword, name in SYSTEM_NAMES.items() if keyword in user_agent), "")
    return ", ".join(filter(None, (browser, system))) or str(_("Unknown browser"))


def end_session(*, person: Person, session_id: int) -> None:
    """End one of the person's own sessions. Raise NotFound for any other."""
    sessions = UserSession.objects.filter(user=person, pk=session_id)
    if not sessions:
        raise NotFound(_("This session has already ended."))
    _delete_sessions(person, sessions)


def end_other_sessions(*, person: Person, except_key: str | None) -> None:
    """End all sessions of a person except the one with this key; None ends all."""
    _delete_sessions(person, UserSession.objects.filter(user=person).exclude(session_key=except_key or ""))


@transaction.atomic
def _delete_sessions(person: Person, sessions: QuerySet[UserSession]) -> None:
    # Read before both deletions: the second condition would no longer find its rows.
    keys = list(sessions.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    if keys:
        record_action("session.end", person)
