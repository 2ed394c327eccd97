"""Querysets: what is known of a lazy query, and its SQLAlchemy text."""
