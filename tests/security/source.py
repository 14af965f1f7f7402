#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What may not stand in the source: SQL that is put together, statements that are not prepared, doors to the
network, TLS or a shell beside the one that there is. Usage: source.py SOURCE_DIR"""
import glob
import re
import sys

ROOT = sys.argv[1]
files = {}
for name in glob.glob(ROOT + "/gateway/**/*.[ch]", recursive=True):
    with open(name, encoding="utf-8") as f:
        # Without comments: they may speak of anything.
        text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), f.read(), flags=re.S)
    files[name[len(ROOT) + 1:]] = text

failed = []


def never(pattern, why, allowed=()):
    """No file but those allowed has what fits the pattern."""
    hits = 0
    for name, text in files.items():
        for m in re.finditer(pattern, text):
            hits += 1
            if name not in allowed:
                line = text.count("\n", 0, m.start()) + 1
                failed.append(f"{name}:{line}: {m.group()[:60]!r}: {why}")
    # An exception that is not used is a rule that does not look where it should.
    assert not allowed or hits, (pattern, "fits nothing")


never(r"\bsqlite3_\w+\s*\(", "only the db layer speaks to SQLite", ["gateway/store/db.c"])
never(r"\bsqlite3_(get_table|mprintf|snprintf|vmprintf|load_extension|enable_load_extension)\b", "not prepared, or loads code")
never(r"\bdb_exec\s*\((?!struct)[^,]*,(?!\s*(\"|step->sql|common,|access == DB_WRITE \? writing : reading,))",
      "statements without parameters are literals")
never(r"\bdb_query\s*\((?!struct)[^;]*?printf", "a statement is a literal")
never(r"printf\s*\([^;]*\"[^\"]*\b(SELECT|INSERT|UPDATE|DELETE|PRAGMA|REPLACE)\b (?!.*%zu row)[^;]*;", "SQL is not put together")
never(r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|tmpnam|mktemp|alloca)\s*\(", "unbounded, or shared")
never(r"\b(system|popen|execl|execlp|execv|execvp|posix_spawnp?)\s*\(", "no shell and no other program")
never(r"curl/curl\.h", "libcurl has two users", ["gateway/provider/http.c", "gateway/provider/mail.c"])
never(r"CURLOPT_SSL_VERIFY(PEER|HOST),\s*0", "certificates are looked at")
never(r"CURLOPT_FOLLOWLOCATION,\s*1", "no redirect is followed")
never(r"CURLOPT_(NETRC|UNRESTRICTED_AUTH|VERBOSE|ACCEPT_ENCODING)\b,(?!\s*(0|NULL|\(long\)CURL_NETRC_IGNORED))", "not with our keys")
never(r"\bsetenv\s*\(|\bputenv\s*\(", "secrets are not in an environment")

# What has to stand there, with its value.
for name, pattern in (("gateway/store/db.c", r"synchronous=FULL"), ("gateway/store/db.c", r"secure_delete=ON"),
                      ("gateway/store/db.c", r"SQLITE_DBCONFIG_DEFENSIVE, 1"),
                      ("gateway/store/db.c", r"SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0"),
                      ("gateway/store/db.c", r"SQLITE_LIMIT_ATTACHED, 0"), ("gateway/store/db.c", r"db_verify\(db"),
                      ("gateway/provider/http.c", r"CURLOPT_PROTOCOLS_STR"), ("gateway/provider/http.c", r"CURLOPT_PROXY, \"\""),
                      ("gateway/provider/http.c", r"CURL_SSLVERSION_TLSv1_2"), ("gateway/provider/http.c", r"CURL_PREREQFUNC_ABORT"),
                      ("gateway/provider/mail.c", r"CURL_SSLVERSION_TLSv1_2"), ("gateway/provider/mail.c", r"CURLOPT_PROXY, \"\""),
                      ("gateway/cli/serve.c", r"PR_SET_DUMPABLE, 0"), ("gateway/cli/serve.c", r"RLIMIT_CORE")):
    if not re.search(pattern, files[name]):
        failed.append(f"{name}: {pattern} is gone")
for line in failed:
    print(line)
assert not failed
print(f"ok {len(files)} files")
