"""The sessions in which a person is signed in: see them, end them."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.models import Person
from convention.errors import NotFound

BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "FxiOS": "Firefox", "Chrome": "Chrome",
            "CriOS": "Chrome", "Safari": "Safari"}  # fmt: skip
SYSTEMS = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "macOS",
           "Linux": "Linux"}  # fmt: skip


def sessions_of(person: Person) -> QuerySet[UserSession]:
    """Where this person is signed in now, the latest sign-in first."""
    living = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return UserSession.objects.filter(user=person, session_key__in=living).order_by("-created_at")


def browser_of(user_agent: str) -> str:
    """What a browser says it is, in two words: `Firefox, Windows`."""
    browser = next((name for sign, name in BROWSERS.items() if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS.items() if sign in user_agent), "")
    return ", ".join(filter(None, (browser, system))) or str(_("Unknown browser"))


def end_session(*, person: Person, session_id: int) -> None:
    """End one of one's sessions. Raises NotFound for another person's."""
    ended = UserSession.objects.filter(user=person, pk=session_id)
    if not ended:
        raise NotFound(_("This session has already ended."))
    _end(person, ended)


def end_other_sessions(*, person: Person, this: str | None) -> None:
    """End all sessions of a person but the one with this key; None ends all."""
    _end(person, UserSession.objects.filter(user=person).exclude(session_key=this or ""))


@transaction.atomic
def _end(person: Person, ended: QuerySet[UserSession]) -> None:
    keys = list(ended.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    if keys:
        record("session.end", person)
