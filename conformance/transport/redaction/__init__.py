"""Keeps secrets out of the log. docs/redaction.md describes the threats and the limits.

``secrets`` stores the secrets of a run and replaces them with placeholders. ``search`` finds pieces
of them, and ``encodings`` decodes what may hide them. ``log`` turns responses into their logged
form.
"""
