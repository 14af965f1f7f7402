# SPDX-License-Identifier: Apache-2.0
"""A real browser: Debian's Chromium, driven. Pages are looked at as they are at several widths, kept as pictures and
looked over by axe-core where it is found (MOIDAN_AXE, see contrib/HACKING.md)."""
import base64
import os
import re
import subprocess
import sys
import tempfile

try:
    from selenium import webdriver
    from selenium.common.exceptions import ElementClickInterceptedException
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
except ImportError:
    sys.exit(77)

from console_lib import PASSWORD, totp, totp_step
from lib import wait_for

WIDE, TABLET, PHONE = (1366, 768), (768, 1024), (360, 740)
AXE = os.environ.get("MOIDAN_AXE", "")
AXE_RUN = """const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"]}).then(r => done(r.violations.map(
  v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " " + (n.failureSummary || "")).join(" | "))),
  e => done([String(e)]));"""
IMAGES = """const done = arguments[arguments.length - 1], images = [...document.images];
for (const i of images) i.loading = "eager";
Promise.all(images.map(i => i.decode())).then(() => done(""), e => done(String(e)));"""
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
        self.script, self.looks_over = script, bool(axe_source)

    def stop(self):
        bad = [line for line in self.driver.get_log("browser") if line["level"] == "SEVERE"
               and not re.search(r"status of (4\d\d)|/recipients/999999", line["message"])]
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

    def clicked(self, e, twice=False):
        """The window may still be changing its size under it."""
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", e)
        try:
            if twice:
                ActionChains(self.driver).double_click(e).perform()
            else:
                e.click()
        except ElementClickInterceptedException:
            return False
        return True

    def click(self, words, twice=False):
        """The button or link that says so."""
        for e in self.driver.find_elements(By.CSS_SELECTOR, "main button, main a, main label, main summary, nav a, header button"):
            if e.is_displayed() and " ".join(e.text.split()).startswith(words):
                self.taps += 1
                wait_for("a click on " + words, lambda e=e: self.clicked(e, twice), 20)
                return
        raise AssertionError(f"nothing says \"{words}\" on {self.driver.current_url}:\n{self.text()}")

    def picture(self, name, sizes=None):
        """The whole page, as it is at each width; it must not be wider than the window. A page that is open is
        looked at three times as fast as it would be got."""
        d = self.driver
        for width, height in sizes or (self.size,):
            self.resize(width, height)
            wide, window, whole = d.execute_script(
                "const e = document.documentElement; return [e.scrollWidth, window.innerWidth, e.scrollHeight]")
            assert window == width and wide <= width, f"{name}: {wide} wide at {width}"
            if self.looks_over and self.script:
                if not d.execute_script("return !!window.axe"):
                    d.execute_script(axe_source)
                found = d.execute_async_script(AXE_RUN)
                assert not found, f"{name} at {width}: " + "\n".join(found)
                looked_over.add((name, width))
            self.resize(width, min(max(whole, height), 4000))
            if self.script:  # what comes when there is time, is there
                assert not d.execute_async_script(IMAGES), name
            shot = d.execute_cdp_cmd("Page.captureScreenshot", {"optimizeForSpeed": True})
            with open(f"{self.pictures}/{name}-{width}.png", "wb") as f:
                f.write(base64.b64decode(shot["data"]))
        self.resize(*self.size)

    def resize(self, width, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def set_up(self, link, shift):
        self.driver.get(link)
        self.picture("setup")
        found = re.findall(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", self.text())
        self.fill("password", PASSWORD)
        self.fill("again", PASSWORD)
        if found:
            said = subprocess.run(["zbarimg", "-q", "--raw", f"{self.pictures}/setup-{self.size[0]}.png"], check=True,
                                  capture_output=True, text=True, env={**self.h.env, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"}).stdout
            assert said.startswith("otpauth://totp/moidan:") and f"secret={found[0].replace(' ', '')}&" in said, said
            self.fill("code", totp(found[0], totp_step(shift)))
        self.click("Lưu và đăng nhập")
        self.says("Tổng quan")
