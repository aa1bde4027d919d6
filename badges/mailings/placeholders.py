"""Placeholders: words in braces that each recipient's mail replaces with something of their own.

They are filled in after the Markdown was read and made safe: what people typed as their name is never markup.
"""

import html
import re
import unicodedata
from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.errors import ConventionError
from schedule.prose import markdown_to_html, to_text

WORDS = {
    "first_name": gettext_lazy("first name"),
    "name": gettext_lazy("first and last name"),
    "company": gettext_lazy("company"),
    "ticket": gettext_lazy("name of the ticket"),
    "event": gettext_lazy("name of the event"),
    "when": gettext_lazy("days and hours of the event"),
    "where": gettext_lazy("name and address of the venue"),
}
LINKS = {
    "manage_url": gettext_lazy("address of the page that shows, corrects and cancels the registration"),
    "badge": gettext_lazy("address of the badge to print or show"),
    "agenda": gettext_lazy("address of the programme"),
}
PLACEHOLDERS = {**WORDS, **LINKS}

BRACE = re.compile(r"[{}]")
IN_BRACES = re.compile(r"\{([^{}\n]{0,60})\}")
NUMBERS = {name: number for number, name in enumerate(PLACEHOLDERS)}
MARK = re.compile(r"https://placeholder\.invalid/(\d+)|\ue000(\d+)\ue001")
"""What stands for a placeholder while the Markdown is read: an address for a link, private letters else."""
PRIVATE = re.compile("[\ue000\ue001]")
ESCAPED_MARK = "%EE%80%80"
ANCHOR = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.S)


class BadText(ConventionError):
    """A subject or text that cannot be sent as it is."""

    kind = "bad-text"


def check_text(text: str) -> None:
    """Raises BadText for an unknown placeholder, and for a word where an address belongs."""
    _refuse_unknown(text)
    if ESCAPED_MARK in markdown_to_html(_marked(text)):
        raise BadText(
            _("A link leads to an address: %(known)s can stand there, or one that you write.")
            % {"known": ", ".join(f"{{{name}}}" for name in LINKS)}
        )


def check_subject(subject: str) -> None:
    """Raises BadText for an unknown placeholder, and for an address."""
    _refuse_unknown(subject)
    for name in IN_BRACES.findall(subject):
        if name in LINKS:
            raise BadText(_("“{%(name)s}” is an address: it stands in the text.") % {"name": name})


def _refuse_unknown(text: str) -> None:
    for name in IN_BRACES.findall(text):
        if name not in PLACEHOLDERS:
            known = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
            raise BadText(
                _("“{%(name)s}” is not known. Known are %(known)s.") % {"name": name, "known": known}
            )
    if lone := BRACE.search(IN_BRACES.sub(lambda known: "." * len(known[0]), text)):
        around = " ".join(text[max(lone.start() - 15, 0) : lone.end() + 15].split())
        raise BadText(
            _("A brace stands alone in “%(around)s”: write a placeholder with both, such as {first_name}.")
            % {"around": around}
        )


def filled_line(subject: str, values: Mapping[str, str]) -> str:
    """A subject with its placeholders filled."""
    return IN_BRACES.sub(lambda found: values.get(found[1], found[0]), subject)


def safe_html(text: str) -> str:
    """The Markdown as safe HTML in which marks stand for placeholders; the same for all recipients."""
    return markdown_to_html(_marked(text))


def filled_html(made: str, values: Mapping[str, str]) -> str:
    """What `safe_html` made, for one recipient."""
    return MARK.sub(lambda found: _isolated(html.escape(values[_name(found)])), made)


def _isolated(value: str) -> str:
    """Words from right to left turn nothing around them."""
    turns = any(unicodedata.bidirectional(character) in {"R", "AL"} for character in value)
    return f"<bdi>{value}</bdi>" if turns else value


def plain_text(made: str) -> str:
    """What `safe_html` made, as text in which links stand behind their words; marks stay."""
    return to_text(ANCHOR.sub(_spelled, made))


def filled_text(plain: str, values: Mapping[str, str]) -> str:
    """What `plain_text` made, for one recipient."""
    return MARK.sub(lambda found: values[_name(found)], plain)


def _spelled(link: re.Match[str]) -> str:
    address, words = link[1], link[2]
    return words if address in {words, f"mailto:{words}"} else f"{words} ({address})"


def _marked(text: str) -> str:
    return IN_BRACES.sub(_mark, PRIVATE.sub("", text))


def _mark(found: re.Match[str]) -> str:
    number = NUMBERS[found[1]]
    return f"https://placeholder.invalid/{number}" if found[1] in LINKS else f"\ue000{number}\ue001"


def _name(found: re.Match[str]) -> str:
    return list(PLACEHOLDERS)[int(found[1] or found[2])]
