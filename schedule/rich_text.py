"""Texts together with the clean HTML made of them, as a parser hands them over. Pure."""

from typing import Self

from .prose import to_html


class RichText(str):
    """A text that carries the clean HTML made of it, such as by a process that parsed a file."""

    __slots__ = ("html",)
    html: str

    def __new__(cls, text: str, html: str) -> Self:
        made = super().__new__(cls, text)
        made.html = html
        return made

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (str(self), self.html)


def with_html(text: str) -> RichText:
    """Return the text with its HTML, made now."""
    return RichText(text, to_html(text))


def html_of(text: str) -> str:
    """Return the clean HTML of a text: the one that it carries, else made now."""
    return text.html if isinstance(text, RichText) else to_html(text)
