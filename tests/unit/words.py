#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the console says when it refuses stands in the catalogues, in both languages with the same places to fill,
and nothing stands there that nobody says; the README calls the buttons of the first campaign as they are called.
Usage: words.py SOURCE_DIR"""
import ctypes
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../flow"))
from console_lib import words

ROOT = sys.argv[1]
failed = []
vi, en = words("vi"), words("en")
sources = {}
for name in glob.glob(ROOT + "/gateway/web/*.c"):
    with open(name, encoding="utf-8") as f:
        sources[name.split("/")[-1]] = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
everything = "\n".join(sources.values())


def among(area, said, what):
    kept = {k.split(".", 1)[1] for k in vi if k.startswith(area + ".")}
    assert said and kept, area
    failed.extend(f"{what} {w!r} has no word {area}.{w}" for w in sorted(said - kept))
    failed.extend(f"the word {area}.{w} is not said" for w in sorted(kept - said))


said = set(re.findall(r'\b(?:say\(\s*&?\w+,\s*EX_\w+|web_refuse_word\(\s*r,\s*\d+),\s*"(\w+)"', everything))
for m in re.finditer(r'\bvisit_refuse\(\s*v,\s*\d+,\s*e,([^;]*)\)', everything):
    said |= set(re.findall(r'"(\w+)"', m[1]))
said |= set(re.findall(r'\binput_bad(?:_number)?\([^;]*?"(\w+)"', everything)) | set(re.findall(r'"said\.(\w+)"', everything))
said |= {"guard_" + n for n in re.findall(r'\[GUARD_(?!OK)\w+\] = \{"(\w+)", \d+\}', sources["guard.c"])}
among("said", said, "what is said,")
kinds = re.search(r"kinds\[\] = \{(.*?)\};", everything, re.S)[1]
among("problem", set(re.findall(r'\{\d+,\s*"([\w-]+)"\}', kinds)) | {"internal"}, "the kind")
inputs = set(re.findall(r'\b(?:TEXT|NEEDED|SECRET|NUMBER|CHOICE|DAY|SEVERAL|OPTION|LONG|IN_ORDER|UPLOAD)\("(\w+)"', sources["routes.c"]))
among("field", inputs | set(re.findall(r'\.name = "(\w+)"', sources["routes.c"])), "the input")

for key in vi:
    if re.match(r"(said|problem|field)\.", key):
        if key in en and set(re.findall(r"\{\d\}", vi[key])) != set(re.findall(r"\{\d\}", en[key])):
            failed.append(f"{key}: the two languages have other places to fill")
        if re.search(r"[^\x00-\x7f…“”]", en.get(key, "")):
            failed.append(f"{key}: the English is not English")
for name, text in sources.items():
    # "%s" of the store's own sentences may pass through; a sentence of ours is a word.
    for m in re.finditer(r'\b(err_set|json_string|web_problem)\([^;]*?"[^"]*[^\x00-\x7f…–“”][^;]*;', text):
        failed.append(f"{name}: a sentence that is not in the catalogues: {m[0][:80]!r}")
# The sentences of the floors below, as they come out when something fills them, are each put over.
STRINGS = r'(?:"(?:[^"\\]|\\.)*"|PRI\w+|\b[A-Z][A-Z_]{2,}\b|\s)+'


def strings(text):
    """Each run of strings of C as one, 7 in the place of a macro."""
    for m in re.finditer(STRINGS, text):
        parts = re.findall(r'"(?:[^"\\]|\\.)*"|PRI\w+|[A-Z][A-Z_]+', m[0])
        yield "".join(p[1:-1] if p[0] == '"' else "" if p.startswith("PRI") else "7" for p in parts).replace('\\"', '"')


sentences, literals = [], ""
for floor in ("base", "store", "campaign", "report", "roster", "dispatch", "provider", "text", "paper"):
    for name in sorted(glob.glob(f"{ROOT}/gateway/{floor}/*.c")):
        with open(name, encoding="utf-8") as f:
            text = re.sub(r"/\*.*?\*/|'\"'", "", f.read(), flags=re.S)
        literals += "\n".join(strings(text)).replace("%%", "%") + "\n"
        for m in re.finditer(r'\b(err_set|err_context|run_error|predicate_error)\(((?:[^;"]|"(?:[^"\\]|\\.)*")*?);', text):
            sentences += [(f"{floor}/" + name.split("/")[-1], s + (": 7" if m[1] == "err_context" else ""))
                          for s in strings(m[2]) if re.search("[a-z]{3}" if m[1] == "predicate_error" else r"[^\x00-\x7f…“”–]", s)]
# What a provider answered is said as its description words it, what became of a connection as libcurl does.
reasons = set()
for name in glob.glob(ROOT + "/config/providers/*.yaml"):
    with open(name, encoding="utf-8") as f:
        reasons |= {w.strip("'\"") for w in re.findall(r"^ +reason: *(.+?)$", f.read(), re.M)}
curl = ctypes.CDLL("libcurl.so.4")
curl.curl_easy_strerror.restype = ctypes.c_char_p
literals += "\n".join(reasons) + "\n" + "\n".join(curl.curl_easy_strerror(i).decode() for i in range(100)) + "\n"
with open(ROOT + "/templates/console/sentences.yaml", encoding="utf-8") as f:
    pairs = [tuple(w.replace("''", "'") for w in m) for m in re.findall(r"^  '((?:[^']|'')+)': '((?:[^']|'')+)'$", f.read(), re.M)]
fits = [re.compile(re.sub(r"\\\{\d\\\}", "(.+)", re.escape(v)) + "$", re.S) for v, _ in pairs]
for name, sentence in sentences:
    # A number, a name and a week are filled in; what is optional at the end of a sentence is nothing.
    filled = re.sub(r"%(?:[-0-9.*]*(?:z|ll|l)?[a-zA-Z])?", "7", re.sub("%s%s$", "", sentence).replace("%%", "\0")).replace("\0", "%")
    if not any(f.match(filled) for f in fits):
        failed.append(f"{name}: sentences.yaml does not know {sentence!r}")
failed.extend(f"sentences.yaml does not know the reason {r!r}" for r in sorted(reasons) if not any(f.match(r) for f in fits))
for v, e in pairs:
    # Of an answer that is not JSON no officer needs the line.
    if not set(re.findall(r"\{\d\}", e)) <= set(re.findall(r"\{\d\}", v)) or ("HTTP" not in v and v.count("{") != e.count("{")):
        failed.append(f"sentences.yaml: {v!r}: the two languages have other places to fill")
    longest = max(re.split(r"\{\d\}", re.sub(r"^HTTP \S+, ", "", v)), key=len)
    if longest not in literals and longest.strip(': ",;()') not in literals:
        failed.append(f"sentences.yaml: nobody says {v!r}")
assert len(sentences) > 150 and len(pairs) > 150, (len(sentences), len(pairs))
with open(ROOT + "/README.md", encoding="utf-8") as f:
    path = re.search(r"Trên giao diện web, không cần.*?\n\nBằng lệnh", f.read(), re.S)[0]
named = {re.sub(r"\s+", " ", w) for w in re.findall(r"\*\*(.+?)\*\*", path, re.S)}
failed.extend(f"README.md: the console says nowhere {w!r}" for w in sorted(named - set(vi.values())))
assert len(named) > 10, named
for line in failed:
    print(line)
print(len(said), "words that are said,", len(sentences), "sentences of the floors below,", len(inputs), "inputs")
sys.exit(1 if failed else 0)
