"""Strings that also contain their sanitized HTML.

A parser in a child process returns them, so that the server process never sanitizes an uploaded text. Needs
no database.
"""

from typing import Self

from .sanitize import to_html


class RichText(str):
    """A text with the sanitized HTML made of it."""

    __slots__ = ("html",)
    html: str

    def __new__(cls, text: str, html: str) -> Self:
        instance = super().__new__(cls, text)
        instance.html = html
        return instance

    # By default pickle calls __new__ with the text alone, as for any str; this class needs the HTML too.
    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (str(self), self.html)


def attach_html(text: str) -> RichText:
    """Return the text with its HTML, made now."""
    return RichText(text, to_html(text))


def get_clean_html(text: str) -> str:
    """Return the HTML of a RichText, else sanitize the text now."""
    return text.html if isinstance(text, RichText) else to_html(text)
