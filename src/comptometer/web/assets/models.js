// The table of models and the tray in which up to six are compared.
(function () {
  "use strict";
  var page = window.comptometer, made = page.made, numbers = page.numbers;
  var plan = JSON.parse(document.getElementById("catalogue").textContent);
  var picked = [], byId = {}, tray = document.getElementById("tray");

  function folded(text) { return String(text || "").toLowerCase(); }
  function word(prefix, value) { return page.say(prefix + value); }
  function link(row) {
    var anchor = made("a", row.name);
    anchor.href = page.settings.home + "models/" + row.id.split("/").map(encodeURIComponent).join("/") + ".html";
    return anchor;
  }

  function cell(name, content, className) {
    var element = made(name, undefined, className);
    if (content !== undefined && content !== null) element.append(content);
    return element;
  }

  function line(row) {
    var tr = made("tr"), pick = made("td", undefined, "pick"), box = made("input");
    box.type = "checkbox";
    box.checked = picked.indexOf(row.id) >= 0;
    box.setAttribute("aria-label", page.say("models-pick", { name: row.name }));
    box.addEventListener("change", function () { toggle(row.id); });
    box.dataset.id = row.id;
    pick.appendChild(box);
    var head = cell("th", link(row)), known = row.training_compute_flop;
    head.scope = "row";
    tr.append(
      pick, head, cell("td", row.developer), cell("td", row.published, "nowrap"),
      cell("td", known ? numbers.number(known, 2) : null, "number"),
      cell("td", known ? numbers.spread(row.p5, row.p95) : null, "nowrap"),
      cell("td", word("models-verdict-", row.verdict), "nowrap verdict-" + row.verdict),
      cell("td", row.parameters ? numbers.amount(row.parameters) : null, "number"),
      cell("td", row.domain.map(function (name) { return word("models-kind-", name); }).join(page.say("models-list")))
    );
    return tr;
  }

  function holds(row, value) {
    var year = row.published ? Number(row.published.slice(0, 4)) : null;
    var sought = folded(value("q")), since = value("since"), until = value("until");
    return (!sought || folded(row.name + " " + row.also + " " + row.developer).indexOf(sought) >= 0) &&
      (!value("domain") || row.domain.indexOf(value("domain")) >= 0) &&
      folded(row.developer).indexOf(folded(value("organization"))) >= 0 &&
      (!value("country") || String(row.country || "").split("; ").indexOf(value("country")) >= 0) &&
      (!value("open") || row.open_weights === Number(value("open"))) &&
      (!value("verdict") || row.verdict === value("verdict")) &&
      (!value("method") || row.methods.indexOf(value("method")) >= 0) &&
      (!value("origin") || row.origin === value("origin")) &&
      (!value("notable") || row.notable === Number(value("notable"))) &&
      (!since || (year !== null && year >= Number(since))) && (!until || (year !== null && year <= Number(until)));
  }

  // The tray

  function toggle(id) {
    var place = picked.indexOf(id);
    if (place >= 0) picked.splice(place, 1);
    else if (picked.length < plan.most) picked.push(id);
    else control.tell(page.say("models-most", { most: plan.most }));
    document.querySelectorAll("input[data-id]").forEach(function (box) { box.checked = picked.indexOf(box.dataset.id) >= 0; });
    compare();
    control.remember();
  }

  var WORDS = { published: 1, developer: 1, chip: 1 };
  var AMOUNTS = { parameters: 1, tokens: 1, chips: 1, chip_hours: 1 };
  var COMPARED = ["published", "developer", "parameters", "tokens", "training_compute_flop", "spread", "operations_flop",
    "parameters_tokens_flop", "hardware_time_flop", "reported_flop", "ratio", "verdict", "rank_at_release", "chip", "chips", "chip_hours", "over"];

  function compare() {
    var rows = picked.map(function (id) { return byId[id]; });
    tray.hidden = !rows.length;
    document.getElementById("tray-hint").hidden = rows.length > 1;
    var buttons = document.getElementById("picked");
    buttons.replaceChildren.apply(buttons, rows.map(function (row) {
      var button = made("button", row.name + " ×");
      button.type = "button";
      button.setAttribute("aria-label", page.say("models-drop", { name: row.name }));
      button.addEventListener("click", function () { toggle(row.id); });
      return button;
    }));
    var table = document.getElementById("compared"), head = made("tr"), first = made("th", page.say("models-quantity"));
    first.scope = "col";
    head.appendChild(first);
    rows.forEach(function (row) { var one = cell("th", link(row)); one.scope = "col"; head.appendChild(one); });
    table.tHead.replaceChildren(head);
    var lines = COMPARED.filter(function (field) { return field === "over" ? rows.length > 1 && rows[0].training_compute_flop : rows.some(function (row) { return told(field, row, rows) !== null; }); })
      .map(function (field) {
        var tr = made("tr"), name = made("th", page.say("models-" + field, { name: rows[0].name }));
        name.scope = "row";
        tr.appendChild(name);
        rows.forEach(function (row) { tr.appendChild(cell("td", told(field, row, rows), field === "verdict" ? "verdict-" + row.verdict : "")); });
        return tr;
      });
    if (rows.some(function (row) { return row.training_compute_flop; })) lines.splice(6, 0, bars(rows));
    table.tBodies[0].replaceChildren.apply(table.tBodies[0], lines);
    table.hidden = !rows.length;
  }

  function told(field, row, rows) {
    if (field === "spread") return row.training_compute_flop ? numbers.spread(row.p5, row.p95) : null;
    if (field === "verdict") return word("models-verdict-", row.verdict);
    if (field === "over") return row.training_compute_flop && rows[0].training_compute_flop ? numbers.number(row.training_compute_flop / rows[0].training_compute_flop, 3) : null;
    var value = row[field];
    if (value === null || value === undefined || value === "") return null;
    if (WORDS[field]) return String(value);
    return AMOUNTS[field] ? numbers.amount(value) : field === "rank_at_release" ? String(value) : numbers.number(value, field === "ratio" ? 3 : 2);
  }

  function bars(rows) { // the intervals on one logarithmic scale
    var known = rows.filter(function (row) { return row.training_compute_flop; });
    var low = Math.min.apply(null, known.map(function (row) { return Math.log10(row.p5); }));
    var high = Math.max.apply(null, known.map(function (row) { return Math.log10(row.p95); }));
    var air = Math.max((high - low) * 0.04, 0.02);
    low -= air; high += air;
    function place(value) { return 100 * (Math.log10(value) - low) / (high - low); }
    var tr = made("tr"), head = made("th", page.say("models-range"));
    head.scope = "row";
    tr.appendChild(head);
    rows.forEach(function (row) { tr.appendChild(cell("td", row.training_compute_flop ? bar(row, place) : null)); });
    return tr;
  }

  function bar(row, place) {
    var space = "http://www.w3.org/2000/svg", picture = document.createElementNS(space, "svg");
    picture.setAttribute("class", "range");
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", row.name + ": 90% " + numbers.plain(row.p5, 2) + " – " + numbers.plain(row.p95, 2) + " FLOP");
    [["range-50", place(row.p5), Math.max(place(row.p95) - place(row.p5), 0.5) + "%", 5, 6], ["range-mid", place(row.training_compute_flop), 2, 1, 14]].forEach(function (one) {
      var rect = document.createElementNS(space, "rect");
      rect.setAttribute("class", one[0]);
      rect.setAttribute("x", one[1] + "%");
      rect.setAttribute("width", one[2]);
      rect.setAttribute("y", one[3]);
      rect.setAttribute("height", one[4]);
      picture.appendChild(rect);
    });
    return picture;
  }

  var control = page.catalogue({
    line: line,
    holds: holds,
    key: function (row, field) {
      if (field === "verdict") return word("models-verdict-", row.verdict);
      if (field === "p95") return row.p95 && row.p95 / row.p5; // how wide
      return field === "domain" ? row.domain.join() : row[field];
    },
    received: function (rows) { rows.forEach(function (row) { byId[row.id] = row; }); },
    state: function () { return picked.length ? [["compare", picked.join(",")]] : []; },
    recall: function (name, given) {
      if (name !== "compare") return false;
      var asked = given.split(","), known = asked.filter(function (id, place) { return Object.hasOwn(byId, id) && asked.indexOf(id) === place; });
      picked = known.slice(0, plan.most);
      compare();
      return known.length === asked.length && known.length <= plan.most;
    }
  });
})();
