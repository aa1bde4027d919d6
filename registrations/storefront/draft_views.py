"""Buttons that leave a screen of the registration unfinished, after its entries were saved."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from convention.web.page_languages import set_language_cookie, translate_address

EARLIER_SCREENS = ("register", "register-choices")


def respond_to_unfinished(request: HttpRequest, slug: str) -> HttpResponse | None:
    """Return the response to a saved draft whose screen was left, or that `draft.js` sent; else None."""
    # Sent while people type: no page is needed.
    if "X-Draft" in request.headers:
        return HttpResponse(status=204)
    return redirect_unfinished(request, slug)


def redirect_unfinished(request: HttpRequest, slug: str) -> HttpResponse | None:
    """Return the redirect of the pressed button: to another language, an earlier screen, or the same one.

    None if it was no such button. “Correct the address” shows the same screen again.

    The buttons belong to the form of the screen, so that nothing typed is lost without a script either.
    """
    language = request.POST.get("switch_language", "")
    if language in dict(settings.LANGUAGES):
        response = redirect(translate_address(request.path, language))
        set_language_cookie(response, language)
        return response
    if "correct_address" in request.POST:
        return redirect(request.path)
    screen = request.POST.get("back", "")
    return redirect(screen, slug) if screen in EARLIER_SCREENS else None
