"""The command ``kaicalls-conformance``.

Each command imports what it needs when it runs. Importing everything takes seconds: ``--help``
should not wait for that, and meanwhile the embedded server can start.
"""
