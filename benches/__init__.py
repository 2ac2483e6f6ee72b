"""Benchmarks: what the suite costs its users. They print figures and judge nothing.

Figures of one run can be compared with each other, and with those of no other run or machine.
"""
