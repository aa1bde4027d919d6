"""The table in which the columns of an imported file are assigned."""

from django.template.loader import render_to_string
from lxml import html


def test_table_of_columns_is_no_page_layout():
    context = {"table": {"header_row": 1, "rows": []}, "columns": [], "file_name": "people.csv"}

    tree = html.fromstring(render_to_string("import_columns.html", context))

    # `.columns` is the grid of a page with an aside, which would break the rows of a table.
    [classes] = tree.xpath("//table/@class")
    assert "columns" not in classes.split()
