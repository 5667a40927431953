#!/usr/bin/env python3
"""openapi.py FILE — api/openapi.yaml as JSON.

The file keeps to a part of YAML that this page of Python reads: maps nested by two spaces, a value
behind its key as JSON or as plain text, `- ` lists of such values, `#` comments on lines of their own.
"""
import json
import sys


def scalar(text):
    if text[:1] in '{["' or text in ("true", "false", "null") or text.lstrip("-").isdigit():
        return json.loads(text)
    return text


def key_of(line, number):
    if line.startswith('"'):
        end = line.index('"', 1)
        return line[1:end], line[end + 1:].lstrip()[1:].strip()
    name, colon, rest = line.partition(":")
    if not colon:
        sys.exit(f"line {number}: no key: {line}")
    return name, rest.strip()


def block(lines, at, indent):
    out = None
    while at < len(lines):
        number, depth, line = lines[at]
        if depth < indent:
            break
        if depth > indent:
            sys.exit(f"line {number}: indented too far")
        if line.startswith("- "):
            out = [] if out is None else out
            out.append(scalar(line[2:].strip()))
            at += 1
            continue
        out = {} if out is None else out
        key, rest = key_of(line, number)
        if key in out:
            sys.exit(f"line {number}: {key} stands twice")
        at += 1
        if rest:
            out[key] = scalar(rest)
        else:
            out[key], at = block(lines, at, indent + 2)
    return out, at


def main():
    lines = []
    with open(sys.argv[1], encoding="utf-8") as f:
        for number, raw in enumerate(f, 1):
            text = raw.rstrip()
            if text.strip() and not text.lstrip().startswith("#"):
                lines.append((number, len(text) - len(text.lstrip()), text.strip()))
    json.dump(block(lines, 0, 0)[0], sys.stdout, ensure_ascii=False, separators=(",", ":"))


main()
