"""A run every night: what changed since the last one, who is told, and what is remembered.

``transitions``, ``dates`` and ``silence`` decide, without effects, what there is to say.
``state_file``, ``lock`` and ``channels`` read, write, lock and send.
"""
