// The outlook: sliders → an answer (from the server, or one of the prepared ones) → sentence, picture and tables.
(function () {
  "use strict";
  var page = window.comptometer;
  var data = JSON.parse(document.getElementById("outlook").textContent);
  var choices = data.choices, shown = data.shown, first = data.shown, kept = {}, current = "", off = [];
  var form = document.getElementById("ask"), served = Boolean(page.settings.api);
  var growth = null; // that of the data

  function at(id) { return document.getElementById(id); }
  function value(name) { return form.elements[name].value; }

  // The question

  function prepared() { // the year with an answer that is nearest
    var wanted = Number(value("to"));
    return choices.prepared[value("preset")].reduce(function (best, year) {
      return Math.abs(year - wanted) < Math.abs(best - wanted) ? year : best;
    });
  }

  function asked() {
    var found = new URLSearchParams({ preset: value("preset"), to: value("to") });
    if (growth !== null) found.set("growth", growth);
    off.forEach(function (name) { found.append("without", name); });
    return found;
  }

  function answer() {
    if (served) {
      var query = asked();
      query.set("language", page.settings.language);
      query.set("size", size());
      return page.api("outlook?" + query.toString());
    }
    var name = value("preset") + "-" + prepared();
    if (kept[name]) return Promise.resolve(kept[name]);
    return new Promise(function (done, failed) {
      page.receive = function (given, got) { kept[given] = got; if (given === name) done(got); };
      var root = page.settings.language === "en" ? "" : page.settings.language + "/";
      page.load(root + "outlook/" + name + ".js", function () { failed(new Error(page.say("missing"))); });
    });
  }

  function ask() {
    if (!served) form.elements.to.value = prepared();
    var question = asked().toString();
    current = question;
    remember();
    return answer().then(function (got) {
      if (current !== question) return;
      tell(served ? "" : page.say("outlook-prepared"));
      show(got);
    }).catch(function (error) { if (current === question) tell(error.message); });
  }

  function tell(problem) {
    at("problem").hidden = !problem;
    at("problem").textContent = problem;
  }

  // The answer

  function made(name, text) {
    var element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  function show(got) {
    shown = got;
    at("finding").textContent = got.finding;
    at("start").textContent = got.start;
    at("split").textContent = got.split;
    at("changed").textContent = got.finding;
    controls();
    at("tables").replaceChildren.apply(at("tables"), got.tables.map(table));
    draw();
  }

  function table(one) {
    var section = made("section"), title = made("h2", one.title), note = made("p", one.note), box = made("div");
    title.id = "table-" + one.id;
    note.className = "note";
    box.className = "scroll";
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-labelledby", title.id);
    var grid = made("table"), head = grid.createTHead().insertRow(), body = grid.createTBody();
    grid.dataset.testid = "table-" + one.id;
    one.columns.forEach(function (column) { var cell = made("th", column); cell.scope = "col"; head.appendChild(cell); });
    one.rows.forEach(function (row) {
      var line = body.insertRow();
      row.forEach(function (text, number) {
        var cell = made(number ? "td" : "th", text);
        if (!number) cell.scope = "row";
        line.appendChild(cell);
      });
    });
    box.appendChild(grid);
    section.append(title, note, box);
    return section;
  }

  function controls() {
    at("said-to").textContent = value("to");
    var rate = growth === null ? shown.growth : growth;
    form.elements.growth.value = rate;
    at("said-growth").textContent = "×" + Number(rate).toFixed(1);
    at("spending-field").hidden = !shown.others;
    if (shown.others) {
      form.elements.spending.value = rate / shown.others;
      at("said-spending").textContent = "×" + (rate / shown.others).toFixed(1);
    }
    ["growth", "spending"].forEach(function (name) { form.elements[name].disabled = !served; });
    var legend = at("limits").querySelector("legend");
    at("limits").hidden = !shown.limits.length;
    at("limits").disabled = !served;
    at("limits").replaceChildren.apply(at("limits"), [legend].concat(shown.limits.map(function (limit) {
      var label = made("label"), box = made("input");
      box.type = "checkbox";
      box.name = "limit";
      box.value = limit.id;
      box.checked = off.indexOf(limit.id) < 0;
      label.append(box, " " + limit.label);
      return label;
    })));
  }

  function size() {
    var width = document.getElementById("main").clientWidth - 32;
    return width >= 1000 ? "wide" : width >= 655 ? "middle" : "narrow";
  }

  function draw() {
    var spec = at("chart") && shown.pictures && shown.pictures[size()];
    if (!spec) return;
    at("chart").setAttribute("aria-label", shown.finding);
    page.draw(at("chart"), spec, choices.colours);
  }

  // State in the address: only what differs from the plain page

  function remember() {
    var state = new URLSearchParams();
    if (value("preset") !== choices.plain[0]) state.set("preset", value("preset"));
    if (Number(value("to")) !== choices.plain[1]) state.set("to", value("to"));
    if (growth !== null) state.set("growth", growth);
    if (off.length) state.set("without", off.join(","));
    var hash = state.toString();
    history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
  }

  function recall() {
    var bad = [];
    var state = new URLSearchParams(location.hash.slice(1));
    state.forEach(function (given, name) {
      if (name === "preset" && choices.ends[given]) choosePreset(given);
      else if (name === "growth" && given > 1 && given <= 100) growth = given;
      else if (name === "without" && /^[a-z0-9,-]{1,200}$/.test(given)) off = given.split(",");
      else if (name !== "to") bad.push(name);
    });
    if (state.has("to")) {
      var ends = choices.ends[value("preset")], to = Number(state.get("to"));
      if (to >= ends[0] && to <= ends[1]) form.elements.to.value = to; else bad.push("to");
    }
    return bad;
  }

  function choosePreset(name) {
    form.elements.preset.value = name;
    var ends = choices.ends[name], years = choices.prepared[name];
    form.elements.to.min = ends[0];
    form.elements.to.max = ends[1];
    form.elements.to.value = name === choices.plain[0] ? choices.plain[1] : years[1];
    growth = null;
    off = [];
  }

  // Start

  var delay = 0;
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.addEventListener("reset", function (event) {
    event.preventDefault();
    choosePreset(choices.plain[0]);
    ask();
  });
  form.addEventListener("input", function (event) {
    var name = event.target.name;
    if (name === "preset") choosePreset(value("preset"));
    if (name === "growth") growth = Number(value("growth")).toFixed(1);
    if (name === "spending") growth = (Number(value("spending")) * shown.others).toFixed(2);
    if (name === "limit") {
      off = off.filter(function (other) { return other !== event.target.value; });
      if (!event.target.checked) off.push(event.target.value);
    }
    at("said-to").textContent = value("to");
    if (growth !== null) {
      at("said-growth").textContent = "×" + Number(growth).toFixed(1);
      if (shown.others) at("said-spending").textContent = "×" + (growth / shown.others).toFixed(1);
    }
    clearTimeout(delay);
    delay = setTimeout(ask, 250);
  });
  var width = size();
  window.addEventListener("resize", function () {
    if (size() === width) return;
    width = size();
    if (served) ask(); else draw();
  });
  page.whenTheme(draw);
  var bad = recall();
  controls();
  ask().then(function () { if (bad.length) tell(page.say("ignored", { names: bad.join(", ") })); });
})();
