"""Rules of the pagination room: what a project's own paginator asks its page."""
