// What every page does: the theme button, the language link that keeps the state, tabs, tables that sort and filter.
// Everything from data is set as text, never as markup.
window.comptometer = (function () {
  "use strict";
  var settings = JSON.parse(document.getElementById("settings").textContent);
  var listeners = [];

  function say(key, values) {
    var text = settings.words[key] || key;
    Object.keys(values || {}).forEach(function (name) { text = text.split("{" + name + "}").join(values[name]); });
    return text;
  }

  function dark() { // paper is white
    if (window.matchMedia("print").matches) return false;
    var chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function tell() { listeners.forEach(function (listener) { listener(dark()); }); }

  function toggleTheme() {
    var next = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("comptometer-theme", next); } catch (error) { /* it holds for this page */ }
    tell();
  }

  var button = document.getElementById("theme");
  button.hidden = false;
  button.addEventListener("click", toggleTheme);
  ["(prefers-color-scheme: dark)", "print"].forEach(function (query) { window.matchMedia(query).addEventListener("change", tell); });

  document.querySelectorAll("a[data-keep-state]").forEach(function (link) {
    link.addEventListener("click", function () { link.hash = location.hash; });
  });

  // Tabs: arrow keys move, and what is chosen is shown.
  document.querySelectorAll('[role="tablist"]').forEach(function (list) {
    var tabs = Array.from(list.querySelectorAll('[role="tab"]'));
    function choose(tab, focus) {
      tabs.forEach(function (other) {
        var chosen = other === tab;
        other.setAttribute("aria-selected", String(chosen));
        other.tabIndex = chosen ? 0 : -1;
        document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
      });
      if (focus) tab.focus();
      list.dispatchEvent(new CustomEvent("chosen", { detail: tab.id }));
    }
    tabs.forEach(function (tab, at) {
      tab.addEventListener("click", function () { choose(tab, false); });
      tab.addEventListener("keydown", function (event) {
        var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        var next = step ? tabs[(at + step + tabs.length) % tabs.length]
          : event.key === "Home" ? tabs[0] : event.key === "End" ? tabs[tabs.length - 1] : null;
        if (next) { event.preventDefault(); choose(next, true); }
      });
    });
    list.choose = function (id) { choose(document.getElementById(id) || tabs[0], false); };
    choose(tabs[0], false);
  });

  // A table whose headings sort it: by the number in data-value where there is one, else by the text.
  document.querySelectorAll("table[data-sortable]").forEach(function (table) {
    var body = table.tBodies[0];
    Array.from(table.tHead.rows[0].cells).forEach(function (cell, column) {
      var sorter = document.createElement("button");
      sorter.type = "button";
      sorter.textContent = cell.textContent;
      cell.textContent = "";
      cell.appendChild(sorter);
      sorter.addEventListener("click", function () {
        var falling = cell.getAttribute("aria-sort") === "ascending";
        Array.from(table.tHead.rows[0].cells).forEach(function (other) { other.removeAttribute("aria-sort"); });
        cell.setAttribute("aria-sort", falling ? "descending" : "ascending");
        var sign = falling ? -1 : 1;
        Array.from(body.rows).map(function (row) { return { row: row, key: keyOf(row.cells[column]) }; })
          .sort(function (one, other) { return compare(one.key, other.key, sign); })
          .forEach(function (entry) { body.appendChild(entry.row); });
      });
    });
  });

  function keyOf(cell) {
    if (!("value" in cell.dataset)) return cell.textContent.trim().toLowerCase();
    return cell.dataset.value === "" ? null : Number(cell.dataset.value);
  }

  function compare(one, other, sign) { // what has no value comes last either way
    if (one === null || one === "") return other === null || other === "" ? 0 : 1;
    if (other === null || other === "") return -1;
    return sign * (one < other ? -1 : one > other ? 1 : 0);
  }

  function save(name, content, type) {
    var link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type: type }));
    link.download = name;
    document.body.appendChild(link);
    link.click();
    link.remove();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
  }

  function cell(value) { // as a spreadsheet takes it for a value, not for a formula
    var text = value === null || value === undefined ? "" : String(value);
    if (typeof value === "string" && /^[=+\-@\t\n]/.test(text)) text = "'" + text;
    return /[",\n\r]/.test(text) ? '"' + text.split('"').join('""') + '"' : text;
  }

  function csv(columns, rows) {
    return [columns].concat(rows).map(function (row) { return row.map(cell).join(","); }).join("\n") + "\n";
  }

  function load(path, failed) { // a script: a page opened from a file may fetch nothing else
    var script = document.createElement("script");
    script.src = settings.up + path;
    script.onerror = failed;
    document.body.appendChild(script);
  }

  function api(path, options) {
    return fetch(settings.up + settings.api + "/" + path, options).then(function (answer) {
      return answer.json().then(function (body) {
        if (!answer.ok) throw new Error(body.detail || String(answer.status));
        return body;
      });
    });
  }

  return {
    settings: settings, say: say, dark: dark, save: save, csv: csv, load: load, api: api,
    whenTheme: function (listener) { listeners.push(listener); }
  };
})();
