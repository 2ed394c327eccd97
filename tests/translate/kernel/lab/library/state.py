"""What both sides ask of the database around a case that writes, so that all rows can be compared after it."""

import re


def restart(tables, vendor):
    """The statement that lets new rows of all tables have the same keys on both sides; empty where a rollback does that."""
    if vendor != "postgresql":
        return ""
    return "SELECT " + ", ".join(f"setval(pg_get_serial_sequence('{table}', 'id'), 1000)" for table in tables)


def rows(table, vendor):
    """The statement that gives all rows of a table."""
    columns = f"CAST({table}.* AS text)" if vendor == "postgresql" else "*"
    return f"SELECT {columns} FROM {table} ORDER BY id"


def as_sent(data):
    """A mail's bytes as text, without what differs each time."""
    data = data.decode("utf-8", "surrogateescape")
    data = re.sub(r"(?m)^Date: \w{3}, .*$", "Date: now", data)
    data = re.sub(r"(?m)^Message-ID: ?(\n )?<\d+\.\d+\.\d+@", "Message-ID: <some@", data)
    for at, boundary in enumerate(re.findall(r'boundary="(=+\d+=+)"', data)):
        data = data.replace(boundary, f"boundary-{at}")
    return data


def shown(value):
    """An answer as data: status, headers but for its length, body. Anything else as it is."""
    if not hasattr(value, "status_code"):
        return value
    if hasattr(value, "streaming_content"):
        body = b"".join(value.streaming_content)
    else:
        body = value.content if hasattr(value, "content") else value.body
    headers = {name.lower(): text for name, text in value.headers.items()}
    told = headers.pop("content-length", None)
    if told is not None and int(told) != len(body):
        raise AssertionError(told)
    return {"status": value.status_code, "headers": headers, "body": body.decode()}
