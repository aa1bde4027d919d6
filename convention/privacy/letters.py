"""What the privacy desk writes to people: that a request was received, and what came of it."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import formats, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from convention.mail import Letter

from .models import Case


@dataclass(frozen=True)
class Said:
    """One occasion: the subject and two paragraphs; `has_link` where there is a page to see."""

    subject: Promise
    opening: Promise
    closing: Promise
    has_link: bool = False


OCCASIONS = {
    "received": Said(
        _("Your request about your data"),
        _("The club has received your request. You get an answer by %(due)s at the latest."),
        _("You did not ask for it? Then tell the club at once."),
        has_link=True,
    ),
    "erased": Said(
        _("Your data are erased"),
        _(
            "The club has erased your name, your addresses and your answers. Your attendance stays as "
            "numbers without a name."
        ),
        _("This is the last e-mail: the club no longer has your address."),
    ),
    "refused": Said(
        _("Your request about your data"),
        _("The club cannot do what you asked for: %(reason)s"),
        _("You may complain to the data protection authority (in France the CNIL, www.cnil.fr)."),
    ),
    "given": Said(
        _("Your data"),
        _("Your request is answered: what the club holds of you was given to you."),
        _("You miss something, or something is wrong? Answer this e-mail."),
    ),
}


def letter(occasion: str, address: str, language: str, *, case: Case) -> Letter:
    """The letter of one occasion, in its reader's language."""
    said = OCCASIONS[occasion]
    with translation.override(language):
        values = {"due": formats.date_format(case.due_on), "reason": case.reason}
        words: dict[str, Any] = {
            "heading": str(said.subject),
            "opening": str(said.opening) % values,
            "paragraphs": case.retained or [str(_("No issued invoice names you: nothing else stays."))]
            if occasion == "erased"
            else [],
            "closing": str(said.closing),
            "label": str(_("See my data")),
            "url": f"{settings.SITE_URL}{reverse('my-privacy')}" if said.has_link and case.person_id else "",
        }
    key = f"privacy-{case.pk}-{occasion}"
    subject = words["heading"]
    return Letter(to=address, subject=subject, template="account", context=words, language=language, key=key)
