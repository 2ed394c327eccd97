"use strict";
// Sorting: a button in each heading of a table; numbers as numbers.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const text = (row) => row.cells[column].innerText.trim();
      const compare = head.classList.contains("n")
        ? (a, b) => (parseFloat(text(a)) || 0) - (parseFloat(text(b)) || 0)
        : (a, b) => text(a).localeCompare(text(b));
      const rows = [...table.tBodies[0].rows].sort(compare);
      if (down) rows.reverse();
      table.tBodies[0].append(...rows);
    });
  });
}
