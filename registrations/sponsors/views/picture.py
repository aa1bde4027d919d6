"""A logo as an answer."""

from django.http import Http404, HttpResponse

from ...models import SponsorLogo


def picture(logo: SponsorLogo | None, *, cache: str = "private, no-store") -> HttpResponse:
    """The PNG that we drew, never what was sent in."""
    if logo is None:
        raise Http404
    headers = {"Cache-Control": cache, "X-Content-Type-Options": "nosniff"}
    return HttpResponse(bytes(logo.content), content_type="image/png", headers=headers)
