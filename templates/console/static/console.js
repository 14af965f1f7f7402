/* SPDX-License-Identifier: Apache-2.0 */
/* Pages work without this file; with it, progress moves by itself. */
"use strict";
(function () {
	var live = document.querySelector("[data-live]");

	if (!live || !window.EventSource)
		return;
	function listen() {
		var source = new EventSource(live.getAttribute("data-live"));
		source.addEventListener("progress", function (event) {
			show(source, event);
		});
		/* The browser comes again by itself, unless it was refused: too many at once, or we were not there. */
		source.addEventListener("error", function () {
			if (source.readyState === EventSource.CLOSED)
				setTimeout(listen, 5000);
		});
	}
	function show(source, event) {
		var now = JSON.parse(event.data);
		live.querySelectorAll("[data-n]").forEach(function (cell) {
			var n = now[cell.getAttribute("data-n")];
			if (n !== undefined)
				cell.textContent = String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ".");
		});
		live.querySelectorAll("progress").forEach(function (bar) {
			bar.max = now.total || 1;
			bar.value = now.finished;
		});
		if (now.state !== live.getAttribute("data-state")) {
			source.close();
			window.location.reload();
		}
	}
	listen();
})();
/* What is being counted is asked for again. */
(function () {
	var again = document.querySelector("[data-again]");

	if (again)
		setTimeout(function () {
			window.location.reload();
		}, 1000 * again.getAttribute("data-again"));
})();
/* A text that is being written is tried as one types: the section that the button would show again. */
(function () {
	var form = document.querySelector("form[data-check]"), timer = null, asked = 0;

	if (!form || !window.fetch || !window.DOMParser)
		return;
	form.addEventListener("input", function () {
		clearTimeout(timer);
		timer = setTimeout(function () {
			var fields = new URLSearchParams(new FormData(form)), mine = ++asked;
			fields.set("do", "check");
			fetch(form.action, {method: "POST", body: fields, headers: {Accept: "text/html"}}).then(function (answer) {
				return answer.ok ? answer.text() : "";
			}).then(function (page) {
				var id = form.getAttribute("data-check");
				var now = new DOMParser().parseFromString(page, "text/html").getElementById(id);
				if (now && mine === asked)
					document.getElementById(id).innerHTML = now.innerHTML;
			}).catch(function () {});
		}, 700);
	});
})();
/* Long work on a list tells how far it is; where it ends the page is another. */
(function () {
	var work = document.querySelector("[data-errand]");

	if (!work || !window.fetch)
		return;
	function number(n) {
		return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ".");
	}
	function look() {
		fetch(work.getAttribute("data-errand"), {headers: {Accept: "application/json"}}).then(function (answer) {
			return answer.json();
		}).then(function (now) {
			var bar = work.querySelector("progress");
			if (now.state !== work.getAttribute("data-state")) {
				window.location.reload();
				return;
			}
			work.querySelectorAll("[data-n]").forEach(function (cell) {
				cell.textContent = number(now[cell.getAttribute("data-n")]);
			});
			if (now.of > 0) {
				work.querySelector("[data-known]").hidden = false;
				bar.max = now.of;
				bar.value = now.done;
			}
			setTimeout(look, 1000);
		}).catch(function () {
			setTimeout(look, 5000);
		});
	}
	setTimeout(look, 500);
})();
/* How much of a file has gone out; the answer is shown as the browser itself would. */
document.addEventListener("submit", function (event) {
	var form = event.target, sending = form.querySelector("[data-sending]");

	if (!form.hasAttribute("data-upload") || !sending || !window.FormData || !window.DOMParser)
		return;
	var request = new XMLHttpRequest();
	event.preventDefault();
	if (form.getAttribute("data-upload") === "going")
		return;
	form.setAttribute("data-upload", "going");
	sending.hidden = false;
	request.upload.addEventListener("progress", function (now) {
		var percent = now.lengthComputable && now.total > 0 ? Math.floor(now.loaded * 100 / now.total) : 0;
		sending.querySelector("progress").value = percent;
		sending.querySelector("[data-percent]").textContent = percent;
	});
	/* Whoever comes back to the page may send again. */
	request.addEventListener("loadend", function () {
		form.setAttribute("data-upload", "");
		sending.hidden = true;
	});
	request.addEventListener("load", function () {
		var page = new DOMParser().parseFromString(request.responseText, "text/html"), main = page.getElementById("main");
		if (request.status === 200 && request.responseURL) {
			window.location.assign(request.responseURL);
		} else if (main) {
			document.title = page.title;
			document.getElementById("main").replaceWith(main);
			main.focus();
			window.scrollTo(0, 0);
		} else {
			form.submit();
		}
	});
	/* Without an answer the browser may ask by itself, and say what is wrong. */
	request.addEventListener("error", function () {
		form.submit();
	});
	request.open("POST", form.action);
	request.setRequestHeader("Accept", "text/html");
	request.send(new FormData(form));
});
/* Who presses twice means once: a form on its way is not sent again, until the page is seen anew or nothing came. */
(function () {
	function let_go() {
		document.querySelectorAll("form[data-gone]").forEach(function (form) {
			form.removeAttribute("data-gone");
		});
	}
	document.addEventListener("submit", function (event) {
		var form = event.target;
		if (event.defaultPrevented || form.method !== "post")
			return;
		if (form.hasAttribute("data-gone")) {
			event.preventDefault();
			return;
		}
		form.setAttribute("data-gone", "");
		setTimeout(let_go, 10000);
	});
	window.addEventListener("pageshow", let_go);
})();
