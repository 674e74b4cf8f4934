// The calculator: what is given, as it was understood, and the answer while somebody types. Under a server Python answers;
// on a static page `calculation.js` does.
(function () {
  "use strict";
  var page = window.comptometer;
  var tables = JSON.parse(document.getElementById("calculator").textContent);
  var form = document.getElementById("give"), fields = Array.from(form.querySelectorAll("[name]"));
  var served = Boolean(page.settings.api), config = null, answer = null, turn = 0, waiting = 0;
  var LARGEST_FILE = 1000000, PAUSE = 250, DAY = 86400;

  function at(id) { return document.getElementById(id); }
  function say(key, values) { return page.say("calculator-" + key, values); }

  function made(name, text, className) {
    var element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    return element;
  }

  // Numbers as people read them, by the rules of Python's `text`

  function raised(power) {
    return String(power).replace(/[-0-9]/g, function (sign) { return "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]; });
  }

  function trimmed(text) { return text.indexOf(".") < 0 ? text : text.replace(/0+$/, "").replace(/\.$/, ""); }

  function number(value, digits) {
    if (value === 0) return "0";
    var parts = value.toExponential(digits - 1).split("e"), power = Number(parts[1]);
    if (power >= -4 && power < Math.max(digits + 2, 5)) return trimmed(Number(value.toExponential(digits - 1)).toFixed(Math.max(digits - 1 - power, 0)));
    return (trimmed(parts[0]) === "1" ? "" : trimmed(parts[0]) + "×") + "10" + raised(power);
  }

  function interval(low, high) {
    for (var digits = 2; digits < 7; digits += 1) {
      if (number(low, digits) !== number(high, digits)) break;
    }
    return number(low, digits) + " – " + number(high, digits);
  }

  function amount(value, digits) { // 4050亿 in Chinese; four digits and more stand for what somebody wrote
    var units = page.settings.language === "zh" ? [[1e12, "万亿"], [1e8, "亿"], [1e4, "万"]] : [];
    for (var unit of units) {
      if (value >= unit[0] * 0.9995 && value < 1e16) return number(value / unit[0], Math.max(digits, Math.min(String(Math.round(value / unit[0])).length, 5))) + unit[1];
    }
    return number(value, value < 1e6 && digits > 3 ? 6 : digits);
  }

  function percent(share) {
    if (share > 0.995 && share < 1) return ">99%";
    return share > 0 && share < 0.01 ? "<1%" : number(100 * share, 2) + "%";
  }

  // What is given

  function given() {
    var found = {};
    fields.forEach(function (field) { if (field.value.trim()) found[field.name] = field.value.trim(); });
    return found;
  }

  function echo(found) { // each number as it was understood, or what is wrong with it
    fields.forEach(function (field) {
      var problem = found.problems[field.name], place = at("echo-" + field.name);
      field.setAttribute("aria-invalid", String(Boolean(problem)));
      place.classList.toggle("problem", Boolean(problem));
      place.textContent = problem ? (problem.text || say("why-" + problem.why, problem.values)) : understanding(field.name, found);
      if (problem || field.value) { var folded = field.closest("details"); if (folded) folded.open = true; }
    });
  }

  function understanding(name, found) {
    if (name === "chip") return chips(found.chips);
    var belief = found.values[name];
    if (!belief) return "";
    var drawn = page.beliefs.draw("echo", belief), rule = tables.figures[name];
    var size = { duration: DAY }[rule.about] || 1;
    function written(p) {
      var value = page.beliefs.at(drawn, p);
      return rule.share ? percent(value) : amount(value / size, belief.shape === "point" ? 4 : 3);
    }
    var unit = page.settings.words["calculator-unit-" + rule.about] || "";
    var value = "= " + written(0.5) + unit;
    if (belief.shape !== "point") value += say("ends", { low: written(0.05), high: written(0.95) });
    return value + (name === "time" ? hours(found) : "");
  }

  function hours(found) { // the product, which people mistake for the time
    if (!found.values.chips || !found.values.time) return "";
    var drawn = page.beliefs.product(page.beliefs.draw("chips", found.values.chips), page.beliefs.draw("time", found.values.time));
    return say("hours", { hours: amount(page.beliefs.at(drawn, 0.5) / 3600, 3) });
  }

  function chips(ids) {
    if (!ids.length) return "";
    var records = ids.map(function (id) { return tables.chips.records[id]; });
    if (ids.length > 1) return say("family", { names: records.map(function (chip) { return chip.name; }).join(", ") });
    var peaks = Object.keys(records[0].peaks).map(function (format) { return format + " " + number(records[0].peaks[format] / 1e12, 4); });
    return say("chip", { name: records[0].name, peaks: peaks.join(", ") });
  }

  // The answer

  function ask() {
    var asked = given(), found = page.understood(asked, tables);
    turn += 1;
    var own = turn;
    remember(asked);
    if (asked.domain && tables.domains.indexOf(asked.domain) < 0) found.problems.domain = { why: "word", values: { words: tables.domains.join(", ") } };
    echo(found);
    tell("");
    if (Object.keys(found.problems).length) return wait(say("mend"));
    if (!Object.keys(asked).length && !config) return wait(say("empty"));
    if (!served) return settle(page.calculate(asked, tables), found);
    return page.api("calculation?language=" + page.settings.language, {
      method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify(config ? Object.assign({ config: config.fields }, asked) : asked)
    }).then(function (got) { if (own === turn) settle(got, found); })
      .catch(function (error) { if (own === turn) refused(error.message, found); });
  }

  function refused(text, found) { // the server names fields at the start of lines
    var rest = [];
    text.split("\n").forEach(function (line) {
      var name = line.split(":")[0];
      if (at("give-" + name)) found.problems[name] = { text: line.slice(name.length + 1).trim() };
      else rest.push(line);
    });
    echo(found);
    wait(rest.length ? (rest.join(" ").indexOf("not enough evidence") >= 0 ? lacking(page.calculate(given(), tables).missing || {}) : rest.join(" ")) : say("mend"));
  }

  function lacking(missing) {
    var needs = Object.keys(missing).map(function (method) {
      var names = missing[method].map(function (name) { return label(name); });
      return say("needs", { method: say("method-" + method), names: names.join(page.settings.language === "zh" ? "、" : ", ") });
    });
    return say("lacking") + needs.join("; ");
  }

  function label(name) {
    var field = at("give-" + name);
    return field ? form.querySelector("label[for=give-" + name + "]").textContent : name;
  }

  function settle(got, found) {
    if (got.problems) {
      Object.assign(found.problems, got.problems);
      echo(found);
      return wait(Object.keys(got.problems).length ? say("mend") : lacking(got.missing));
    }
    answer = got;
    at("waiting").hidden = true;
    at("found").hidden = false;
    at("answer").dataset.turn = turn;
    at("value").textContent = number(got.compute.p50, 2) + " FLOP";
    at("range").textContent = "90% " + interval(got.compute.p5, got.compute.p95);
    at("days").textContent = number(got.pfs_days.p50, 2);
    agreement(got);
    picture(got);
    methods(got);
    drivers(got.drivers);
    thresholds(got.thresholds);
    listed(at("notes"), at("notes-part"), got.warnings);
    at("changed").textContent = at("value").textContent + ", " + at("range").textContent;
    return null;
  }

  function wait(text) {
    answer = null;
    at("waiting").hidden = false;
    at("found").hidden = true;
    at("waiting").textContent = text;
    at("answer").dataset.turn = turn;
  }

  function agreement(got) {
    var place = at("agreement"), word = made("strong", say("verdict-" + got.verdict), "verdict-" + got.verdict);
    place.replaceChildren(word);
    if (got.ratio !== null) {
      place.append(" " + say("ratio", { counted: say("method-" + got.counted), ratio: number(got.ratio, 3), z: number(got.z, 2) }));
    }
    place.append(" " + say("means-" + got.verdict) + (got.ratio !== null && !got.independent ? " " + say("shared") : ""));
    listed(at("causes"), at("causes"), got.hypotheses.map(function (cause) {
      return say("cause", { factor: number(cause.factor, 3), residual: number(cause.residual, 3), text: cause.text });
    }));
  }

  function listed(list, part, texts) {
    part.hidden = !texts.length;
    list.replaceChildren.apply(list, texts.map(function (text) { return made("li", text); }));
  }

  function rows(table, found) {
    table.tBodies[0].replaceChildren.apply(table.tBodies[0], found.map(function (cells) {
      var row = made("tr");
      cells.forEach(function (cell, column) {
        var element = made(column ? "td" : "th", undefined, cell.className);
        if (!column) element.scope = "row";
        if (cell.nodeType) element.append(cell); else element.textContent = cell.text;
        row.append(element);
      });
      return row;
    }));
  }

  function methods(got) {
    rows(at("methods"), got.methods.map(function (method) {
      var name = made("span", say("method-" + method.name));
      if (method.formula) name.append(made("br"), made("code", method.formula));
      return [name, { text: number(method.p50, 2), className: "number" }, { text: interval(method.p5, method.p95) },
        { text: method.weight === null ? "–" : percent(method.weight), className: "number" }];
    }));
  }

  function drivers(found) {
    at("drivers").replaceChildren.apply(at("drivers"), found.map(function (driver) {
      var row = made("div", undefined, "driver"), track = made("span", undefined, "track"), bar = made("span", undefined, "bar-of");
      bar.style.width = (100 * driver.share).toFixed(1) + "%";
      track.append(bar);
      row.append(made("span", page.settings.words["calculator-about-" + driver.about] || driver.about.replace(/_/g, " ")), track, made("span", percent(driver.share), "share"));
      return row;
    }));
    if (!found.length) at("drivers").append(made("p", say("exact")));
  }

  function thresholds(found) {
    rows(at("thresholds"), found.map(function (row) {
      return [{ text: row.name }, { text: ">" + number(row.flop, 3), className: "number" },
        { text: row.probability === 0 ? say("never") : row.probability === 1 ? say("always") : percent(row.probability), className: "number" }];
    }));
  }

  // The picture of how probable what is: an area over a scale of equal factors, with the lines of laws that lie within.

  function drawn(name, facts, text) {
    var element = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.keys(facts).forEach(function (key) { element.setAttribute(key, facts[key]); });
    if (text) element.textContent = text;
    return element;
  }

  function picture(got) {
    var steps = got.density, width = 460, height = 150, floor = height - 26;
    at("density-figure").hidden = !steps.length;
    if (!steps.length) return;
    var low = Math.log(steps[0].low), high = Math.log(steps[steps.length - 1].high);
    var most = Math.max.apply(null, steps.map(function (step) { return step.share; }));
    function x(value) { return 8 + (width - 16) * (Math.log(value) - low) / (high - low); }
    function y(share) { return floor - (floor - 12) * share / most; }
    var svg = drawn("svg", { viewBox: "0 0 " + width + " " + height, width: "100%", "aria-hidden": "true", focusable: "false" });
    var outline = steps.map(function (step) { return x(Math.sqrt(step.low * step.high)).toFixed(1) + " " + y(step.share).toFixed(1); });
    svg.append(drawn("path", { d: "M" + x(steps[0].low).toFixed(1) + " " + floor + "L" + outline.join("L") + "L" + x(steps[steps.length - 1].high).toFixed(1) + " " + floor + "Z", class: "area" }));
    svg.append(drawn("path", { d: "M8 " + floor + "H" + (width - 8), class: "axis" }));
    var center = Math.min(Math.max(x(got.compute.p50), 60), width - 60);
    [got.compute.p5, got.compute.p50, got.compute.p95].forEach(function (value, place) {
      svg.append(drawn("path", { d: "M" + x(value).toFixed(1) + " " + floor + "v-" + (place === 1 ? floor - 12 : 10), class: place === 1 ? "median" : "axis" }));
      var spot = Math.min(Math.max(x(value), 30), width - 30);
      if (place !== 1 && Math.abs(spot - center) < 64) return; // the words of the median stand there
      svg.append(drawn("text", { x: place === 1 ? center : spot, y: height - 8, "text-anchor": "middle" }, number(value, 2)));
    });
    got.thresholds.forEach(function (row) {
      if (row.flop <= steps[0].low || row.flop >= steps[steps.length - 1].high) return;
      svg.append(drawn("path", { d: "M" + x(row.flop).toFixed(1) + " " + floor + "V4", class: "law" }));
    });
    at("density").setAttribute("aria-label", say("picture", { median: number(got.compute.p50, 2), low: number(got.compute.p5, 2), high: number(got.compute.p95, 2) }));
    at("density").replaceChildren(svg);
  }

  // A configuration: read here as data, counted by the server

  function take(file) {
    if (!served) return tell(say("config-static"));
    if (!file) return null;
    if (file.size > LARGEST_FILE) return tell(say("config-large"));
    return file.text().then(function (text) {
      var fieldsOf = JSON.parse(text);
      if (!fieldsOf || typeof fieldsOf !== "object" || Array.isArray(fieldsOf)) throw new Error("not an object");
      config = { name: file.name, fields: fieldsOf };
      named();
      return ask();
    }).catch(function () { tell(say("config-unread", { name: file.name })); });
  }

  function named() {
    at("config-name").textContent = config ? say("config-taken", { name: config.name }) : "";
    at("config-remove").hidden = !config;
    if (!config) at("config-file").value = "";
  }

  function tell(text) {
    at("problem").hidden = !text;
    at("problem").textContent = text;
  }

  // The state: in the address, only what is given

  var embedded = /(^|[?#&])embed(=|&|#|$)/.test(location.search + location.hash);

  function remember(asked) {
    var found = new URLSearchParams(asked).toString();
    var hash = [embedded && !/embed/.test(location.search) ? "embed" : "", found].filter(Boolean).join("&");
    history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
  }

  function restore() {
    var ignored = [], kept = {};
    new URLSearchParams(location.hash.slice(1)).forEach(function (value, name) {
      var field = fields.find(function (one) { return one.name === name; });
      if (name === "embed") return;
      if (!field || value.length > 200) { ignored.push(name); return; }
      kept[name] = value;
    });
    fill(kept);
    fields.forEach(function (field) { if (kept[field.name] && !field.value) ignored.push(field.name); });
    ask();
    if (ignored.length) tell(say("ignored", { names: ignored.join(", ") }));
  }

  function fill(figures) {
    fields.forEach(function (field) {
      field.value = figures[field.name] || "";
      var folded = field.closest("details");
      if (folded && field.value) folded.open = true;
    });
  }

  function address() { return location.href.split("#")[0].split("?")[0]; }

  var TAKE = {
    link: function () { return address() + "#" + new URLSearchParams(given()).toString() + (config ? "\n" + say("config-link") : ""); },
    embed: function () {
      return '<iframe src="' + address() + "?embed#" + new URLSearchParams(given()).toString() + '" width="100%" height="900" title="comptometer"></iframe>';
    },
    python: function () {
      var parts = Object.keys(given()).map(function (name) { return name + "=" + JSON.stringify(given()[name]); });
      return "import comptometer\n\ne = comptometer.estimate(" + (config ? ['config="config.json"'] : []).concat(parts).join(", ") + ")\nprint(e)\n";
    },
    json: function () { return JSON.stringify(answer ? answer.document || answer : {}, null, 1); }
  };

  document.querySelectorAll("[data-take]").forEach(function (button) {
    button.addEventListener("click", function () {
      var text = TAKE[button.dataset.take]();
      at("taken").hidden = false;
      at("taken-text").value = text;
      if (button.dataset.take === "json" && answer) page.save("estimate.json", text + "\n", "application/json");
      else if (navigator.clipboard) navigator.clipboard.writeText(text).catch(function () { at("taken-text").select(); });
    });
  });

  document.querySelectorAll("[data-example]").forEach(function (button) {
    button.addEventListener("click", function () {
      config = null;
      named();
      fill(tables.examples[Number(button.dataset.example)].figures);
      ask();
    });
  });

  at("reset").addEventListener("click", function () {
    config = null;
    named();
    fill({});
    ask();
    fields[0].focus();
  });
  at("config-remove").addEventListener("click", function () { config = null; named(); ask(); });
  at("config-file").addEventListener("change", function () { take(at("config-file").files[0]); });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.addEventListener("input", function (event) {
    if (event.target.type === "file") return;
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE);
  });
  ["dragover", "drop"].forEach(function (kind) {
    document.addEventListener(kind, function (event) {
      if (!event.dataTransfer || !Array.from(event.dataTransfer.types).includes("Files")) return;
      event.preventDefault();
      form.classList.toggle("over", kind === "dragover");
      if (kind === "drop") take(event.dataTransfer.files[0]);
    });
  });
  document.addEventListener("dragleave", function () { form.classList.remove("over"); });
  window.addEventListener("hashchange", restore);

  document.documentElement.classList.toggle("embedded", embedded);
  at("config").hidden = !served;
  at("config-static").hidden = served;
  at("how-static").hidden = served;
  page.calculatorTables = tables;
  restore();
})();
