// A table of the catalogue: facets, sorting, a few rows at a time, and a state in the address that holds only what
// differs from the plain table. What a row shows, and which rows a facet leaves, the section's own script says.
(function () {
  "use strict";
  var page = window.comptometer;

  function at(id) { return document.getElementById(id); }

  function made(name, text, className) {
    var element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    return element;
  }

  // Numbers as the templates write them

  function digitsOf(value, digits) { // mantissa and power of ten, or a plain number
    if (value === 0) return ["0", ""];
    var parts = value.toExponential(digits - 1).split("e"), power = Number(parts[1]);
    if (power >= -4 && power < Math.max(digits + 2, 5)) return [trimmed(Number(value.toPrecision(digits)).toFixed(Math.max(0, digits - 1 - power))), ""];
    return [trimmed(parts[0]), String(power)];
  }

  function trimmed(text) { return text.indexOf(".") < 0 ? text : text.replace(/0+$/, "").replace(/\.$/, ""); }

  function number(value, digits) { // nodes: an exponent is raised
    var parts = digitsOf(value, digits || 3), whole = document.createDocumentFragment();
    if (!parts[1]) { whole.append(parts[0]); return whole; }
    whole.append((parts[0] === "1" ? "" : parts[0] + "×") + "10", made("sup", parts[1].replace("-", "−")));
    return whole;
  }

  function plain(value, digits) {
    var parts = digitsOf(value, digits || 3);
    return parts[1] ? parts[0] + "e" + parts[1] : parts[0];
  }

  function spread(low, high) { // as many digits as keep the ends apart, three at most
    var digits = plain(low, 2) === plain(high, 2) ? 3 : 2, whole = document.createDocumentFragment();
    whole.append(number(low, digits), " – ", number(high, digits));
    return whole;
  }

  var UNITS = { en: [[1e12, "T"], [1e9, "B"], [1e6, "M"]], zh: [[1e12, "万亿"], [1e8, "亿"], [1e4, "万"]] };
  function amount(value, digits) {
    var units = UNITS[page.settings.language], kept = digits || 3;
    for (var one = 0; one < units.length; one++) {
      if (Math.abs(value) < units[one][0] * 0.9995) continue;
      var scaled = value / units[one][0];
      return plain(scaled, Math.max(kept, Math.min(scaled.toFixed(0).length, 5))) + units[one][1];
    }
    return plain(value, kept);
  }

  // The table

  page.catalogue = function (section) {
    var plan = JSON.parse(at("catalogue").textContent);
    var form = at("facets"), table = at("rows"), body = table.tBodies[0];
    var fields = Array.from(form.elements).filter(function (one) { return one.name; });
    var everything = [], kept = [], shown = plan.step, order = plan.order, bad = [];

    function value(name) { return form.elements[name].value.trim(); }

    function plainOf(input) { // what it is when nothing is chosen
      return input.tagName === "SELECT" ? (Array.from(input.options).find(function (one) { return one.defaultSelected; }) || input.options[0]).value : input.defaultValue;
    }

    function choose() {
      if (section.prepare) section.prepare(everything, value);
      kept = everything.filter(function (row) { return section.holds(row, value); });
      sort();
      draw();
      remember();
    }

    function sort() {
      var falling = order[0] === "-", field = order.replace("-", ""), sign = falling ? -1 : 1;
      kept = kept.map(function (row, place) { return [row, section.key ? section.key(row, field) : row[field], place]; })
        .sort(function (one, other) { return compare(one[1], other[1], sign) || one[2] - other[2]; })
        .map(function (entry) { return entry[0]; });
      Array.from(table.tHead.rows[0].cells).forEach(function (cell) {
        if (cell.dataset.field === field) cell.setAttribute("aria-sort", falling ? "descending" : "ascending");
        else cell.removeAttribute("aria-sort");
      });
    }

    function compare(one, other, sign) { // what has no value comes last either way
      var none = one === null || one === undefined || one === "", nothing = other === null || other === undefined || other === "";
      if (none || nothing) return none - nothing;
      if (typeof one === "string") { one = one.toLowerCase(); other = String(other).toLowerCase(); }
      return one < other ? -sign : one > other ? sign : 0;
    }

    function draw() {
      var part = document.createDocumentFragment();
      kept.slice(0, shown).forEach(function (row) { part.appendChild(section.line(row)); });
      body.replaceChildren(part);
      table.classList.add("ready");
      at("more").hidden = kept.length <= shown;
      at("count").textContent = page.say("catalogue-count", { n: kept.length, all: everything.length, shown: Math.min(shown, kept.length) });
      if (section.drawn) section.drawn(kept);
    }

    function remember() {
      var state = new URLSearchParams();
      fields.forEach(function (input) { if (input.value.trim() !== plainOf(input)) state.append(input.name, input.value.trim()); });
      if (order !== plan.order) state.append("sort", order);
      (section.state ? section.state() : []).forEach(function (pair) { state.append(pair[0], pair[1]); });
      var hash = state.toString();
      history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
    }

    function recall() {
      new URLSearchParams(location.hash.slice(1)).forEach(function (given, name) {
        var input = fields.find(function (one) { return one.name === name; });
        if (input) set(input, given.slice(0, 80), name);
        else if (name === "sort" && table.tHead.querySelector('th[data-field="' + CSS.escape(given.replace("-", "")) + '"]')) order = given;
        else if (!(section.recall && section.recall(name, given.slice(0, 2000)))) bad.push(name);
      });
    }

    function set(input, to, name) {
      if (input.tagName === "SELECT" && !Array.from(input.options).some(function (one) { return one.value === to; })) { bad.push(name); return; }
      if (input.type === "number" && !/^\d{1,4}$/.test(to)) { bad.push(name); return; }
      input.value = to;
    }

    function tell(text) { at("problem").hidden = !text; at("problem").textContent = text; }

    Array.from(table.tHead.rows[0].cells).forEach(function (cell) {
      if (!cell.dataset.field) return;
      var sorter = made("button", cell.textContent);
      sorter.type = "button";
      cell.textContent = "";
      cell.appendChild(sorter);
      sorter.addEventListener("click", function () {
        var field = cell.dataset.field, first = cell.classList.contains("number") || cell.dataset.first === "most" ? "-" : "";
        order = order === first + field ? (first ? field : "-" + field) : first + field;
        shown = plan.step;
        sort();
        draw();
        remember();
      });
    });
    var delay = 0;
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.addEventListener("reset", function () { setTimeout(function () { order = plan.order; shown = plan.step; tell(""); choose(); }, 0); });
    form.addEventListener("input", function (event) {
      clearTimeout(delay);
      shown = plan.step;
      delay = setTimeout(choose, event.target.tagName === "INPUT" ? 150 : 0);
    });
    at("more").addEventListener("click", function () { shown += 5 * plan.step; draw(); });
    at("take-shown").addEventListener("click", function () {
      var columns = section.columns || Object.keys(everything[0] || {});
      page.save("comptometer-" + plan.name + ".csv", page.csv(columns, kept.map(function (row) {
        return columns.map(function (name) { return Array.isArray(row[name]) ? row[name].join("; ") : row[name]; });
      })), "text/csv");
    });
    if (window.matchMedia("(max-width: 40rem)").matches) at("filters").open = false; // they would fill the first screen

    page.receive = function (name, data) {
      if (name !== plan.name) return;
      everything = data.rows.map(function (cells) {
        var row = {};
        data.fields.forEach(function (field, number) { row[field] = cells[number]; });
        return row;
      });
      if (section.received) section.received(everything);
      recall();
      choose();
      if (bad.length) tell(page.say("ignored", { names: bad.join(", ") }));
    };
    page.load(plan.name + "/rows.js", function () { tell(page.say("missing")); });
    return { redraw: draw, remember: remember, tell: tell };
  };

  page.made = made;
  page.numbers = { number: number, plain: plain, spread: spread, amount: amount };
})();
