"""Short names for addresses and lists, made of what something is called where nobody chose one."""

from collections.abc import Container
from itertools import chain, count

from django.utils.text import slugify

LONGEST = 40


def short_name(words: str, *, taken: Container[str], or_else: str) -> str:
    """Those words in small letters, digits and hyphens, `or_else` where none are left; none of `taken`."""
    stem = slugify(words.replace("’", "-"))[:LONGEST].strip("-") or or_else
    names = chain([stem], (f"{stem}-{number}" for number in count(2)))
    return next(name for name in names if name not in taken)
