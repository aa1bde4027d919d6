"""How much work HTML makes for a parser that follows the standard, found in time that grows with its length.

Such a parser looks through all open elements at each tag, and opens those for bold and the like again in each
paragraph: its work grows with the number of tags times the depth. A text of 480 kB took it two minutes.
"""

import re
from typing import Final

SPACE: Final = r" \t\n\f\r"
ATTRIBUTES: Final = rf"""
(?:[{SPACE}/]++
  |[^{SPACE}/>][^{SPACE}/>=]*+
   (?:[{SPACE}]*+=[{SPACE}]*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^{SPACE}"'>][^{SPACE}>]*+|(?=>)|\Z))?+
)*+"""
TOKEN: Final = re.compile(
    rf"""<!--(?:-?>|.*?(?:--!?>|\Z)) | <(?:[!?]|/(?![A-Za-z]))[^>]*+
    | <(?P<end>/?)(?P<name>[A-Za-z][^{SPACE}/>]*+){ATTRIBUTES}""",
    re.DOTALL | re.VERBOSE,
)
VOID: Final = frozenset(
    "area base basefont bgsound br col embed frame hr image img input keygen link meta param source track"
    " wbr".split()
)
IN_TABLES: Final = frozenset("tr td th tbody thead tfoot colgroup caption html head body".split())
"""Elements that stand in others alone, a few for each: they never lie deeper than those make them."""
ENDS_BEFORE: Final = {"p": {"p"}, "li": {"li", "p"}, "dt": {"dt", "dd", "p"}, "dd": {"dt", "dd", "p"}}
"""Elements that end where one of these names begins, if they are the innermost ones."""
BLOCKS: Final = frozenset(
    "address article aside blockquote center dd details dir div dl dt fieldset figcaption figure footer"
    " header li main nav ol pre section summary ul".split()
)
"""Elements whose end ends paragraphs and items in them too."""
UNENDED: Final = frozenset("p li dt dd".split())
HIDING: Final = frozenset(
    "script style title textarea xmp iframe noembed noframes noscript plaintext svg math template"
    " select".split()
)
"""Elements in which tags may be text, or text tags."""
ANY_START: Final = re.compile(rf"<([A-Za-z][^{SPACE}/>]*+)")


def markup_cost(html: str) -> int:
    """Return the number of tags times the greatest depth, as `measure_markup` finds them."""
    tags, depth = measure_markup(html)
    return tags * (depth + 1)


def measure_markup(html: str) -> tuple[int, int]:
    """Return how many tags there are and how deep elements lie that have to be ended: never too few."""
    stack: list[str] = []
    tags = deepest = 0
    for token in TOKEN.finditer(html):
        name = (token["name"] or "").lower()
        if name in HIDING or token[0].startswith("<![CDATA["):
            return _measure_any_start(html)
        tags += bool(name)
        if not name or name in VOID or name in IN_TABLES:
            continue
        if token["end"]:
            _end_element(name, stack)
            continue
        while stack and stack[-1] in ENDS_BEFORE.get(name, ()):
            stack.pop()
        stack.append(name)
        deepest = max(deepest, len(stack))
    return tags, deepest


def _end_element(name: str, stack: list[str]) -> None:
    """Take an element off the stack where its end tag surely ends it; any other tag may end nothing."""
    top = len(stack) - 1
    while name in BLOCKS and top >= 0 and stack[top] in UNENDED and stack[top] != name:
        top -= 1
    if top >= 0 and stack[top] == name and name != "form":
        del stack[top:]


def _measure_any_start(html: str) -> tuple[int, int]:
    """Return the same if each start of a tag were one, in comments and texts too, and nothing ended."""
    names = [name.lower() for name in ANY_START.findall(html)]
    depth = sum(name not in VOID and name not in IN_TABLES for name in names)
    return len(names) + html.count("</"), depth
