"""Run the parsers of uploaded files in a process of their own, within limits of time and memory.

Start at `process.parse`. The child (`child`) has neither database nor apps: a parser that runs there imports
pure modules alone, and takes and returns what can be pickled.
"""
