// Says when figures are old: those that no longer change look like those that are right.
"use strict";
(() => {
  const lost = (hidden) => { document.getElementById("lost").hidden = hidden; };
  for (const name of ["htmx:error", "htmx:response:error"]) document.addEventListener(name, () => lost(false));
  document.addEventListener("htmx:after:swap", () => lost(true));
})();
