"""Items of the lists “Needs attention”, which `attention.html` renders."""

from dataclasses import dataclass

from .models import Event


@dataclass(frozen=True)
class AttentionItem:
    """A sentence, its gravity (0 can wait, 1 soon, 2 now), and the page where to act.

    The page is one of `event`, if it is set.
    """

    sentence: str
    gravity: int = 1
    page_name: str = ""
    query_string: str = ""
    event: Event | None = None
