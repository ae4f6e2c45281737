"""Saving what the page shows."""
