# SPDX-License-Identifier: Apache-2.0
"""A real browser: two newcomers carry out the first campaign, the second on a telephone; every screen is kept
as a picture at two widths. Usage: browser.py MOIDAN PICTURES"""
import os
import re
import sys
import tempfile
import time

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
except ImportError:
    sys.exit(77)

from console_lib import PASSWORD, add_user, totp
from lib import House, Provider, ROOT, wait_for

WIDE, PHONE = (1366, 768), (360, 740)
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=vi",
         "--disable-extensions", "--force-device-scale-factor=1")


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

    def click(self, words):
        """The button or link that says so."""
        for e in self.driver.find_elements(By.CSS_SELECTOR, "main button, main a, main label, nav a, header button"):
            if e.is_displayed() and " ".join(e.text.split()).startswith(words):
                self.driver.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", e)
                self.taps += 1
                e.click()
                return
        raise AssertionError(f"nothing says \"{words}\" on {self.driver.current_url}:\n{self.text()}")

    def picture(self, name):
        """The whole page, which must not be wider than the window."""
        d = self.driver
        wide = d.execute_script("return document.documentElement.scrollWidth")
        assert wide <= d.execute_script("return window.innerWidth"), f"{name}: {wide} wide at {self.size[0]}"
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
            self.fill("code", totp(found[0], shift))
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


def screens(b, names):
    for name, path in names:
        b.open(path)
        assert "Lỗi" not in b.driver.title, (path, b.text())
        b.picture(name)


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
        both = [("home", "/"), ("recipients", "/recipients?q=nguyen"), ("recipient", "/recipients/1"),
                ("campaigns", "/campaigns"), ("campaign", "/campaigns/1"), ("messages", "/messages"),
                ("message", "/messages/1"), ("replies", "/replies"), ("reports", "/reports"), ("templates", "/templates"),
                ("providers", "/providers"), ("nothing", "/recipients/999999")]
        screens(author, [n for n in both if n[0] != "nothing"])
        screens(phone, both)
        phone.open("/recipients?q=khong-co-ai")
        phone.picture("recipients-none")
        assert h.stop() == 0


main()
