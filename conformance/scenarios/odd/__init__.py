"""Odd requests: the ways in which a request can be unusual or wrong."""
