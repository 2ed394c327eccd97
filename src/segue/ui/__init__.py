"""The pages of ``segue ui``: where the migration stands, and the levers, in a browser on this machine."""
