"""Conferences of the benchmark library CoSPLib: blocks (a session in a room) hold submissions of one track.

Start with conference.py (the problem and a timetable), then judge.py (the library's penalties in plain
code). read_conference.py and timetable_workbook.py read and write workbooks; block_state.py and
solve_conference.py are the search. The words are the library's: sessions are periods, submissions talks.
"""
