"""Texts as others wrote them, in HTML or Markdown: kept as they came, made safe when shown."""

import re
from html.parser import HTMLParser

import nh3
from markdown_it import MarkdownIt

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


def markdown_to_html(text: str) -> str:
    """The same for a text known to be Markdown: a tag or two in it change nothing around them."""
    return _cleaner.clean(_from_markdown(_lowered(text))).strip()


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
    """HTML, not yet cleaned."""
    if is_html(text):
        return _lowered(text)
    return _from_markdown(text)


def _lowered(text: str) -> str:
    """Headings written in HTML, from h4 down."""
    return re.sub(r"(</?h)[123]\b", r"\g<1>4", text, flags=re.I)


def _from_markdown(text: str) -> str:
    tokens = _markdown.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + 3)}"
    return str(_markdown.renderer.render(tokens, _markdown.options, {}))


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
