"""Says what is wrong with documents by the image specification's own JSON schemas.

Argument: the folder of the schemas. Standard input: `SCHEMA<tab>FILE` a line. Standard output: a complaint a line.
"""

import datetime
import json
import os
import re
import sys

from jsonschema import Draft4Validator, FormatChecker, RefResolver

folder = sys.argv[1]
checker = FormatChecker()


@checker.checks("date-time", raises=ValueError)
def is_time(value):
    """RFC 3339; the package itself knows that only with a library that Debian 12 lacks."""
    if not isinstance(value, str):
        return True
    shape = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)"
    parts = re.fullmatch(shape, value, re.ASCII)
    return bool(parts and datetime.datetime.strptime(parts[1], "%Y-%m-%dT%H:%M:%S"))


def once(pairs):
    """Of a key that comes twice every reader believes another value."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key comes twice in one object")
    return dict(pairs)


def schema(name):
    with open(os.path.join(folder, os.path.basename(name)), encoding="utf-8") as file:
        return json.load(file)


def validator(name):
    # They refer to one another by addresses at which nothing lies; all of them are in the folder.
    resolver = RefResolver("", {}, handlers={"https": schema, "": schema})
    return Draft4Validator(schema(name), resolver=resolver, format_checker=checker)


validators = {}
for line in sys.stdin:
    name, path = line.rstrip("\n").split("\t")
    if name not in validators:
        validators[name] = validator(name)
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file, object_pairs_hook=once)
    except ValueError as error:
        print(f"{name} {path}: {error}")
        continue
    for error in validators[name].iter_errors(document):
        where = "/".join(str(part) for part in error.absolute_path)
        print(f"{name} {path}: at `{where}`: {error.message}")
