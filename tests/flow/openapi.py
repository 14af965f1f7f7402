# SPDX-License-Identifier: Apache-2.0
"""The description of the API as a test reads it: the little of YAML that it is written in, whether a value is what a
schema says, and values that are, or in one way are not."""
import random
import re

from lib import ROOT

WORD = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[\[\]{},]|[^\[\]{},:"]+|:)')


def scalar(text):
    text = text.strip()
    if text.startswith('"'):
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return {"true": True, "false": False, "null": None}.get(text, int(text) if re.fullmatch(r"-?\d+", text) else text)


def flow(words):
    """{a: b, c: [d]} from its words."""
    first = words.pop(0)
    if first not in ("{", "["):
        return scalar(first)
    done = {} if first == "{" else []
    while words[0] not in ("}", "]"):
        if first == "[":
            done.append(flow(words))
        else:
            name = scalar(words.pop(0))
            assert words.pop(0) == ":", name
            done[name] = flow(words)
        if words[0] == ",":
            words.pop(0)
    words.pop(0)
    return done


def value_of(text):
    if text[0] in "{[":
        return flow([w.strip() for w in WORD.findall(text) if w.strip()])
    return scalar(text)


def block(lines, indent):
    """Lines that stand so far in, and what stands further in beneath them."""
    if lines[0][1].startswith("- "):
        done = []
        while lines and lines[0][0] == indent and lines[0][1].startswith("- "):
            text = lines.pop(0)[1][2:]
            pair = re.fullmatch(r"(\w+):\s*(.*)", text)
            done.append({pair[1]: value_of(pair[2])} if pair else value_of(text))
        return done
    done = {}
    while lines and lines[0][0] == indent:
        _, text = lines.pop(0)
        name, rest = re.fullmatch(r'("[^"]*"|[^:"]+):\s*(.*)', text).groups()
        done[scalar(name)] = value_of(rest) if rest else block(lines, lines[0][0])
    return done


def load():
    with open(ROOT + "/gateway/web/openapi.yaml", encoding="utf-8") as f:
        lines = [(len(x) - len(x.lstrip()), x.strip()) for x in f if x.strip() and not x.lstrip().startswith("#")]
    return block(lines, 0)


TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}


def wrong(api, schema, value, at=""):
    """What is not as the schema says, or None."""
    if "$ref" in schema:
        return wrong(api, api["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], value, at)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(isinstance(value, TYPES[t]) and (t == "boolean" or not isinstance(value, bool)) for t in types):
        return f"{at}: {value!r} is no {' or '.join(types)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{at}: {value!r} is none of {schema['enum']}"
    if isinstance(value, dict):
        for name in schema.get("required", []):
            if name not in value:
                return f"{at}: there is no {name} in {sorted(value)}"
        for name, part in value.items():
            why = wrong(api, schema.get("properties", {}).get(name, schema.get("additionalProperties", {})), part, f"{at}/{name}")
            if why:
                return why
    for i, part in enumerate(value if isinstance(value, list) else []):
        why = wrong(api, schema.get("items", {}), part, f"{at}/{i}")
        if why:
            return why
    return None


def right(luck, schema):
    """A value as the schema has it."""
    if schema.get("type") == "array":
        return [right(luck, schema["items"]) for _ in range(luck.randrange(1, 3))]
    if "enum" in schema:
        return luck.choice(schema["enum"])
    if schema.get("type") == "integer":
        return luck.choice([0, 1, 2, luck.randrange(2 ** 31)])
    if schema.get("type") == "object":
        return {"noi": "Một cửa"}
    if "dd/mm/yyyy" in schema.get("description", ""):
        return luck.choice(["20/06/2023", "2023-06-20", "29/02/2024"])
    most = schema.get("maxLength", 200)
    return luck.choice(["1", "x" * most, "đ" * most, "A1", "vneid", "a b", "<b>", "=1"])[:most]


def not_right(luck, schema):
    """A value that the schema refuses, or None when it refuses none that can be said."""
    ways = []
    if "enum" in schema:
        ways += ["none-of-them", schema["enum"][0] + "|" + schema["enum"][-1], schema["enum"][0] + " x"]
    elif schema.get("type") == "integer":
        ways += ["x", "-1", "1.5", "1e3", "0x1", "99999999999999999999", "1 2"]
    elif schema.get("type") == "string" and "dd/mm/yyyy" in schema.get("description", ""):
        ways += ["31/02/2023", "x", "2023-13-01", "0"]
    elif schema.get("type") == "string" and "maxLength" in schema:
        ways += ["x" * (schema["maxLength"] + 1), "đ" * (schema["maxLength"] + 1)]
    elif schema.get("type") == "array" and "maxLength" in schema["items"]:
        ways += [["x" * (schema["items"]["maxLength"] + 1)]]
    return luck.choice(ways) if ways else None


if __name__ == "__main__":
    assert load()["openapi"] == "3.1.0" and not wrong({}, {"type": "integer"}, right(random.Random(1), {"type": "integer"}))
