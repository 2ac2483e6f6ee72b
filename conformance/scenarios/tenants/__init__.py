"""Requests for objects and data of another business."""
