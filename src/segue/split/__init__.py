"""Two databases for a while: tables of a bounded context followed into a database of their own, compared, cut over, and back."""
