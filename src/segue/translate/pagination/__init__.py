"""Paginator classes → module constants of the bridge's paginators."""
