# SPDX-License-Identifier: Apache-2.0
"""A real browser: two newcomers carry out the first campaign, the second on a telephone; a third, in a browser
without scripts, the next. What they see is kept as pictures; screens.py looks at every screen.
Usage: browser.py MOIDAN PICTURES"""
import os
import re
import sys
import time

from browser_lib import PHONE, WIDE, Browser, By, axe_source, looked_over
from lib import House, Provider, ROOT, wait_for


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
        a_text_is_tried_as_one_types(author)
        phone.open("/recipients?q=khong-co-ai")
        phone.picture("recipients-none")
        without_scripts(h, pictures, shift)
        print(f"{len(looked_over)} screens without a finding of axe-core" if axe_source else "axe-core was not found")
        assert h.stop() == 0


main()
