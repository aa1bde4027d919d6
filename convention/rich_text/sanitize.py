"""Convert HTML or Markdown written by others to safe HTML or plain text, in bounded time.

Markup that costs far more to parse than that of real programmes is shown as plain text.
"""

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Final

import nh3
from django.utils.html import linebreaks
from markdown_it import MarkdownIt
from markdown_it.token import Token

from .html_cost import compute_markup_cost

# The limit of the organizers' forms; imports cut longer texts.
MAX_TEXT_CHARS: Final = 100_000
# Takes a quarter of a second in the worst case; the longest text of real programmes is half as long.
MAX_MARKDOWN_CHARS: Final = 20_000
MAX_RENDERED_CHARS: Final = 300_000
# Takes a quarter of a second; the costliest text of real programmes costs a hundredth of it.
MAX_MARKUP_COST: Final = 200_000
# No images, which would disclose readers to other sites, and no h1 and h2, which the page itself has.
ALLOWED_TAGS = frozenset(
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
ALLOWED_ATTRIBUTES = {"a": {"href", "title"}, "abbr": {"title"}, "ol": {"start"}}
BLOCK_TAGS = frozenset(
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
# Common tags only: “a < b” and “<name>” in a plain text are no HTML.
HTML_TAG_PATTERN = re.compile(
    r"</?(?:p|br|div|ul|ol|li|a|b|i|em|strong|h[1-6]|span|table|pre|blockquote)\b[^<>]*>", re.I
)
HIDDEN_TAGS = frozenset({"script", "style", "title", "head"})

# HTML is allowed inside Markdown, since nh3 cleans the whole result.
_markdown_parser = (
    MarkdownIt("commonmark", {"html": True, "breaks": True, "linkify": True})
    .enable(["table", "strikethrough", "linkify"])
    # Indented text is no code in programmes, and a line of dashes makes no heading of the line above.
    .disable(["code", "image", "lheading"])
)
_html_cleaner = nh3.Cleaner(
    tags=set(ALLOWED_TAGS),
    attributes={tag: set(names) for tag, names in ALLOWED_ATTRIBUTES.items()},
    url_schemes={"http", "https", "mailto"},
    link_rel="nofollow noopener noreferrer",
    # The content of these is removed with them; of other forbidden tags the text stays.
    clean_content_tags={"script", "style", "title"},
)


def to_html(text: str) -> str:
    """Return safe HTML: no scripts, styles, images or unusual addresses; headings start at h4.

    The text may be HTML, Markdown or plain. Indented lines are paragraphs, never code.
    """
    if not text.strip():
        return ""
    return _html_cleaner.clean(render_uncleaned(text)).strip()


def escape_paragraphs(text: str) -> str:
    """Return HTML that shows the text as typed, including its markup, up to a maximum length."""
    return linebreaks(text[:MAX_TEXT_CHARS], autoescape=True)


def markdown_to_html(text: str) -> str:
    """Return safe HTML of a text known to be Markdown, even if it contains a tag or two."""
    return _html_cleaner.clean(limit_markup_cost(_render_markdown(_lower_headings(text)), text)).strip()


def to_text(text: str) -> str:
    """Return plain text: paragraphs separated by empty lines, list items with bullets."""
    if not text.strip():
        return ""
    return html_to_text(render_uncleaned(text))


def html_to_text(html: str) -> str:
    """Return the plain text of HTML, as `to_text` does for text that is still to be rendered."""
    reader = _TextExtractor()
    reader.feed(html)
    reader.close()
    return reader.collected_text()


def is_html(text: str) -> bool:
    """Return whether the text is HTML rather than Markdown or plain."""
    return HTML_TAG_PATTERN.search(text) is not None


def filter_web_address(address: str) -> str:
    """Return the address if it is http(s), else ""."""
    return address if re.match(r"https?://[^\s/]", address, re.I) else ""


def render_uncleaned(text: str) -> str:
    """Return unsanitized HTML; the escaped text if rendering would cost too much."""
    if not is_html(text):
        return limit_markup_cost(_render_markdown(text), text)
    return (
        limit_markup_cost(_lower_headings(text), text)
        if len(text) <= MAX_TEXT_CHARS
        else escape_paragraphs(text)
    )


def limit_markup_cost(html: str, text: str) -> str:
    """Return the HTML made of a text, or the escaped text if the HTML is too costly to parse."""
    is_cheap = len(html) <= MAX_RENDERED_CHARS and compute_markup_cost(html) <= MAX_MARKUP_COST
    return html if is_cheap else escape_paragraphs(text)


def _lower_headings(text: str) -> str:
    """Lower headings written in HTML to h4 and below."""
    return re.sub(r"(</?h)[123]\b", r"\g<1>4", text, flags=re.I)


def shift_headings(html: str, level: int) -> str:
    """Return sanitized HTML with its headings moved so that the highest one has this level."""
    levels = [int(digit) for digit in re.findall(r"<h([1-6])>", html)]
    if not levels:
        return html
    shift = level - min(levels)
    return re.sub(r"(</?h)([1-6])>", lambda match: f"{match[1]}{min(6, int(match[2]) + shift)}>", html)


def _render_markdown(text: str) -> str:
    if len(text) > MAX_MARKDOWN_CHARS:
        return escape_paragraphs(text)
    tokens = _markdown_parser.parse(text)
    # Checked before rendering, which would build a text of that length.
    if _count_link_chars(tokens) > MAX_RENDERED_CHARS:
        return escape_paragraphs(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + 3)}"
    return str(_markdown_parser.renderer.render(tokens, _markdown_parser.options, {}))


def _count_link_chars(tokens: Sequence[Token]) -> int:
    """Return the length of all addresses: one defined once can be used thousands of times."""
    inline = (child for token in tokens for child in token.children or ())
    return sum(len(str(value)) for token in inline for value in token.attrs.values())


class _TextExtractor(HTMLParser):
    """Collects the text of HTML, with line breaks at the ends of blocks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text_parts: list[str] = []
        self.hidden_depth = 0
        self.preformatted_depth = 0
        self.is_after_bullet = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Break before a block; add a bullet before a list item."""
        self.hidden_depth += tag in HIDDEN_TAGS
        self.preformatted_depth += tag == "pre"
        if tag in BLOCK_TAGS:
            self.break_block()
        elif tag == "li":
            self.text_parts.append("\n• ")
            self.is_after_bullet = True
        elif tag == "br":
            self.text_parts.append("\n")
        elif tag in {"td", "th"}:
            self.text_parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """Break after a block."""
        self.hidden_depth = max(0, self.hidden_depth - (tag in HIDDEN_TAGS))
        self.preformatted_depth = max(0, self.preformatted_depth - (tag == "pre"))
        if tag == "li":
            self.is_after_bullet = False
        elif tag in BLOCK_TAGS:
            self.break_block()

    def break_block(self) -> None:
        """Add a blank line, but not between a bullet and its text, as in the items of a loose list."""
        if not self.is_after_bullet:
            self.text_parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        """Collect text; outside `pre`, a line break is a space, and none follows a bullet."""
        if self.hidden_depth or (self.is_after_bullet and not data.strip()):
            return
        self.is_after_bullet = False
        self.text_parts.append(data if self.preformatted_depth else re.sub(r"[ \t\r\n]+", " ", data))

    def collected_text(self) -> str:
        lines = [line.strip() for line in "".join(self.text_parts).split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).replace("•\n", "• ").strip()
