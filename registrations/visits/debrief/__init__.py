"""After the visit: its debrief with embargo and audience, notes of the group, and feedback.

Start with `rules.py` (who may read it and when) and `debriefs.py` (writing and publishing).
"""
