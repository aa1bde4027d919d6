"""Fill in placeholders: words in braces that each recipient's mail replaces.

They are replaced after the Markdown was rendered and sanitized, so that what people typed as their name is
never markup.
"""

import html
import re
import unicodedata
from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.errors import ConventionError
from convention.rich_text.sanitize import markdown_to_html, to_text

TEXT_PLACEHOLDERS = {
    "first_name": gettext_lazy("first name"),
    "name": gettext_lazy("first and last name"),
    "company": gettext_lazy("company"),
    "ticket": gettext_lazy("name of the ticket"),
    "event": gettext_lazy("name of the event"),
    "when": gettext_lazy("dates and times of the event"),
    "where": gettext_lazy("name and address of the venue"),
}
LINK_PLACEHOLDERS = {
    "manage_url": gettext_lazy("link to the page for viewing, correcting or cancelling the registration"),
    "badge": gettext_lazy("link to the badge, to print or show"),
    "agenda": gettext_lazy("link to the programme"),
}
PLACEHOLDERS = {**TEXT_PLACEHOLDERS, **LINK_PLACEHOLDERS}

BRACE_PATTERN = re.compile(r"[{}]")
# Any short text in braces, not only known words, so that a misspelled placeholder is reported.
PLACEHOLDER_PATTERN = re.compile(r"\{([^{}\n]{0,60})\}")
SPACED_PLACEHOLDER_PATTERN = re.compile(rf"(?P<space> ?){PLACEHOLDER_PATTERN.pattern}")
PLACEHOLDER_NUMBERS = {name: number for number, name in enumerate(PLACEHOLDERS)}
# Markers replace placeholders while Markdown is rendered, which would percent-encode braces in links. In text
# they are private-use letters; in links an address under .invalid (RFC 2606), which the sanitizer lets pass.
MARKER_PATTERN = re.compile(
    r"https://placeholder\.invalid/(?P<link>\d+)|(?P<space> ?)\ue000(?P<text>\d+)\ue001"
)
PRIVATE_USE_PATTERN = re.compile("[\ue000\ue001]")
# U+E000 in UTF-8, percent-encoded: the trace of a text placeholder in place of a link's address.
ESCAPED_MARKER = "%EE%80%80"
# A regular expression suffices: the HTML comes from the sanitizer, which writes links in this form.
ANCHOR_PATTERN = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.S)


class InvalidMailText(ConventionError):
    kind = "bad-text"


def check_text(text: str) -> None:
    """Raise InvalidMailText for an unknown placeholder, or one for text where a link belongs."""
    _check_placeholders(text)
    if ESCAPED_MARKER in markdown_to_html(_insert_markers(text)):
        raise InvalidMailText(
            _("A link needs an address: use %(known)s, or enter one.")
            % {"known": ", ".join(f"{{{name}}}" for name in LINK_PLACEHOLDERS)}
        )


def check_subject(subject: str) -> None:
    """Raise InvalidMailText for an unknown placeholder, or one for a link."""
    _check_placeholders(subject)
    for name in PLACEHOLDER_PATTERN.findall(subject):
        if name in LINK_PLACEHOLDERS:
            raise InvalidMailText(
                _("“{%(name)s}” is an address: use it in the text, not in the subject.") % {"name": name}
            )


def _check_placeholders(text: str) -> None:
    for name in PLACEHOLDER_PATTERN.findall(text):
        if name not in PLACEHOLDERS:
            known = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
            raise InvalidMailText(
                _("Unknown placeholder “{%(name)s}”. Available: %(known)s.") % {"name": name, "known": known}
            )
    # Placeholders become dots of the same length, so that positions match the text.
    if stray_brace := BRACE_PATTERN.search(PLACEHOLDER_PATTERN.sub(lambda match: "." * len(match[0]), text)):
        context = " ".join(text[max(stray_brace.start() - 15, 0) : stray_brace.end() + 15].split())
        raise InvalidMailText(
            _("Unmatched brace in “%(around)s”. A placeholder needs both, as in {first_name}.")
            % {"around": context}
        )


def fill_subject(subject: str, values: Mapping[str, str]) -> str:
    return SPACED_PLACEHOLDER_PATTERN.sub(
        lambda match: _put_after_space(match, values[match[2]]) if match[2] in values else match[0], subject
    )


def render_safe_html(text: str) -> str:
    """Render Markdown as sanitized HTML with markers for placeholders; the same for all recipients."""
    return markdown_to_html(_insert_markers(text))


def fill_html(template_html: str, values: Mapping[str, str]) -> str:
    """Replace the markers in the result of `render_safe_html`."""
    return MARKER_PATTERN.sub(
        lambda match: _put_after_space(match, _isolate_rtl(html.escape(values[_placeholder_name(match)]))),
        template_html,
    )


def _isolate_rtl(value: str) -> str:
    """Isolate right-to-left words, so that they do not reorder the text around them."""
    is_rtl = any(unicodedata.bidirectional(character) in {"R", "AL"} for character in value)
    return f"<bdi>{value}</bdi>" if is_rtl else value


def convert_to_text(template_html: str) -> str:
    """Convert the result of `render_safe_html` to plain text with each link's address; markers stay."""
    return to_text(ANCHOR_PATTERN.sub(_spell_out_link, template_html))


def fill_text(template_text: str, values: Mapping[str, str]) -> str:
    """Replace the markers in the result of `convert_to_text`."""
    return MARKER_PATTERN.sub(
        lambda match: _put_after_space(match, values[_placeholder_name(match)]), template_text
    )


def _put_after_space(match: re.Match[str], value: str) -> str:
    # Without a value the space before the placeholder goes too: “Hello,” and not “Hello ,”.
    return f"{match['space'] or ''}{value}" if value else ""


def _spell_out_link(link: re.Match[str]) -> str:
    address, words = link[1], link[2]
    return words if address in {words, f"mailto:{words}"} else f"{words} ({address})"


def _insert_markers(text: str) -> str:
    # Private-use letters in the organizer's text would be taken for markers.
    return PLACEHOLDER_PATTERN.sub(_make_marker, PRIVATE_USE_PATTERN.sub("", text))


def _make_marker(match: re.Match[str]) -> str:
    number = PLACEHOLDER_NUMBERS[match[1]]
    return (
        f"https://placeholder.invalid/{number}" if match[1] in LINK_PLACEHOLDERS else f"\ue000{number}\ue001"
    )


def _placeholder_name(match: re.Match[str]) -> str:
    return list(PLACEHOLDERS)[int(match["link"] or match["text"])]
