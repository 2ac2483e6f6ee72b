"""An independent server of the whole API, written by hand from the public documents.

It shares no module, document or data with the reference server. It keeps the contract, and makes
the other choice wherever the contract leaves one: other ids, times, orders and limits.
"""
