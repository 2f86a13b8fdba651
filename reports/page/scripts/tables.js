// Tables of methods: sorted by a click on a heading, filtered by a word.
const MISSING = "–";

// What a printed cell is sorted by: its first number, else its text.
function sortKey(text) {
  const plain = text.trim().replace(/\u2212/g, "-").replace(/(\d)[\u2009\u202f\u00a0 ](?=\d{3})/g, "$1");
  if (plain === "" || plain === MISSING) return null;
  const number = plain.match(/^[\[<>≈~]*\s*(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)/i);
  return number ? Number(number[1]) : plain.toLowerCase();
}

// Numbers before texts, what is missing last in both directions.
function compareKeys(a, b, direction) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return direction * (a < b ? -1 : a > b ? 1 : 0);
}

function makeSortable(headings, sort) {
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const direction = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
      sort(column, direction);
    });
  });
}

function startTables() {
  document.querySelectorAll("table.sortable").forEach((table) => {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    makeSortable([...table.tHead.rows[0].cells], (column, direction) => {
      const keyed = rows.map((row) => [sortKey(row.cells[column].textContent), row]);
      keyed.sort((a, b) => compareKeys(a[0], b[0], direction));
      body.append(...keyed.map(([, row]) => row));
    });
    if (rows.length >= 5) addFilter(table, rows);
  });
}

function addFilter(table, rows) {
  const label = document.createElement("label");
  label.className = "filter";
  const input = document.createElement("input");
  input.type = "search";
  input.placeholder = "Filter rows";
  input.setAttribute("aria-label", `Filter the rows of: ${table.getAttribute("aria-label")}`);
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  label.append(input, said);
  table.closest(".scroll").before(label);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row) => {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
    });
    said.textContent = words.length ? `${shown} of ${rows.length}` : "";
  });
}
