"""Runs in the legacy interpreter: both sides in one process, on one transaction.

Standard library, Django and what the overlay brings; nothing else of segue is imported here.
"""
