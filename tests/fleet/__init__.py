"""Fleets: plan, executors, collection and federation."""
