// Pages of one record: a chart where there is one, and text that can be copied.
(function () {
  "use strict";
  var page = window.comptometer;

  var drawing = document.getElementById("drawing");
  if (drawing) {
    var given = JSON.parse(drawing.textContent), chart = document.getElementById("picture");
    var draw = function () { page.draw(chart, given.spec, given.colours); };
    page.whenTheme(draw);
    draw();
  }

  document.querySelectorAll("[data-copy]").forEach(function (button) {
    button.addEventListener("click", function () {
      var source = document.getElementById(button.dataset.copy);
      source.closest("details").open = true;
      var range = document.createRange();
      range.selectNodeContents(source);
      var chosen = window.getSelection();
      chosen.removeAllRanges();
      chosen.addRange(range);
      var done = function () { document.getElementById("copied").textContent = page.say("record-copied"); };
      var chosenOnly = function () { document.getElementById("copied").textContent = page.say("record-chosen"); };
      if (navigator.clipboard) navigator.clipboard.writeText(source.textContent).then(done, chosenOnly);
      else chosenOnly();
    });
  });
})();
