"""Builds a schema from the introspection query of graphql-core, with and without its options."""

import json
import os
import sys
import urllib.request

from graphql import build_client_schema, get_introspection_query, validate_schema

EVERYTHING = {
    "specified_by_url": True,
    "directive_is_repeatable": True,
    "schema_description": True,
    "input_value_deprecation": True,
}

for options in ({}, EVERYTHING):
    body = json.dumps({"query": get_introspection_query(**options)}).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {os.environ['TOKEN']}"}
    with urllib.request.urlopen(urllib.request.Request(sys.argv[1], body, headers)) as response:
        answer = json.load(response)
    if "errors" in answer:
        sys.exit(str(answer["errors"]))
    problems = validate_schema(build_client_schema(answer["data"]))
    if problems:
        sys.exit(str(problems))
