"""Texts as others wrote them, in HTML or Markdown: kept as they came, and as safe HTML made of that.

Every text takes bounded time: markup that makes far more work than honest markup is shown as plain text.
"""

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Final

import nh3
from django.utils.html import linebreaks
from markdown_it import MarkdownIt
from markdown_it.token import Token

from .markup_cost import markup_cost

MAX_TEXT_CHARS: Final = 100_000
MAX_MARKDOWN_CHARS: Final = 20_000
"""A quarter of a second in the worst case; the longest text of real programmes has half of it."""
MAX_RENDERED_CHARS: Final = 300_000
MAX_MARKUP_COST: Final = 200_000
"""A quarter of a second; the costliest text of real programmes has a hundredth of it."""
TAGS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "code",
        "dd",
        "del",
        "dl",
        "dt",
        "em",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "li",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
    ]
)
ATTRIBUTES = {"a": {"href", "title"}, "abbr": {"title"}, "ol": {"start"}}
BLOCKS = frozenset(
    [
        "blockquote",
        "dd",
        "div",
        "dl",
        "dt",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "ol",
        "p",
        "pre",
        "table",
        "tr",
        "ul",
    ]
)
HTML = re.compile(r"</?(?:p|br|div|ul|ol|li|a|b|i|em|strong|h[1-6]|span|table|pre|blockquote)\b[^<>]*>", re.I)
HIDDEN = frozenset({"script", "style", "title", "head"})

_markdown = (
    MarkdownIt("commonmark", {"html": True, "breaks": True, "linkify": True})
    .enable(["table", "strikethrough", "linkify"])
    .disable(["code", "image", "lheading"])
)
_cleaner = nh3.Cleaner(
    tags=set(TAGS),
    attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
    url_schemes={"http", "https", "mailto"},
    link_rel="nofollow noopener noreferrer",
    clean_content_tags={"script", "style", "title"},
)


def to_html(text: str) -> str:
    """HTML that is safe to show: no scripts, styles, images or odd addresses; headings from h4 down.

    The text may be HTML, Markdown or plain; indented lines are paragraphs, never code.
    """
    if not text.strip():
        return ""
    return _cleaner.clean(rendered(text)).strip()


def as_paragraphs(text: str) -> str:
    """HTML that shows the text as it is typed, markup too, up to the longest that is shown."""
    return linebreaks(text[:MAX_TEXT_CHARS], autoescape=True)


def markdown_to_html(text: str) -> str:
    """The same for a text known to be Markdown: a tag or two in it change nothing around them."""
    return _cleaner.clean(bounded(_from_markdown(_lowered(text)), text)).strip()


def to_text(text: str) -> str:
    """The same text without any markup: paragraphs apart by an empty line, list items with a bullet."""
    if not text.strip():
        return ""
    reader = _Plain()
    reader.feed(rendered(text))
    reader.close()
    return reader.text()


def is_html(text: str) -> bool:
    """Whether the text was written in HTML rather than in Markdown or plain."""
    return HTML.search(text) is not None


def web_address(address: str) -> str:
    """The address if a page may link to it (http or https), else nothing."""
    return address if re.match(r"https?://[^\s/]", address, re.I) else ""


def rendered(text: str) -> str:
    """HTML, not yet cleaned; of a text that would cost too much, its characters as they are."""
    if not is_html(text):
        return bounded(_from_markdown(text), text)
    return bounded(_lowered(text), text) if len(text) <= MAX_TEXT_CHARS else as_paragraphs(text)


def bounded(html: str, text: str) -> str:
    """The HTML that was made of a text, unless it is too costly to read: then the text as it is."""
    is_cheap = len(html) <= MAX_RENDERED_CHARS and markup_cost(html) <= MAX_MARKUP_COST
    return html if is_cheap else as_paragraphs(text)


def _lowered(text: str) -> str:
    """Headings written in HTML, from h4 down."""
    return re.sub(r"(</?h)[123]\b", r"\g<1>4", text, flags=re.I)


def _from_markdown(text: str) -> str:
    if len(text) > MAX_MARKDOWN_CHARS:
        return as_paragraphs(text)
    tokens = _markdown.parse(text)
    if _length_of_links(tokens) > MAX_RENDERED_CHARS:
        return as_paragraphs(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + 3)}"
    return str(_markdown.renderer.render(tokens, _markdown.options, {}))


def _length_of_links(tokens: Sequence[Token]) -> int:
    """How long all addresses are: one that is defined once can be used thousands of times."""
    inline = (child for token in tokens for child in token.children or ())
    return sum(len(str(value)) for token in inline for value in token.attrs.values())


class _Plain(HTMLParser):
    """Collects the words of HTML, with line breaks where blocks end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0
        self.preformatted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Break before a block, mark a list item."""
        self.hidden += tag in HIDDEN
        self.preformatted += tag == "pre"
        if tag in BLOCKS:
            self.parts.append("\n\n")
        elif tag == "li":
            self.parts.append("\n• ")
        elif tag == "br":
            self.parts.append("\n")
        elif tag in {"td", "th"}:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """Break after a block."""
        self.hidden = max(0, self.hidden - (tag in HIDDEN))
        self.preformatted = max(0, self.preformatted - (tag == "pre"))
        if tag in BLOCKS:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        """Keep words; outside `pre`, a line break in HTML is a space."""
        if not self.hidden:
            self.parts.append(data if self.preformatted else re.sub(r"[ \t\r\n]+", " ", data))

    def text(self) -> str:
        """What was read, tidied."""
        lines = [line.strip() for line in "".join(self.parts).split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).replace("•\n", "• ").strip()
