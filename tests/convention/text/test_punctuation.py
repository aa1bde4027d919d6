"""Items and names are put together with the punctuation of the language."""

import pytest
from django.template import Context, Template
from django.utils import translation

from convention.text.punctuation import join_items


@pytest.mark.parametrize(("language", "expected"), [("fr", "a\u202f; b, c"), ("en", "a; b, c")])
def test_items_are_joined_by_semicolons(language, expected):
    with translation.override(language):
        assert join_items(["a", "b, c"]) == expected


def test_templates_separate_items_in_the_same_way():
    with translation.override("fr"):
        assert Template("a{% semicolon %}b").render(Context()) == join_items(["a", "b"])
