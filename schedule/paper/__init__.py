"""Print the agenda: booklet, a grid for each day, and door signs.

Start with print_agenda.py and printed_programme.py (what is printed). page_flow.py and text_layout.py set
text on pages, grid_layout.py plans the grid; booklet.py, day_grids.py and door_signs.py draw. Titles are
always printed whole: text shrinks to a minimum size, then takes more lines or pages.
"""
