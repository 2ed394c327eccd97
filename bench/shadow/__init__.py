"""What comparing live reads costs the users."""
