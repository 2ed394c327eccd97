// Filtering of the differences by text, operation and kind.
const filter = document.getElementById("filter");
if (filter) {
  const operation = document.getElementById("operation");
  const count = document.getElementById("count");
  const kinds = [...document.querySelectorAll("input[name=kind]")];
  const items = [...document.querySelectorAll(".difference")];
  const haystacks = items.map((item) => item.textContent.toLowerCase());
  const apply = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(kinds.filter((box) => box.checked).map((box) => box.value));
    let shown = 0;
    items.forEach((item, index) => {
      const match = (!operation.value || item.dataset.operation === operation.value)
        && item.dataset.kinds.split(" ").some((kind) => wanted.has(kind))
        && words.every((word) => haystacks[index].includes(word));
      item.hidden = !match;
      shown += match;
    });
    count.textContent = `${shown} of ${items.length} shown`;
  };
  filter.form.addEventListener("submit", (event) => event.preventDefault());
  for (const control of [filter, operation, ...kinds]) control.addEventListener("input", apply);
  apply();
}
