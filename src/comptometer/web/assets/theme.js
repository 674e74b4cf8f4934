// Before anything is drawn: the theme that the reader chose here, else the machine's.
(function () {
  "use strict";
  document.documentElement.classList.add("scripts");
  var chosen = null;
  try { chosen = localStorage.getItem("comptometer-theme"); } catch (error) { /* a file may have no storage */ }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
