"""Fuzz the API as `test_fuzz.py` does, with many more examples."""

import pytest

from tests.convention.api.test_fuzz import TOKEN_HOLDERS, api_schema, send_case, settings

pytestmark = [pytest.mark.django_db, pytest.mark.soak, pytest.mark.usefixtures("one_connection")]


@pytest.mark.parametrize("who", TOKEN_HOLDERS)
@api_schema.parametrize()
@settings(500)
def test_every_answer_is_described_in_a_long_run(case, who, tokens):
    send_case(case, tokens[who])
