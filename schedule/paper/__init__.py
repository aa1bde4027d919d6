"""Print the agenda: booklet, a grid for each day, and door signs.

Start with print_agenda.py and printed_programme.py (what is printed). page_flow.py and text_layout.py set
text on pages; booklet.py, door_signs.py, personal_page.py and others draw, grids/ plans and draws grids.
Titles are always printed whole: text shrinks to a minimum size, then takes more lines or pages.
"""
