const table = document.querySelector("table.results");
const original = [...table.tBodies];
const heads = [...table.tHead.rows[1].cells];

function value(body, column) {
  const text = body.rows[0].cells[column].dataset.sort;
  return text === undefined ? null : Number(text);
}

// Rows without a value stay at the end, whatever the direction; equal ones in their first order.
function sortBy(column) {
  const head = heads[column];
  const direction = head.getAttribute("aria-sort") === "descending" ? "ascending" : "descending";
  const sign = direction === "ascending" ? 1 : -1;
  const sorted = original.map((body) => [value(body, column), body]).sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (a - b);
  });
  table.append(...sorted.map(([, body]) => body));
  heads.forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", direction);
}

heads.forEach((head, column) => {
  const button = head.querySelector("button");
  if (!button) return;
  button.disabled = false;
  button.addEventListener("click", () => sortBy(column));
});

const copy = document.getElementById("copy");

if (copy) {
  const commands = document.getElementById("commands");
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(commands.textContent);
      copy.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(commands);
      copy.textContent = "Selected";
    }
  });
}
