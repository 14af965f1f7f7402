# SPDX-License-Identifier: Apache-2.0
"""A real browser: two newcomers carry out the first campaign, the second on a telephone; a third, in a browser
without scripts, the next; every screen is kept as a picture at three widths, in English too, and looked over by
axe-core where it is found (MOIDAN_AXE, see contrib/HACKING.md). Usage: browser.py MOIDAN PICTURES"""
import os
import re
import sys
import tempfile
import time

try:
    from selenium import webdriver
    from selenium.common.exceptions import ElementClickInterceptedException
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
except ImportError:
    sys.exit(77)

from console_lib import PASSWORD, add_user, totp, totp_step
from lib import House, Provider, ROOT, wait_for

WIDE, TABLET, PHONE = (1366, 768), (768, 1024), (360, 740)
AXE = os.environ.get("MOIDAN_AXE", "")
AXE_RUN = """const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"]}).then(r => done(r.violations.map(
  v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " " + (n.failureSummary || "")).join(" | "))),
  e => done([String(e)]));"""
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=vi",
         "--disable-extensions", "--force-device-scale-factor=1")


axe_source = open(AXE, encoding="utf-8").read() if os.path.exists(AXE) else ""
looked_over = set()


class Browser:
    def __init__(self, h, pictures, size, script=True):
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        self.profile = tempfile.TemporaryDirectory(prefix="moidan-browser-")
        for flag in (*FLAGS, f"--user-data-dir={self.profile.name}", f"--window-size={size[0]},{size[1]}"):
            options.add_argument(flag)
        if not script:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.h, self.pictures, self.size, self.taps = h, pictures, size, 0
        self.driver.set_page_load_timeout(30)
        self.driver.set_script_timeout(60)
        self.script = script

    def stop(self):
        bad = [line for line in self.driver.get_log("browser") if line["level"] == "SEVERE"
               and "status of 422" not in line["message"] and "/recipients/999999" not in line["message"]]
        self.driver.quit()
        self.profile.cleanup()
        assert not bad, bad

    def open(self, path):
        self.driver.get(self.h.url + path)

    def text(self):
        """What is there to read; nothing while the page is being changed."""
        return self.driver.execute_script("return document.body ? document.body.innerText : ''")

    def says(self, words):
        """Once it has come: a click does not wait for an answer that takes its time."""
        try:
            wait_for(words, lambda: words in self.text(), 60)
        except AssertionError as e:
            raise AssertionError(f"{e}; there is:\n{self.text()}") from None

    def fill(self, name, value):
        field = self.driver.find_element(By.NAME, name)
        field.clear()
        field.send_keys(value)

    def clicked(self, e):
        """The window may still be changing its size under it."""
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", e)
        try:
            e.click()
        except ElementClickInterceptedException:
            return False
        return True

    def click(self, words):
        """The button or link that says so."""
        for e in self.driver.find_elements(By.CSS_SELECTOR, "main button, main a, main label, main summary, nav a, header button"):
            if e.is_displayed() and " ".join(e.text.split()).startswith(words):
                self.taps += 1
                wait_for("a click on " + words, lambda e=e: self.clicked(e), 20)
                return
        raise AssertionError(f"nothing says \"{words}\" on {self.driver.current_url}:\n{self.text()}")

    def picture(self, name):
        """The whole page, which must not be wider than the window."""
        d = self.driver
        wide = d.execute_script("return document.documentElement.scrollWidth")
        assert wide <= d.execute_script("return window.innerWidth"), f"{name}: {wide} wide at {self.size[0]}"
        if axe_source and self.script:
            d.execute_script(axe_source)
            found = d.execute_async_script(AXE_RUN)
            assert not found, f"{name} at {self.size[0]}: " + "\n".join(found)
            looked_over.add((name, self.size[0]))
        height = d.execute_script("return document.documentElement.scrollHeight")
        d.set_window_size(self.size[0], max(self.size[1], min(height, 3000)))
        d.save_screenshot(f"{self.pictures}/{name}-{self.size[0]}.png")
        d.set_window_size(*self.size)

    def set_up(self, link, shift):
        self.driver.get(link)
        self.picture("setup")
        found = re.findall(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", self.text())
        self.fill("password", PASSWORD)
        self.fill("again", PASSWORD)
        if found:
            self.fill("code", totp(found[0], totp_step(shift)))
        self.click("Lưu và đăng nhập")
        self.says("Tổng quan")


def imports(b):
    b.open("/imports")
    b.picture("imports")
    b.driver.find_element(By.ID, "p-vneid").click()
    b.driver.find_element(By.ID, "file").send_keys(ROOT + "/tests/data/my-phu-dong/ho-dan.xlsx")
    b.click("Kiểm tra")
    b.says("dòng đúng")
    b.says("1.157")
    b.picture("import")
    b.click("Nhập 1.157")
    b.says("Đã nhập danh sách")


def writes(b):
    b.click("Chiến dịch")
    b.says("Chưa có chiến dịch nào")
    b.picture("campaigns-empty")
    b.click("Soạn chiến dịch mới")
    b.says("Chương trình nào?")
    b.picture("compose-programme")
    b.driver.find_element(By.CSS_SELECTOR, "button[value=vneid]").click()
    b.says("gửi cho ai?")
    b.driver.find_element(By.ID, "a-A1").click()
    b.picture("compose-who")
    b.click("Tiếp tục")
    b.says("Tên chiến dịch")
    b.fill("name", "Mời đợt 1")
    b.picture("compose-what")
    b.click("Tiếp tục")
    b.says("Không gửi sau ngày")
    b.fill("expires", "31/02/2023")
    b.picture("compose-when")
    b.click("Xem lại")
    b.says("ngày phải viết như")
    b.picture("compose-error")
    b.fill("expires", "")
    b.click("Xem lại")
    b.says("Đã soạn xong bản nháp")
    b.picture("campaign-draft")
    b.click("Trình duyệt")
    b.says("cần một người khác duyệt")


def approves(b):
    b.open("/")
    b.picture("home-approver")
    b.taps = 0
    b.click("Xem và duyệt")
    b.says("Tin thật sẽ gửi")
    b.picture("campaign-approve")
    b.click("Duyệt và gửi")
    b.says("Đã duyệt và bắt đầu gửi")
    assert b.taps <= 3, b.taps
    wait_for("the page moves by itself", lambda: "đã đến máy" in b.text() and re.search(r"[1-9]\d*\s+Đã gửi xong", b.text()), 40)
    b.picture("campaign-running")


def a_text_is_tried_as_one_types(b):
    b.open("/templates/vneid/A1")
    b.says("Mẫu này dùng được")
    b.fill("text", "{{ten}} ơi, bấm vào đây")
    b.says("Mẫu này chưa dùng được")
    b.picture("text-refused")


def screens(b, names):
    for name, path in names:
        b.open(path)
        assert "Lỗi" not in b.driver.title, (path, b.text())
        b.picture(name)


def without_scripts(h, pictures, shift):
    """What a browser without scripts can do: all of it."""
    author = h.add(Browser(h, pictures, WIDE, script=False))
    author.set_up(h.json("user", "add", "mai", "--role", "author", "--title", "Đỗ Thị Mai")["link"], shift)
    author.open("/campaigns/new?programme=vneid&audience=A2&step=what")
    author.fill("name", "Đợt hai")
    author.click("Tiếp tục")
    author.says("Không gửi sau ngày")
    author.click("Xem lại")
    author.says("Đã soạn xong bản nháp")
    author.click("Trình duyệt")
    author.says("cần một người khác duyệt")
    author.open("/recipients")
    author.fill("q", "nguyen")
    author.click("Tìm")
    author.says("Nguyễn")
    author.picture("no-script")
    author.open("/imports")
    author.driver.find_element(By.ID, "p-vneid").click()
    author.driver.find_element(By.ID, "file").send_keys(ROOT + "/tests/data/my-phu-dong/ho-dan.xlsx")
    author.click("Kiểm tra")
    author.says("Bỏ, không nhập")
    author.click("Bỏ, không nhập")
    author.says("Đã bỏ, không nhập gì")
    return author


def in_english(b, names):
    """Nothing of the Vietnamese catalogue is left where English was asked for."""
    with open(ROOT + "/templates/console/vi.yaml", encoding="utf-8") as f:
        vi = set(re.findall(r'^  \w+: "?(.*?)"?$', f.read(), re.M))
    with open(ROOT + "/templates/console/en.yaml", encoding="utf-8") as f:
        vi -= set(re.findall(r'^  \w+: "?(.*?)"?$', f.read(), re.M))
    vi = {w for w in vi if len(w) > 14}
    b.click("English")
    b.says("Overview")
    for name, path in names:
        b.open(path)
        assert b.driver.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en", path
        text = b.text()
        left = [w for w in vi if w in text]
        assert not left, (path, left)
        b.picture(name + "-en")


def main():
    pictures = os.path.abspath(sys.argv[2])
    os.makedirs(pictures, exist_ok=True)
    with House(sys.argv[1]) as h:
        provider = h.add(Provider())
        h.configure(provider.url, provider="rate_per_second: 20, ")
        h.write("moidan.yaml", h.read("moidan.yaml").replace("two_person: false", "two_person: true"))
        h.serve()
        shift = int(h.env["MOIDAN_TEST_SHIFT"])
        author = h.add(Browser(h, pictures, WIDE))
        begin = time.monotonic()
        author.open("/")
        author.picture("login")
        author.set_up(h.json("user", "add", "lan", "--role", "author", "--title", "Lê Thị Lan")["link"], shift)
        author.picture("home-empty")
        imports(author)
        writes(author)
        phone = h.add(Browser(h, pictures, PHONE))
        phone.set_up(h.json("user", "add", "duyet", "--role", "approver", "--title", "Trần Văn Duyệt")["link"], shift)
        approves(phone)
        print(f"first campaign by script: {time.monotonic() - begin:.0f} s")
        both = [("home", "/"), ("hand-in", "/hand-in"), ("sessions", "/sessions"), ("audiences", "/audiences?programme=vneid&when=A1&samples=yes"), ("duty", "/duty"), ("recipients", "/recipients?q=nguyen"), ("recipient", "/recipients/1"),
                ("campaigns", "/campaigns"), ("campaign", "/campaigns/1"), ("messages", "/messages"),
                ("message", "/messages/1"), ("replies", "/replies"), ("reports", "/reports"), ("templates", "/templates"), ("text", "/templates/vneid/A1"),
                ("providers", "/providers"), ("nothing", "/recipients/999999")]
        screens(author, [n for n in both if n[0] != "nothing"] + [("import-undo", "/imports/1/undo")])
        screens(phone, both)
        a_text_is_tried_as_one_types(author)
        phone.open("/recipients?q=khong-co-ai")
        phone.picture("recipients-none")
        without_scripts(h, pictures, shift)
        h.run("session", "add", "--day", "16/06/2023", "--hours", "07:30-11:00", "--place", "Văn phòng ấp Tân Mỹ",
              "--seats", "5", "--programme", "vneid")
        h.run("duty", "add", "--day", "16/06/2023", "--hours", "07:30-11:00", "--place", "Bộ phận Một cửa", "--name", "Võ Thị Mai")
        tablet = h.add(Browser(h, pictures, TABLET))
        tablet.set_up(h.json("user", "add", "chi", "--role", "administrator", "--title", "Ngô Văn Chí")["link"], shift)
        ruled = [n for n in both if n[0] != "nothing"] + [("users", "/users"), ("keys", "/keys"), ("audit", "/audit"), ("settings", "/settings"),
                                                          ("session", "/sessions/1"), ("hand-in-team", "/hand-in?unit=1")]
        screens(tablet, ruled)
        in_english(tablet, ruled)
        print(f"{len(looked_over)} screens without a finding of axe-core" if axe_source else "axe-core was not found")
        assert h.stop() == 0


main()
