# SPDX-License-Identifier: Apache-2.0
"""The summary by e-mail, through programs of others: Exim takes it and puts it into a mailbox, Dovecot gives it out
by IMAP, and what is read there is what was frozen, byte by byte. Usage: mail.py MOIDAN"""
import base64
import email
import email.header
import email.policy
import email.utils
import grp
import hashlib
import imaplib
import io
import json
import os
import pwd
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zipfile

from lib import House, Provider, free_port, listens, wait_for

WHO, OTHER, PASSWORD = "cong-an@huyen.example", "thuong-truc@huyen.example", "flow-imap-secret"
PAPERS = ["Số liệu tuần 2023-24.json", "Báo cáo tuần 2023-W24.pdf", "Báo cáo tuần 2023-W24.xlsx"]

EXIM = """
primary_hostname = thu.huyen.example
spool_directory = {dir}/spool
log_file_path = {dir}/exim-%slog
pid_file_path = {dir}/exim.pid
exim_user = {user}
exim_group = {group}
deliver_drop_privilege = true
trusted_users = {user}
tls_advertise_hosts =
host_lookup =
disable_ipv6 = true
rfc1413_query_timeout = 0s
keep_environment =
acl_smtp_rcpt = take
begin acl
take:
  accept domains = huyen.example
  deny
begin routers
people:
  driver = accept
  domains = huyen.example
  transport = mailbox
begin transports
mailbox:
  driver = appendfile
  directory = {dir}/mail
  maildir_format
  create_directory
  return_path_add
  user = {user}
  group = {group}
"""

DOVECOT = """
base_dir = {dir}/run
state_dir = {dir}/run
log_path = {dir}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{dir}/mail
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={dir}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class Post:
    """Exim and Dovecot as somebody without privileges, all that they write in a directory of their own; under /tmp,
    where whoever that is can go."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="moidan-post-", dir="/tmp")
        root = os.geteuid() == 0
        uid, gid = (pwd.getpwnam("nobody").pw_uid, grp.getgrnam("nogroup").gr_gid) if root else (os.getuid(), os.getgid())
        self.as_who = {"user": uid, "group": gid, "extra_groups": []} if root else {}
        self.smtp, self.imap = free_port(), free_port()
        self.processes = []
        words = {"dir": self.dir, "user": pwd.getpwuid(uid).pw_name, "group": grp.getgrgid(gid).gr_name,
                 "password": PASSWORD, "port": self.imap}
        for name, text in (("exim.conf", EXIM), ("dovecot.conf", DOVECOT)):
            with open(f"{self.dir}/{name}", "w", encoding="utf-8") as f:
                f.write(text.format(**words))
        for name in ("spool", "run", "mail"):
            os.mkdir(f"{self.dir}/{name}")
        if root:
            for path in (self.dir, *(f"{self.dir}/{name}" for name in os.listdir(self.dir))):
                os.chown(path, uid, gid)

    def start(self, port, *argv):
        with open(f"{self.dir}/out", "ab") as out:
            self.processes.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                                   cwd=self.dir, **self.as_who))
        wait_for(argv[0], lambda: self.processes[-1].poll() is not None or listens(port))
        assert self.processes[-1].poll() is None, self.logs()

    def open(self):
        self.start(self.imap, "/usr/sbin/dovecot", "-F", "-c", f"{self.dir}/dovecot.conf")
        # in the foreground, and no queue runner: what is taken is delivered at once
        self.start(self.smtp, "/usr/sbin/exim4", "-C", f"{self.dir}/exim.conf", "-bdf", "-oX",
                   f"<; [127.0.0.1]:{self.smtp}")
        return self

    def logs(self):
        text = ""
        for name in ("out", "exim-mainlog", "exim-paniclog", "dovecot.log"):
            if os.path.exists(f"{self.dir}/{name}"):
                with open(f"{self.dir}/{name}", encoding="utf-8", errors="replace") as f:
                    text += f"---- {name}\n{f.read()[-3000:]}"
        return text

    def letters(self):
        """What lies in the mailbox, by IMAP, as it went."""
        box = imaplib.IMAP4("127.0.0.1", self.imap, timeout=20)
        box.login("cong-an", PASSWORD)
        box.select("INBOX", readonly=True)
        found = box.search(None, "ALL")[1][0].split()
        raw = [box.fetch(n, "(BODY.PEEK[])")[1][0][1] for n in found]
        box.logout()
        return raw

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


def frozen(h):
    """(document names and bytes, figures) of the job, as the store has them."""
    db = sqlite3.connect(h.path("moidan.db"))
    payload = json.loads(db.execute("SELECT payload FROM job WHERE kind = 'weekly-email' AND target = ?", (WHO,)).fetchone()[0])
    db.close()
    return [(p["name"], base64.b64decode(p["base64"])) for p in payload["papers"]], payload["data"]


