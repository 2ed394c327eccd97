"""What both sides ask of the database around a case that writes, so that all rows can be compared after it."""


def restart(tables, vendor):
    """The statement that lets new rows of all tables have the same keys on both sides; empty where a rollback does that."""
    if vendor != "postgresql":
        return ""
    return "SELECT " + ", ".join(f"setval(pg_get_serial_sequence('{table}', 'id'), 1000)" for table in tables)


def rows(table, vendor):
    """The statement that gives all rows of a table."""
    columns = f"CAST({table}.* AS text)" if vendor == "postgresql" else "*"
    return f"SELECT {columns} FROM {table} ORDER BY id"
