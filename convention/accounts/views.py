"""The page on which people see to the safety of their account."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from convention.club.doors import signed_in

from .doors import owes_second_factor
from .factors import factors_of
from .proof import AWAITED_BY
from .sessions import browser_of, end_other_sessions, end_session, sessions_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_required
@never_cache
@require_GET
def security(request: "HttpRequest") -> "HttpResponse":
    """Passkeys, app, recovery codes, password, address and sessions, with what to do about each."""
    person = signed_in(request.user)
    factors = factors_of(person)
    key = request.session.session_key
    sessions = [
        {"row": row, "browser": browser_of(row.user_agent), "this": row.session_key == key}
        for row in sessions_of(person)
    ]
    context = {
        "section": "security",
        "factors": factors,
        "sessions": sessions,
        "others": any(not session["this"] for session in sessions),
        "owed": not factors.any and owes_second_factor(person),
        "continue_to": request.session.get(AWAITED_BY) if factors.any else None,
    }
    return render(request, "accounts/security.html", context)


@login_required
@require_POST
def end_one(request: "HttpRequest", session_id: int) -> "HttpResponse":
    """End one session."""
    end_session(person=signed_in(request.user), session_id=session_id)
    messages.success(request, _("The session has ended."))
    return redirect("security")


@login_required
@require_POST
def end_others(request: "HttpRequest") -> "HttpResponse":
    """End all but this one."""
    end_other_sessions(person=signed_in(request.user), this=request.session.session_key)
    messages.success(request, _("All other sessions have ended."))
    return redirect("security")
