// The home page: what is asked → an answer (from the server, or one of the prepared ones) → figures, chart and table.
(function () {
  "use strict";
  var page = window.comptometer;
  var data = JSON.parse(document.getElementById("trend").textContent);
  var choices = data.choices, shown = data.shown, kept = {}, view = null, hidden = [], current = "";
  var form = document.getElementById("ask");
  var ASKED = ["quantity", "against", "since", "select", "domain", "organization", "country", "open-weights", "confidence"];
  var PREPARED_ONLY = ["since", "select", "domain"]; // of which files have one value beside another quantity
  var STATE = ["tab"].concat(ASKED, ["yScale", "show", "q", "focus"]);
  var focus = "", tab = "tab-chart";
  kept[""] = null; // the plain answer comes without its pictures

  function at(id) { return document.getElementById(id); }
  var boxes = Array.from(document.querySelectorAll("#overlays input"));
  function overlays() { return boxes.filter(function (box) { return box.checked; }).map(function (box) { return box.value; }); }
  function field(name) { return form.elements[name]; }
  function value(name) { return field(name).value.trim(); }

  // The question

  function related() { return value("against") !== "date"; } // one quantity against another, and not against the date
  function scale() { return related() ? "log" : value("yScale"); }

  function fitting() { // what means nothing beside the rest of the question is disabled
    Array.from(field("against").options).forEach(function (option) { option.disabled = option.value === value("quantity"); });
    if (value("against") === value("quantity")) field("against").value = "date";
    field("yScale").disabled = related();
    PREPARED_ONLY.forEach(function (name) { field(name).disabled = related() && !page.settings.api; });
  }

  function asked() { // only what differs from the plain question, in a fixed order
    var found = new URLSearchParams();
    ASKED.forEach(function (name) {
      if (!field(name).disabled && value(name) !== (choices.plain[name] || "")) found.append(name, value(name));
    });
    return found.toString();
  }

  function nearest(question) { // the prepared question with the same period, models and domain
    var found = new URLSearchParams(question);
    ["organization", "country", "open-weights", "confidence"].forEach(function (name) { found.delete(name); });
    if (found.has("against")) return choices.presets.indexOf(found.toString()) >= 0 ? found.toString() : null;
    if (found.has("quantity")) { found.delete("select"); found.delete("domain"); }
    return choices.presets.indexOf(found.toString()) >= 0 ? found.toString() : "";
  }

  function fetched(question) {
    var path = new URLSearchParams(question), sides = { y: value("quantity"), x: value("against") };
    path.set("language", page.settings.language);
    path.set("size", size());
    if (!related()) path.set("scale", scale());
    else {
      Object.keys(sides).forEach(function (name) { path.set(name, sides[name]); });
      ["quantity", "against"].forEach(function (name) { path.delete(name); });
    }
    return page.api((related() ? "relation?" : "picture?") + path.toString());
  }

  function prepared(question) {
    var wanted = nearest(question);
    if (wanted === null) return Promise.reject(new Error(page.say("nopair", { pairs: pairs() })));
    if (kept[wanted]) return Promise.resolve(kept[wanted]);
    return new Promise(function (done, failed) {
      page.receive = function (name, answer) { kept[name] = answer; if (name === wanted) done(answer); };
      var name = wanted ? wanted.split("&").join("_").split("=").join("-") : "plain";
      page.load(page.settings.language === "en" ? "trend/" + name + ".js" : page.settings.language + "/trend/" + name + ".js",
        function () { failed(new Error(page.say("missing"))); });
    });
  }

  function pairs() { // the prepared ones, as the page names them
    return choices.presets.map(function (one) { return new URLSearchParams(one); })
      .filter(function (one) { return one.has("against"); })
      .map(function (one) { return named(one.get("quantity") || choices.plain.quantity, "quantity") + " × " + named(one.get("against"), "against"); })
      .join(", ");
  }

  function free(question, answer) { // rows that a filter leaves, under the line that was prepared
    if (question === answer.asked) return answer;
    var organization = value("organization").toLowerCase(), country = value("country");
    var open = value("open-weights"), confidence = value("confidence");
    var rows = answer.points.filter(function (row) {
      return row.organization.toLowerCase().indexOf(organization) >= 0 && (row.country || "").indexOf(country) >= 0 &&
        (!open || row.open === open) && (!confidence || row.confidence === confidence);
    });
    return Object.assign({}, answer, { points: rows, free: true });
  }

  function ask() {
    fitting();
    var question = asked();
    current = question;
    remember();
    var key = question + " " + scale() + " " + size();
    var answer = page.settings.api
      ? (kept[key] ? Promise.resolve(kept[key]) : fetched(question).then(function (got) { kept[key] = got; return got; }))
      : prepared(question).then(function (got) { return got.problem ? got : free(question, got); });
    return answer.then(function (got) {
      if (current !== question) return;
      if (got.problem) throw new Error(got.problem);
      tell(got.free ? page.say("free") : got.sides && !page.settings.api ? page.say("pairs") : "");
      show(got);
    }).catch(function (error) { if (current === question) tell(error.message); });
  }

  function tell(problem) {
    at("problem").hidden = !problem;
    at("problem").textContent = problem;
  }

  // The answer

  var speaking = 0, heading = at("heading").textContent;
  function named(name, of) { return field(of).querySelector('[value="' + name + '"]').textContent; }
  function titled() { // what the page is about now
    var y = value("quantity"), sides = { y: named(y, "quantity"), x: named(value("against"), "against") };
    return related() ? page.say("heading-pair", sides) : y === choices.plain.quantity ? heading : page.say("heading", sides);
  }
  function show(answer) {
    shown = answer;
    at("heading").textContent = titled();
    at("finding").textContent = answer.title;
    at("definition").textContent = answer.definition;
    at("subtitle").textContent = answer.subtitle;
    notes(answer);
    at("chart").setAttribute("aria-label", answer.description);
    figures(answer.headline);
    kinds(answer.kinds);
    rows(answer);
    clearTimeout(speaking);
    speaking = setTimeout(function () {
      at("changed").textContent = answer.headline.map(function (one) {
        return one.about + ": " + one.value + (one.range ? ", " + one.range : "");
      }).join("; ");
    }, 300);
    return draw();
  }

  function notes(answer) { // what is drawn says where it comes from
    boxes.forEach(function (box) { box.disabled = !(box.value in answer.overlays); });
    var more = overlays().map(function (name) { return answer.overlays[name]; }).filter(Boolean);
    lines(at("note"), more.concat(answer.note).join("\n"));
  }

  function lines(element, text) {
    element.replaceChildren();
    text.split("\n").forEach(function (line, number) {
      if (number) element.appendChild(document.createElement("br"));
      element.appendChild(document.createTextNode(line));
    });
  }

  function made(name, text, className) {
    var element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    return element;
  }

  function figures(found) {
    at("figures").replaceChildren.apply(at("figures"), found.map(function (one) {
      var box = made("div");
      box.append(made("dd", one.value, "value"), made("dt", one.about), made("dd", one.range, "range"));
      return box;
    }));
  }

  function kinds(found) {
    var group = at("kinds");
    group.replaceChildren.apply(group, found.map(function (kind) {
      var button = made("button");
      button.type = "button";
      button.setAttribute("aria-pressed", String(hidden.indexOf(kind.name) < 0));
      button.append(symbol(kind), made("span", kind.name + " (" + kind.count + ")"));
      button.addEventListener("click", function () {
        var place = hidden.indexOf(kind.name);
        if (place < 0) hidden.push(kind.name); else hidden.splice(place, 1);
        button.setAttribute("aria-pressed", String(place >= 0));
        signal("hidden", hidden.slice());
      });
      return button;
    }));
  }

  var SHAPES = {
    circle: "M8 2a6 6 0 1 0 .01 0z", square: "M3 3h10v10H3z", "triangle-up": "M8 2l6.5 11h-13z",
    "triangle-down": "M8 14L1.5 3h13z", diamond: "M8 1l6 7-6 7-6-7z", cross: "M6 2h4v4h4v4h-4v4H6v-4H2V6h4z"
  };
  function symbol(kind) {
    var space = "http://www.w3.org/2000/svg";
    var picture = document.createElementNS(space, "svg"), path = document.createElementNS(space, "path");
    picture.setAttribute("width", 16); picture.setAttribute("height", 16); picture.setAttribute("aria-hidden", "true");
    path.setAttribute("d", SHAPES[kind.shape]);
    path.setAttribute("fill", page.dark() ? choices.colours[kind.colour] : kind.colour);
    picture.appendChild(path);
    return picture;
  }

  function rows(answer) {
    var table = at("rows"), columns = Object.keys(answer.columns);
    at("rows-count").textContent = page.say("rows", { n: answer.points.length });
    var head = made("tr");
    columns.forEach(function (name) { var cell = made("th", answer.columns[name]); cell.scope = "col"; head.appendChild(cell); });
    table.tHead.replaceChildren(head);
    var body = document.createDocumentFragment();
    byDate(answer.points).reverse().forEach(function (row) {
      var line = made("tr");
      line.tabIndex = 0;
      columns.forEach(function (name, number) {
        var cell = made(number ? "td" : "th", row[name]);
        if (!number) cell.scope = "row";
        line.appendChild(cell);
      });
      line.addEventListener("focus", function () { point(row); });
      line.addEventListener("keydown", walkRows);
      body.appendChild(line);
    });
    table.tBodies[0].replaceChildren(body);
  }

  function walkRows(event) {
    var next = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (!next) return;
    event.preventDefault();
    if (event.currentTarget[next]) event.currentTarget[next].focus();
  }

  function byDate(points) {
    return points.slice().sort(function (one, other) { return one.date < other.date ? -1 : one.date > other.date ? 1 : 0; });
  }

  // The chart

  function size() {
    var width = at("panel-chart").clientWidth || document.documentElement.clientWidth - 32;
    return width >= 1000 ? "wide" : width >= 655 && page.settings.api ? "middle" : "narrow"; // files have no middle one
  }

  function draw() {
    var spec = shown.pictures && shown.pictures[scale() + " " + size()];
    if (!spec) return page.settings.api ? undefined : ask();
    var whole = Object.assign({}, spec, { datasets: Object.assign({}, spec.datasets, { points: shown.points }) });
    return page.draw(at("chart"), whole, choices.colours).then(function (drawn) {
      if (!drawn) return;
      view = drawn;
      signal("hidden", hidden.slice());
      signal("overlays", overlays());
      signal("sought", value("q").toLowerCase());
      signal("focused", focus);
    });
  }

  function signal(name, to) { if (view) view.signal(name, to).runAsync(); }

  function point(row) {
    focus = row ? row.name : "";
    signal("focused", focus);
    at("facts").textContent = row ? Object.keys(shown.columns).map(function (name) {
      return name === "name" ? row[name] : shown.columns[name] + " " + row[name];
    }).join(" · ") : "";
    remember();
  }

  at("chart-frame").addEventListener("keydown", function (event) {
    var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step && event.key !== "Escape") return;
    event.preventDefault();
    if (!step) { point(null); return; }
    var ordered = byDate(shown.points).filter(function (row) { return hidden.indexOf(row.kind) < 0; });
    var place = ordered.findIndex(function (row) { return row.name === focus; });
    point(ordered[place < 0 ? (step > 0 ? 0 : ordered.length - 1) : (place + step + ordered.length) % ordered.length]);
  });

  // State in the address: only what differs from the plain page, in a fixed order

  function remember() {
    var state = new URLSearchParams();
    STATE.forEach(function (name) {
      if (name === "tab") { if (tab !== "tab-chart") state.append("tab", tab.slice(4)); return; }
      if (name === "show") { if (overlays().length) state.append("show", overlays().join(",")); return; }
      if (name === "focus") { if (focus) state.append("focus", focus); return; }
      if (name === "since") { if (value("since") !== choices.plain.since) state.append("time", value("since") + ".."); return; }
      var plain = name === "yScale" ? "log" : choices.plain[name] || "";
      if (value(name) !== plain) state.append(name, value(name));
    });
    var hash = state.toString();
    history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
  }

  function recall() {
    var bad = [];
    new URLSearchParams(location.hash.slice(1)).forEach(function (given, name) {
      if (name === "tab") {
        if (at("tab-" + given)) tab = "tab-" + given; else bad.push(name);
      } else if (name === "focus") {
        focus = given.slice(0, 200);
      } else if (name === "show") {
        given.split(",").forEach(function (one) {
          var box = boxes.find(function (found) { return found.value === one; });
          if (box) box.checked = true; else bad.push(name);
        });
      } else if (name === "time") {
        set("since", given.replace(/\.\.$/, ""), name, bad);
      } else if (STATE.indexOf(name) >= 0 && name !== "since") {
        set(name, given.slice(0, 80), name, bad);
      } else { bad.push(name); }
    });
    return bad;
  }

  function set(name, to, said, bad) {
    var input = field(name);
    if (input.tagName !== "SELECT") { input.value = to; return; }
    if (Array.from(input.options).some(function (option) { return option.value === to; })) input.value = to;
    else bad.push(said);
  }

  // Taking it along

  function code() {
    var words = { since: "since", select: "select", domain: "domain", quantity: "quantity", organization: "organization", country: "country" };
    var given = [];
    new URLSearchParams(asked()).forEach(function (to, name) {
      if (related() && (name === "quantity" || name === "against")) return;
      if (name === "since") given.push('since="' + to + '-01-01"');
      else if (name === "open-weights") given.push("open_weights=" + (to === "yes" ? "True" : "False"));
      else if (name === "confidence") given.push('confidence=["' + to + '"]');
      else given.push(words[name] + "=" + JSON.stringify(to));
    });
    if (related()) {
      given = [JSON.stringify(value("quantity")), JSON.stringify(value("against"))].concat(given);
      return "import comptometer\n\nanswer = comptometer.relate(" + given.join(", ") + ")\n" +
        "print(answer.law.exponent.to_dict(), answer.law.r2, answer.law.n)\n";
    }
    return "import comptometer\n\nanswer = comptometer.trend(" + given.join(", ") + ")\n" +
      "print(answer.trend.growth_per_year, answer.trend.doubling_months(), answer.trend.n)\n";
  }

  function copied(text) {
    at("taken").hidden = false;
    at("taken-text").value = text;
    at("taken-text").focus();
    at("taken-text").select();
    if (navigator.clipboard) navigator.clipboard.writeText(text).catch(function () { /* the text is there to copy */ });
  }

  function file(ending) { return "comptometer-" + (shown.sides ? "relation" : "trend") + "." + ending; }

  var take = {
    csv: function () {
      var numbers = Object.keys(shown.points[0] || {}).filter(function (name) { return ["spoken", "value_text", "pfs_text", "x_text", "y_text"].indexOf(name) < 0; });
      var cells = shown.points.map(function (row) { return numbers.map(function (name) { return row[name]; }); });
      var heads = numbers.map(function (name) { return (shown.sides || {})[name] || name; });
      page.save(file("csv"), page.csv(heads, cells), "text/csv");
    },
    json: function () {
      var plain = Object.assign({}, shown);
      delete plain.pictures;
      page.save(file("json"), JSON.stringify(plain, null, 1) + "\n", "application/json");
    },
    svg: function () { if (view) view.toSVG().then(function (text) { page.save(file("svg"), text, "image/svg+xml"); }); },
    png: function () {
      if (view) view.toCanvas(2).then(function (canvas) {
        canvas.toBlob(function (blob) { page.save(file("png"), blob, "image/png"); });
      });
    },
    python: function () { copied(code()); },
    cite: function () { copied(page.say("cite", { title: shown.title, definition: shown.definition, note: shown.note })); },
    link: function () { remember(); copied(location.href); }
  };
  document.querySelectorAll("[data-take]").forEach(function (button) {
    button.addEventListener("click", function () { take[button.dataset.take](); });
  });

  // Start

  var tabs = document.querySelector('[role="tablist"]');
  var delay = 0;
  var bad = recall();
  if (window.matchMedia("(max-width: 40rem)").matches) at("filters").open = false; // they would fill the first screen
  tabs.addEventListener("chosen", function (event) { tab = event.detail; remember(); });
  if (tab !== "tab-chart") tabs.choose(tab);
  at("overlays").addEventListener("change", function () { signal("overlays", overlays()); notes(shown); remember(); });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.addEventListener("reset", function () { setTimeout(function () { focus = ""; hidden = []; boxes.forEach(function (box) { box.checked = false; }); ask(); }, 0); });
  form.addEventListener("input", function (event) {
    if (event.target.name === "q") { signal("sought", value("q").toLowerCase()); remember(); return; }
    clearTimeout(delay);
    delay = setTimeout(ask, event.target.tagName === "INPUT" ? 250 : 0);
  });
  var width = size();
  window.addEventListener("resize", function () {
    if (size() !== width) { width = size(); if (page.settings.api) ask(); else draw(); }
  });
  page.whenTheme(function () { kinds(shown.kinds); draw(); });
  kinds(shown.kinds);
  rows(shown);
  ask().then(function () {
    var chosen = shown.points.find(function (row) { return row.name === focus; });
    if (chosen) point(chosen); else focus = "";
    if (bad.length) tell(page.say("ignored", { names: bad.join(", ") }));
  });
})();
