"""Keeps secrets out of the log; docs/redaction.md describes the threats and the limits.

``secrets`` holds the secrets of a run and swaps them for placeholders. ``search`` finds pieces of
them, and ``encodings`` undoes what may hide them. ``log`` turns a response into its logged form.
"""
