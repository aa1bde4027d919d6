"""Grids of a day: rooms across, a linear time axis down, the same on all sheets of the day.

Start with plan.py (how many rooms and hours a sheet shows) and draw_grids.py. columns.py places the sessions
of one room, cells.py fits texts into cells, title_list.py prints in full what no cell had room for.
"""
