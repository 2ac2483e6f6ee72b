"""An independent server of the whole API, for the suite to judge: written by hand from the public documents.

It shares nothing with the reference server: no module, no document, no data. It keeps the contract, and where
the contract leaves a choice it makes the other one: other ids, other times, other orders, other limits.
"""
