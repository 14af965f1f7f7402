/* SPDX-License-Identifier: Apache-2.0 */
/* Pages work without this file; with it, progress moves by itself. */
"use strict";
(function () {
	var live = document.querySelector("[data-live]");

	if (!live || !window.EventSource)
		return;
	var source = new EventSource(live.getAttribute("data-live"));
	source.addEventListener("progress", function (event) {
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
	});
})();
