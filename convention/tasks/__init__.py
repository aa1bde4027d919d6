"""The task queue's worker, with retries, leases and periodic jobs.

Start with `worker.py`. Tasks are `@task` functions of each app; periodic jobs are registered in
`hooks.periodic_jobs`. Imports no app.
"""
