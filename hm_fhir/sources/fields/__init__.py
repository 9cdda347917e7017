"""Fields: what the columns of a local system mean, written in YAML. Records become activities without code.

The way of a file: ``spec`` (what it may hold), ``declared`` (its values, columns and code tables), ``template`` (its
expressions, against the ``types`` of record and activity), ``check`` (what would be wrong with its activities),
``loading`` (all of that; the door).

The way of a record: ``headings`` (finds the values of columns), ``reading`` (types them, with ``scalars``, ``dates``,
``code_tables``, ``several_columns``, ``national_numbers`` and ``entries``), ``program`` (makes the activity).

``source`` makes a reader and its fields a source of activities, ``changes`` notices that its columns are others, and
``profile`` says what they hold.
"""
