// The table of chips: the peak of the number format that is chosen, dense and sparse apart; and the picture of trends.
(function () {
  "use strict";
  var page = window.comptometer, made = page.made, numbers = page.numbers;
  var plan = JSON.parse(document.getElementById("catalogue").textContent);

  function folded(text) { return String(text || "").toLowerCase(); }

  function numeric(value, scale, digits) {
    var cell = made("td", undefined, "number");
    if (value) cell.append(numbers.number(value / scale, digits || 3));
    return cell;
  }

  function prepare(rows, value) { // rates in the chosen format, else in the one that a run uses where nobody says it
    var chosen = value("precision");
    rows.forEach(function (row) {
      row.precision = chosen || row.default_precision[0] || "";
      row.dense_peak = row.dense[row.precision] || null;
      row.sparse_peak = row.sparse[row.precision] || null;
      row.per_watt = row.dense_peak && row.tdp_watt ? row.dense_peak / row.tdp_watt : null;
    });
  }

  function holds(row, value) {
    var year = Number(row.available.slice(0, 4)) || null, since = value("since"), until = value("until");
    return folded(row.name + " " + row.also + " " + row.family + " " + row.vendor).indexOf(folded(value("q"))) >= 0 &&
      (!value("precision") || row.dense_peak || row.sparse_peak) && (!value("vendor") || row.vendor === value("vendor")) &&
      (!value("kind") || row.kind === value("kind")) && (!value("sparse") || row.sparse_peak) &&
      (!since || (year && year >= Number(since))) && (!until || (year && year <= Number(until)));
  }

  function line(row) {
    var tr = made("tr"), head = made("th"), anchor = made("a", row.name);
    anchor.href = page.settings.home + "chips/" + row.id.split("/").map(encodeURIComponent).join("/") + ".html";
    head.scope = "row";
    head.appendChild(anchor);
    tr.append(
      head, made("td", row.vendor), made("td", row.available, "nowrap"), made("td", row.precision),
      numeric(row.dense_peak, 1e12, 4), numeric(row.sparse_peak, 1e12, 4), numeric(row.tdp_watt, 1),
      numeric(row.per_watt, 1e9), numeric(row.memory_bytes, 1e9), numeric(row.memory_bytes_per_second, 1e9, 4)
    );
    return tr;
  }

  page.catalogue({
    line: line, holds: holds, prepare: prepare,
    columns: ["id", "name", "vendor", "family", "kind", "available", "precision", "dense_peak", "sparse_peak", "tdp_watt",
      "memory_bytes", "memory_bytes_per_second", "dies_per_unit", "devices_per_unit"]
  });

  // The picture, as wide as there is room

  var pictures = {}, chart = document.getElementById("chart"), rowsOf = page.receive, wanted = "";
  page.receive = function (name, data) {
    if (name.indexOf("chips-") !== 0) { rowsOf(name, data); return; }
    pictures[name.slice(6)] = data;
    draw();
  };

  function size() {
    var width = document.getElementById("main").clientWidth - 32;
    return width >= 1000 ? "wide" : width >= 655 ? "middle" : "narrow";
  }

  function draw() {
    if (pictures[size()]) { page.draw(chart, pictures[size()], plan.colours); return; }
    if (wanted === size()) return; // it is on its way
    wanted = size();
    page.load((page.settings.language === "en" ? "" : page.settings.language + "/") + "chips/picture-" + wanted + ".js",
      function () { /* the still picture stays */ });
  }

  var width = size();
  window.addEventListener("resize", function () { if (size() !== width) { width = size(); draw(); } });
  page.whenTheme(draw);
  draw();
})();
