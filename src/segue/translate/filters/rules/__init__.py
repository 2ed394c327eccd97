"""What code asks of FilterSets and filters."""
