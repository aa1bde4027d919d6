"""Run parsers of uploaded files in a child process with limits of time and memory.

Start at `process.parse_in_child`. The child (`child.py`) has neither database nor apps: a parser may only
import modules that need neither, and its arguments and result are pickled.
"""
