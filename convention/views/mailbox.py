"""/dev/mail/: all mails of a development site, for this machine and administrators."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from convention.errors import NotFound
from convention.mail.stored_mails import get_stored_mail, list_stored_mails
from convention.tables import downloads

from .development import development_only

if TYPE_CHECKING:
    from django.http import HttpRequest

# A mail may have inline styles and nothing else: no script, no forms, no external pictures.
MAIL_CONTENT_POLICY: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": ["data:"],
    "frame-ancestors": [CSP.SELF],
    # Links open outside the frame; scripts and forms stay off, since mails may quote what strangers wrote.
    "sandbox": ["allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"],
}

SITE_CONTENT_POLICY: dict[str, Any] = settings.SECURE_CSP


@development_only
@require_safe
def mail_list(request: "HttpRequest") -> "HttpResponse":
    """List the latest mails, newest first."""
    return render(request, "dev/mails.html", {"mails": list_stored_mails()})


@development_only
@require_safe
@csp_override({**SITE_CONTENT_POLICY, "frame-src": [CSP.SELF]})
def mail_detail(request: "HttpRequest", file: str, number: int) -> "HttpResponse":
    """Show one mail with headers, text and attachments."""
    return render(request, "dev/mail.html", {"mail": get_stored_mail(file, number)})


@development_only
@require_safe
@xframe_options_sameorigin
@csp_override(MAIL_CONTENT_POLICY)
def mail_html(_request: "HttpRequest", file: str, number: int) -> "HttpResponse":
    """Show the HTML version as a mail program would."""
    return HttpResponse(get_stored_mail(file, number).html)


@development_only
@require_safe
def mail_attachment(_request: "HttpRequest", file: str, number: int, position: int) -> "HttpResponse":
    """Download one attachment."""
    parts = get_stored_mail(file, number).attachments
    if position >= len(parts):
        raise NotFound(_("This e-mail has no such attachment."))
    part = parts[position]
    return downloads.attachment_response(part.content, name=part.name, mimetype=part.content_type)
