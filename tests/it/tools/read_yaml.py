"""Reads a template as CloudFormation does, YAML 1.1 and short tags, and prints it as JSON."""

import json
import sys

import yaml


class Reader(yaml.SafeLoader):
    """PyYAML's reader, which knows YAML 1.1, with CloudFormation's tags."""


def function(reader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        argument = reader.construct_scalar(node)
        if name == "Fn::GetAtt":
            argument = argument.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        argument = reader.construct_sequence(node, deep=True)
    else:
        argument = reader.construct_mapping(node, deep=True)
    return {name: argument}


def mapping(reader, node):
    keys = [reader.construct_object(key) for key, _ in node.value]
    if len(set(keys)) != len(keys) or not all(isinstance(key, str) for key in keys):
        raise yaml.YAMLError(f"a key is there twice, or is no text: {keys}")
    return reader.construct_mapping(node, deep=True)


Reader.add_multi_constructor("!", function)
Reader.add_constructor("tag:yaml.org,2002:map", mapping)

with open(sys.argv[1], encoding="utf-8") as file:
    # A date has no JSON: `default` is left out, so that it fails.
    json.dump(yaml.load(file, Loader=Reader), sys.stdout)
