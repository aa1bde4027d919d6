"""Calls for proposals: what speakers propose, reviews of it, and the organizers' decisions.

Start with submit.py (a proposal), reviews.py (scores) and decisions.py (acceptance makes a session). The
rules are pure functions: neutrality.py and interests.py. May import `schedule.speakers`,
`schedule.editing` and `schedule.models`.
"""
