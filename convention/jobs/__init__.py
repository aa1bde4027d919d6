"""Jobs: work that takes too long for a request, started by a person and run by a worker.

Start with `job_queue.py`. Higher apps register kinds of jobs in `hooks.job_kinds`. Imports events and club.
"""
