"""What a field of a serializer was made with, as it has it (``SerializerField.kwargs``)."""

# kept elsewhere in the document, or internal to DRF
_NOT_KWARGS = {
    "read_only",
    "write_only",
    "required",
    "default",
    "source",
    "initial",
    "label",
    "help_text",
    "allow_null",
    "error_messages",
    "field_name",
    "parent",
    "default_error_messages",
    "child",
    "child_relation",
    "queryset",
    "default_empty_html",
    "source_attrs",
    "choice_strings_to_values",
    "reverse",
    "model_field",
    "validators",
    "fields",
    "instance",
    "initial_data",
    "partial",
}
# class-level attributes that decide what a field does when not given to the instance
_CLASS_LEVEL = (
    "format",
    "input_formats",
    "use_url",
    "coerce_to_string",
    "MAX_STRING_LENGTH",
    "lookup_field",
    "lookup_url_kwarg",
    "view_name",
    "html_cutoff",
    "html_cutoff_text",
    "many",
    "initial",
    "default_empty_html",
    "allow_empty",
    "trim_whitespace",
    "max_string_length",
)


def kwargs_of(field, encoder):
    """The attributes of a field that matter for what it does, as values."""
    found = {}
    for key, value in vars(field).items():
        if key.startswith("_") and key not in ("_choices",):
            continue
        if key in _NOT_KWARGS or key == "grouped_choices":
            continue
        found[key] = value
    # asked of a relation first: its ``choices`` would query the database
    if (
        not is_a(field, "rest_framework.relations", "RelatedField")
        and not is_a(field, "rest_framework.relations", "ManyRelatedField")
        and hasattr(field, "choices")
    ):
        found.pop("_choices", None)
        try:
            found["choices"] = [(k, v) for k, v in field.choices.items()]
            found["grouped_choices"] = field.grouped_choices
        except Exception:
            found.pop("choices", None)
    for key in _CLASS_LEVEL:
        if key not in found and key not in _NOT_KWARGS and hasattr(type(field), key):
            value = getattr(field, key)
            if not callable(value):
                found[key] = value
    return {key: encoder.encode(value) for key, value in sorted(found.items())}


def is_a(thing, module, name):
    """Whether a class of that module and name is among the classes of ``thing``."""
    return any(base.__name__ == name and base.__module__ == module for base in type(thing).__mro__)
