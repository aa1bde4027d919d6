"""Jobs: work that takes longer than a page may, requested by a person and run by a worker.

Start with `job_queue.py`. Higher apps register kinds of jobs in `hooks.job_kinds`. Imports events and club.
"""
