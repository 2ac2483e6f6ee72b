"""Requests for what belongs to another business."""
