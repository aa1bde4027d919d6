"""Send a mailing: launch it, freeze its recipients, and send in batches from the worker.

Start with launch.py and run.py. Imports `composing`, which does not import this package.
"""
