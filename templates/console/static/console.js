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
