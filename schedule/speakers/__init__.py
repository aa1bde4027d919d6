"""The speakers' side of planning: their own page, their availability, and mail to them.

Start with own_page.py (what a speaker does at their link) and mailings.py (what organizers send).
availability.py is the grid that both use. May import `schedule.editing`, `schedule.personal`,
`schedule.programme` and `schedule.models`.
"""
