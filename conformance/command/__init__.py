"""The command ``kaicalls-conformance``.

What a command needs is imported inside it. Importing everything takes seconds, in which the
embedded server can start, and ``--help`` need not wait for it.
"""
