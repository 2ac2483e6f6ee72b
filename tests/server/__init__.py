"""Tests of the reference server in process, filed by subject."""