def by_rfc2231(part):
    """The name in Content-Disposition, put together by hand: RFC 2231, §4."""
    raw = dict(re.findall(r"filename\*(\d+)\*=([^;\s]+)", part["Content-Disposition"]))
    whole = "".join(raw[str(i)] for i in range(len(raw)))
    charset, _, coded = whole.split("'", 2)
    return re.sub(rb"%([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), coded.encode()).decode(charset)


def heads(raw, to):
    """By the old interface, which leaves headers as they came."""
    m = email.message_from_bytes(raw)
    subject = m["Subject"]
    assert subject.isascii() and all(len(line) < 76 for line in subject.splitlines()), subject
    assert subject.startswith("=?UTF-8?B?") and all(len(w) <= 75 for w in subject.split()), subject
    # each encoded word is whole characters (RFC 2047, §5)
    words = [part.decode(charset) for one in subject.split() for part, charset in email.header.decode_header(one)]
    assert "".join(words) == "UBND xã Mỹ Phú Đông: tổng hợp số liệu tuần 24 năm 2023", words
    assert (m["From"], m["To"]) == ("<moidan@xa.example>", f"<{to}>"), m.items()
    assert re.fullmatch(r"<[\w.-]+-weekly-202324-\d+@xa\.example>", m["Message-ID"]), m["Message-ID"]
    assert email.utils.parsedate_to_datetime(m["Date"]).isoformat().startswith("2023-06-15T07:00:")
    assert m["Auto-Submitted"] == "auto-generated" and m["MIME-Version"] == "1.0"
    assert "thu.huyen.example with esmtp" in m["Received"], m["Received"]
    parts = m.get_payload()
    assert [by_rfc2231(p) for p in parts[1:]] == PAPERS, [p["Content-Disposition"] for p in parts]
    assert [p["Content-Transfer-Encoding"] for p in parts] == ["base64"] * 4
    return m


def body(h, raw):
    papers, data = frozen(h)
    m = email.message_from_bytes(raw, policy=email.policy.default)
    assert not [d for p in m.walk() for d in p.defects], [d for p in m.walk() for d in p.defects]
    text = m.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert text.rstrip("\n") == data["text"].rstrip("\n")
    assert "Chỉ tiêu giao 1.057: đạt 58,1 %. Danh sách 1.157: đạt 53,1 %." in text
    figures, *documents = [(a.get_filename(), a.get_payload(decode=True)) for a in m.iter_attachments()]
    assert json.loads(figures[1]) == data["figures"] and figures[0] == PAPERS[0]
    assert [(n, hashlib.sha256(b).hexdigest()) for n, b in documents] == \
        [(n, hashlib.sha256(b).hexdigest()) for n, b in papers]
    assert [a.get_content_type() for a in m.iter_attachments()] == [
        "application/json", "application/pdf", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]
    (_, pdf), (_, xlsx) = documents
    read = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, check=True, capture_output=True).stdout.decode()
    for words in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Kết quả thực hiện mô hình điểm", "PHỤ LỤC III"):
        assert words in read, read
    book = zipfile.ZipFile(io.BytesIO(xlsx))
    assert book.testzip() is None and "Tân Đông" in book.read("xl/sharedStrings.xml").decode()


def main():
    with House(sys.argv[1]) as h:
        provider, post = h.add(Provider()), h.add(Post()).open()
        h.configure(provider.url, f"""
reports:
  confirm: false
  collect: false
  police_audience: ""
  email: {{server: "smtp://127.0.0.1:{post.smtp}", from: moidan@xa.example, to: [{WHO}, {OTHER}]}}
""")
        h.set_clock("2023-06-12T09:00:00+07:00")
        h.run("init")
        h.import_lists()
        h.serve()
        h.stop()
        h.set_clock("2023-06-15T07:00:00+07:00")
        h.serve()
        try:
            letters = wait_for("two letters", lambda: len(found := post.letters()) == 2 and found)
        except AssertionError as e:
            raise AssertionError(post.logs()) from e
        for raw in letters:
            to = next(who for who in (WHO, OTHER) if f"<{who}>".encode() in raw)
            heads(raw, to)
            body(h, raw)
        assert len({email.message_from_bytes(raw)["Message-ID"] for raw in letters}) == 2
        wait_for("it is known to be handed over", lambda: h.read("moidan.log").count("report_delivered") == 2)
        assert h.stop() == 0
        for secret in (WHO, OTHER):
            assert secret not in h.read("moidan.log")
        # once it was taken it is not sent again
        h.serve()
        assert h.stop() == 0 and len(post.letters()) == 2


main()
