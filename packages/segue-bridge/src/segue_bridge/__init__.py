"""Runtime library of services that Segue moved from Django to FastAPI. Import from its modules."""
