"""The project's own tests with FastAPI answering beside, or instead of, Django. Runs in the test process."""
