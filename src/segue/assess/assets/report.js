// Filtering of the endpoints by text and verdict.
const filter = document.getElementById("filter");
const count = document.getElementById("count");
const rows = [...document.querySelectorAll("#endpoints tbody tr")];
const haystacks = rows.map((row) => (row.textContent + " " + row.dataset.words).toLowerCase());
function apply() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const verdict = document.querySelector("input[name=verdict]:checked").value;
  let shown = 0;
  rows.forEach((row, index) => {
    const match = (!verdict || row.dataset.verdict === verdict) && words.every((word) => haystacks[index].includes(word));
    row.hidden = !match;
    shown += match;
  });
  count.textContent = `${shown} of ${rows.length} operations`;
}
filter.addEventListener("input", apply);
for (const radio of document.querySelectorAll("input[name=verdict]")) radio.addEventListener("change", apply);
apply();
// Pointing at an app shows only its couplings.
const graph = document.querySelector(".graph");
if (graph) {
  for (const node of graph.querySelectorAll(".node")) {
    node.addEventListener("pointerenter", () => {
      const app = node.dataset.app;
      const near = new Set([app]);
      for (const edge of graph.querySelectorAll(".edge")) {
        const ends = edge.dataset.apps.split(" ");
        edge.classList.toggle("on", ends.includes(app));
        if (ends.includes(app)) ends.forEach((end) => near.add(end));
      }
      for (const other of graph.querySelectorAll(".node")) other.classList.toggle("on", near.has(other.dataset.app));
      graph.classList.add("focus");
    });
    node.addEventListener("pointerleave", () => graph.classList.remove("focus"));
  }
}
