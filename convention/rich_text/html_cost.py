"""Estimate in linear time how much work an HTML text is for a standard parser.

Such a parser searches all open elements at each tag, and reopens formatting elements in each paragraph: its
work grows with the number of tags times the depth. A text of 480 kB took it two minutes.
"""

import re
from typing import Final

# All repeats are possessive: crafted tags must not make the patterns backtrack.
SPACE_CHARS: Final = r" \t\n\f\r"
ATTRIBUTES_PATTERN: Final = rf"""
(?:[{SPACE_CHARS}/]++
  |[^{SPACE_CHARS}/>][^{SPACE_CHARS}/>=]*+
   (?:[{SPACE_CHARS}]*+=[{SPACE_CHARS}]*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^{SPACE_CHARS}"'>][^{SPACE_CHARS}>]*+|(?=>)|\Z))?+
)*+"""
# As the HTML Standard (13.2.5) reads tags: `<!-->` is a whole comment and `--!>` ends one; `<?`, and `</`
# without a letter after it, begin one too; a quoted value may contain `>`.
TOKEN_PATTERN: Final = re.compile(
    rf"""<!--(?:-?>|.*?(?:--!?>|\Z)) | <(?:[!?]|/(?![A-Za-z]))[^>]*+
    | <(?P<end>/?)(?P<name>[A-Za-z][^{SPACE_CHARS}/>]*+){ATTRIBUTES_PATTERN}""",
    re.DOTALL | re.VERBOSE,
)
VOID_ELEMENTS: Final = frozenset(
    "area base basefont bgsound br col embed frame hr image img input keygen link meta param source track"
    " wbr".split()
)
# Parts of tables occur only inside other elements, so they do not add to the depth.
TABLE_PART_ELEMENTS: Final = frozenset("tr td th tbody thead tfoot colgroup caption html head body".split())
# The innermost open element is closed when one of these elements begins.
IMPLIED_ENDS: Final = {"p": {"p"}, "li": {"li", "p"}, "dt": {"dt", "dd", "p"}, "dd": {"dt", "dd", "p"}}
# The end of these elements also closes paragraphs and list items inside them.
BLOCK_ELEMENTS: Final = frozenset(
    "address article aside blockquote center dd details dir div dl dt fieldset figcaption figure footer"
    " header li main nav ol pre section summary ul".split()
)
OPTIONAL_END_ELEMENTS: Final = frozenset("p li dt dd".split())
# Inside these elements tags may be plain text, or text may be tags.
OPAQUE_ELEMENTS: Final = frozenset(
    "script style title textarea xmp iframe noembed noframes noscript plaintext svg math template"
    " select".split()
)
START_TAG_PATTERN: Final = re.compile(rf"<([A-Za-z][^{SPACE_CHARS}/>]*+)")


def compute_markup_cost(html: str) -> int:
    """Return the number of tags times the greatest depth, as `measure_markup` finds them."""
    tags, depth = measure_markup(html)
    # Plus one, since many tags without any depth take time too.
    return tags * (depth + 1)


def measure_markup(html: str) -> tuple[int, int]:
    """Return the number of tags and the depth of elements that need an end tag; never too low."""
    stack: list[str] = []
    tags = deepest = 0
    for token in TOKEN_PATTERN.finditer(html):
        name = (token["name"] or "").lower()
        # The parser may read the rest in several ways, so everything that looks like a tag counts.
        if name in OPAQUE_ELEMENTS or token[0].startswith("<![CDATA["):
            return _measure_any_start(html)
        tags += bool(name)
        if not name or name in VOID_ELEMENTS or name in TABLE_PART_ELEMENTS:
            continue
        if token["end"]:
            _end_element(name, stack)
            continue
        while stack and stack[-1] in IMPLIED_ENDS.get(name, ()):
            stack.pop()
        stack.append(name)
        deepest = max(deepest, len(stack))
    return tags, deepest


def _end_element(name: str, stack: list[str]) -> None:
    """Pop an element from the stack if its end tag certainly ends it; other end tags are ignored."""
    top = len(stack) - 1
    while name in BLOCK_ELEMENTS and top >= 0 and stack[top] in OPTIONAL_END_ELEMENTS and stack[top] != name:
        top -= 1
    if top >= 0 and stack[top] == name and name != "form":
        del stack[top:]


def _measure_any_start(html: str) -> tuple[int, int]:
    """Measure as if every start of a tag were one, in comments and texts too, and nothing ended."""
    names = [name.lower() for name in START_TAG_PATTERN.findall(html)]
    depth = sum(name not in VOID_ELEMENTS and name not in TABLE_PART_ELEMENTS for name in names)
    return len(names) + html.count("</"), depth
