"""Pages of account security."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from convention.club.permissions import require_signed_in

from .permissions import needs_second_factor
from .second_factors import get_factors
from .session_security import AWAITING_PAGE_KEY
from .sessions import describe_browser, end_other_sessions, end_session, list_sessions

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_required
@never_cache
@require_GET
def security_page(request: "HttpRequest") -> "HttpResponse":
    """Show passkeys, app, recovery codes, password, address and sessions."""
    person = require_signed_in(request.user)
    factors = get_factors(person)
    key = request.session.session_key
    sessions = [
        {"row": row, "browser": describe_browser(row.user_agent), "is_current": row.session_key == key}
        for row in list_sessions(person)
    ]
    context = {
        "section": "security",
        "factors": factors,
        "sessions": sessions,
        "has_other_sessions": any(not session["is_current"] for session in sessions),
        "needs_second_factor": not factors.has_any and needs_second_factor(person),
        # Where `SecondFactorMiddleware` interrupted the visitor.
        "continue_to": request.session.get(AWAITING_PAGE_KEY) if factors.has_any else None,
    }
    return render(request, "accounts/security.html", context)


@login_required
@require_POST
def session_end(request: "HttpRequest", session_id: int) -> "HttpResponse":
    end_session(person=require_signed_in(request.user), session_id=session_id)
    messages.success(request, _("The session has ended."))
    return redirect("security")


@login_required
@require_POST
def other_sessions_end(request: "HttpRequest") -> "HttpResponse":
    end_other_sessions(person=require_signed_in(request.user), except_key=request.session.session_key)
    messages.success(request, _("All other sessions have ended."))
    return redirect("security")
