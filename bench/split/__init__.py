"""Two databases kept alike while everything is killed."""
