"""The command line. Each module here is a command: SUMMARY, `arguments` of its parser, and `run` by what they were.

Neither Qt nor torch is imported at the top of any, so that a command costs what it uses.
"""
