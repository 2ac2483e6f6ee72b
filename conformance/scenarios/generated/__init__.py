"""Requests whose values are drawn from the contract: valid ones, and wrong ones."""
