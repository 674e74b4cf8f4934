// Draws a Vega-Lite specification that a page carries. Vega itself is loaded when the first chart is drawn.
(function () {
  "use strict";
  var page = window.comptometer;
  var waiting = null;

  function vega() {
    if (!waiting) {
      waiting = new Promise(function (done, failed) {
        page.load("assets/vega.js", failed);
        var look = setInterval(function () { if (window.vegaEmbed) { clearInterval(look); done(window.vegaEmbed); } }, 10);
      });
    }
    return waiting;
  }

  function refuse() { return Promise.reject(new Error("this page loads nothing")); }
  var loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse };

  function inTheme(spec, colours, dark) {
    if (!dark) return spec;
    return JSON.parse(JSON.stringify(spec, function (key, value) {
      return key !== "datasets" && typeof value === "string" && colours[value] ? colours[value] : value;
    }));
  }

  // Draw into an element; says when the view is there. A chart that comes later takes the place of one on its way.
  page.draw = function (element, spec, colours) {
    var turn = (Number(element.dataset.turn) || 0) + 1;
    element.dataset.turn = turn;
    return vega().then(function (embed) {
      if (Number(element.dataset.turn) !== turn) return null;
      var shown = document.createElement("div");
      return embed(shown, inTheme(spec, colours, page.dark()), {
        ast: true, actions: false, renderer: "svg", loader: loader, tooltip: { theme: page.dark() ? "dark" : "light" }
      }).then(function (result) {
        if (Number(element.dataset.turn) !== turn) { result.finalize(); return null; }
        element.replaceChildren(shown);
        element.dataset.drawn = turn;
        return result.view;
      });
    });
  };
})();
