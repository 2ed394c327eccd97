"""Every field of Django with every option, written and read by both sides on each database."""
