"""The one way to write: a verb a file.

Each verb runs inside `database.writing()`, which the caller opened; the caller has judged whether
the actor may. A verb locks, compares the version, checks sense, changes, and leaves its traces:
ownership, timeline, audit and outbox, all in the one transaction.
"""
