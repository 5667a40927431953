#!/usr/bin/env python3
"""embed.py OUT FOLDER… — what is built into the binary: OUT.S has the bytes, OUT.c the tables for server/embed.h.

The files of the folders (a later folder's file takes the place of an earlier one's), with what FILE.br and FILE.gz
hold beside it; the description of the API turned into JSON; the playbooks."""
import hashlib
import os
import subprocess
import sys

TOOLS = os.path.dirname(os.path.abspath(__file__))


def files_of(folders):
    found = {}
    for folder in folders:
        for root, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(root, name)
                found["/" + os.path.relpath(path, folder)] = path
    return {p: f for p, f in found.items() if not p.endswith((".br", ".gz"))}


class Bytes:
    """Files put one after another into an assembler source, each named once."""

    def __init__(self):
        self.lines = [".section .note.GNU-stack,\"\",@progbits", ".section .rodata"]
        self.names = []

    def add(self, path):
        if not path or not os.path.exists(path):
            return "0, 0"
        name = f"embedded_{len(self.names)}"
        size = os.path.getsize(path)
        self.names.append(name)
        self.lines += [f".global {name}", ".balign 16", f"{name}:", f'.incbin "{path}"']
        return f"{name}, {size}"


def main():
    out, folders = sys.argv[1], sys.argv[2:]
    openapi = out + ".openapi.json"
    with open(openapi, "wb") as f:
        subprocess.run([sys.executable, os.path.join(TOOLS, "openapi.py"), "api/openapi.yaml"], stdout=f, check=True)
    data = Bytes()
    files = files_of(folders) | {"/openapi.json": openapi}
    def tag(path):
        with open(path, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()[:16]

    table = [f'    {{"{p}", {data.add(f)}, {data.add(f + ".br")}, {data.add(f + ".gz")}, "\\"{tag(f)}\\""}},' for p, f in sorted(files.items())]
    books = [
        f'    {{"{b}", {data.add(f"playbooks/{b}/playbook.json")}, 0, 0, 0, 0, 0}},'
        for b in sorted(os.listdir("playbooks"))
        if os.path.exists(f"playbooks/{b}/playbook.json")
    ]
    with open(out + ".S", "w") as f:
        f.write("\n".join(data.lines) + "\n")
    with open(out + ".c", "w") as f:
        f.write('#include "server/embed.h"\n\n')
        f.writelines(f"extern const unsigned char {n}[];\n" for n in data.names)
        f.write("\nconst struct embedded EMBEDDED[] = {\n" + "\n".join(table) + "\n    {0}};\n")
        f.write(f"const size_t EMBEDDED_COUNT = {len(table)};\n")
        f.write("const struct embedded PLAYBOOKS[] = {\n" + "\n".join(books) + "\n    {0}};\n")


main()
