"""Keeping a deployment healthy: alerts and maintenance."""
