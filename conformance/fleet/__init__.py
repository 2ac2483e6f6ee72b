"""Many targets: the plan of a night, what works it, and what collects the results.

The contract between machines is files: ``fleet.json``, and a folder of results for each target.
"""
