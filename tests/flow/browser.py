# SPDX-License-Identifier: Apache-2.0
"""A real browser: two newcomers carry out the first campaign, the second on a telephone; a third, in a browser
without scripts, the next. What they see is kept as pictures; screens.py looks at every screen.
Usage: browser.py MOIDAN PICTURES"""
import os
import re
import sys
import time

from browser_lib import PHONE, WIDE, Browser, By, axe_source, looked_over
from lib import HEADINGS, House, Provider, ROOT, wait_for


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


def a_long_list(h, b):
    """Bytes are seen to go out, then rows to be read; without scripts the page comes again by itself."""
    lines = [f"{i};D-{i};Nguyễn Văn Dài;Nam;1970;Tân Phú;Tổ 1;09{i:08d};Chưa tạo;;" for i in range(20_000, 27_000)]
    path = h.write("dài.csv", "\n".join([HEADINGS, *lines]) + "\n")
    b.open("/imports")
    b.driver.find_element(By.ID, "p-vneid").click()
    b.driver.find_element(By.ID, "file").send_keys(path)
    with h.writer():  # the list has to wait
        if b.script:
            b.driver.set_network_conditions(offline=False, latency=1, download_throughput=8 << 20, upload_throughput=160 << 10)
            b.click("Kiểm tra")
            wait_for("half of the bytes", lambda: 0 < int(b.driver.execute_script(
                "const e = document.querySelector('[data-sending]:not([hidden]) [data-percent]'); return e ? e.textContent : 0")) < 100)
            b.picture("imports-sending")
            b.driver.delete_network_conditions()
        else:
            b.click("Kiểm tra")
        b.says("Đang kiểm tra: dài.csv")
        b.picture("import-checking")
    b.says("7.000")
    b.says("Bỏ, không nhập")  # it came by itself
    b.click("Bỏ, không nhập")
    b.says("Đã bỏ, không nhập gì")


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
    b.click("Trình duyệt", twice=True)
    b.says("cần một người khác duyệt")
    b.says("Đã trình.")


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
    wait_for("the page moves by itself", lambda: "đã đến máy" in b.text() and re.search(r"\b[1-9]\d*/\d+\s+Đã gửi xong", b.text()), 40)
    b.picture("campaign-running")


def a_text_is_tried_as_one_types(b):
    b.open("/templates/vneid/A1")
    b.says("Mẫu này dùng được")
    b.fill("text", "{{ten}} ơi, bấm vào đây")
    b.says("Mẫu này chưa dùng được")
    b.picture("text-refused")


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
    a_long_list(h, author)
    return author


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
        steps, begin = [], time.monotonic()

        def step(name, b):
            """What one of them did, in seconds and in clicks."""
            now = time.monotonic()
            steps.append((name, now - begin - sum(s[1] for s in steps), b.taps))
            b.taps = 0

        author.open("/")
        author.picture("login")
        author.set_up(h.json("user", "add", "lan", "--role", "author", "--title", "Lê Thị Lan")["link"], shift)
        author.picture("home-empty")
        step("the author sets a password and is in", author)
        imports(author)
        step("a list of 1.157 households is checked and taken in", author)
        writes(author)
        step("a campaign is written, with a wrong date on the way, and submitted", author)
        phone = h.add(Browser(h, pictures, PHONE))
        phone.set_up(h.json("user", "add", "duyet", "--role", "approver", "--title", "Trần Văn Duyệt")["link"], shift)
        step("the approver sets a password and the second factor, on a telephone", phone)
        approves(phone)
        step("it is approved and the first messages have arrived", phone)
        for name, seconds, clicks in steps:
            print(f"{seconds:5.1f} s, {clicks} clicks: {name}")
        print(f"first campaign by script: {sum(s[1] for s in steps):.0f} s, {sum(s[2] for s in steps)} clicks")
        a_text_is_tried_as_one_types(author)
        a_long_list(h, author)
        phone.open("/recipients?q=khong-co-ai")
        phone.picture("recipients-none")
        without_scripts(h, pictures, shift)
        print(f"{len(looked_over)} screens without a finding of axe-core" if axe_source else "axe-core was not found")
        assert h.stop() == 0


main()
