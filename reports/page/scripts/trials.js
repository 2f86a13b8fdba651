// Trials: a table made from the page's data, a page of rows at a time, and a drawer per trial.
const PAGE_ROWS = 20;

function startTrials() {
  document.querySelectorAll(".trial-list").forEach((place) => {
    const data = JSON.parse(document.getElementById(place.dataset.source).textContent);
    new TrialList(place, data).start();
  });
}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => {
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null) made.setAttribute(key, value === true ? "" : value);
  });
  made.append(...children.filter((child) => child !== null));
  return made;
}

// Digits after the point; below zero: significant ones.
function printed(value, digits) {
  if (value === null) return MISSING;
  const text = digits < 0 ? String(Number(value.toPrecision(-digits))) : value.toFixed(digits);
  const grouped = digits === 0 ? text.replace(/\B(?=(\d{3})+$)/g, "\u2009") : text;
  return grouped.replace(/^-(?=0(\.0+)?$)/, "").replace("-", "\u2212");
}

class TrialList {
  constructor(place, data) {
    this.place = place;
    this.data = data;
    this.count = data.trial.length;
    this.order = data.trial.map((_, at) => at);
    this.page = 0;
    this.words = "";
    this.method = this.status = "";
  }

  text(at) { return at < 0 ? "" : this.data.texts[at]; }
  label(at) { return this.data.methods[this.data.method[at]].label; }
  command(at) {
    return this.text(this.data.command[at]).replace("{seed}", this.data.seed[at]).replace("{trial}", this.data.trial[at]);
  }

  start() {
    this.haystack = this.order.map((at) => `${this.label(at)} seed=${this.data.seed[at]} ${this.data.status[at]} ${this.text(this.data.outcome[at])}`.toLowerCase());
    this.body = element("tbody");
    this.said = element("span", { role: "status" });
    this.place.replaceChildren(this.controls(), this.table(), this.pager());
    this.show();
  }

  controls() {
    const choose = (name, options, change) => element("label", {}, `${name} `,
      element("select", { onchange: (event) => { change(event.target.value); this.filter(); } },
        element("option", { value: "" }, "all"), ...options.map((option) => element("option", { value: option }, option))));
    const search = element("input", { type: "search", placeholder: "Filter: seed=2 conv_1x1", "aria-label": "Filter trials by method, seed, status or architecture",
      oninput: (event) => { this.words = event.target.value.toLowerCase(); this.filter(); } });
    return element("div", { class: "controls" },
      choose("Method", this.data.methods.map((method) => method.label), (value) => { this.method = value; }),
      choose("Status", [...new Set(this.data.status)], (value) => { this.status = value; }),
      search, this.said);
  }

  table() {
    const numbers = this.data.numbers.map(({ heading, unit }) => element("th", { scope: "col", class: "number" }, heading, unit ? element("span", {}, unit) : null));
    const cells = [element("th", { scope: "col" }, "Method"), element("th", { scope: "col", class: "number" }, "Seed"),
      element("th", { scope: "col" }, "Status"), ...numbers, element("th", { scope: "col" }, "Architecture, or why there is none")];
    makeSortable(cells, (column, direction) => this.sort(column, direction));
    const head = element("thead", {}, element("tr", {}, ...cells, element("th", { scope: "col" }, element("span", { class: "unseen" }, "Details"))));
    return watchWidth(element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Trials" },
      element("table", { class: "trials" }, head, this.body)));
  }

  pager() {
    const turn = (by) => () => { this.page += by; this.show(); };
    this.back = element("button", { type: "button", onclick: turn(-1) }, "Previous");
    this.next = element("button", { type: "button", onclick: turn(1) }, "Next");
    this.where = element("span", { role: "status" });
    this.turner = element("div", { class: "pager" }, this.back, this.where, this.next);
    return this.turner;
  }

  keys(column) {
    if (column === 0) return (at) => this.data.method[at];
    if (column === 1) return (at) => this.data.seed[at];
    if (column === 2) return (at) => this.data.status[at];
    const number = this.data.numbers[column - 3];
    return number ? (at) => number.values[at] : (at) => this.text(this.data.outcome[at]) || null;
  }

  sort(column, direction) {
    const key = this.keys(column);
    this.order.sort((a, b) => compareKeys(key(a), key(b), direction) || a - b);
    this.filter();
  }

  filter() { this.page = 0; this.show(); }

  matching() {
    const words = this.words.split(/\s+/).filter(Boolean);
    return this.order.filter((at) => (!this.method || this.label(at) === this.method) && (!this.status || this.data.status[at] === this.status)
      && words.every((word) => this.haystack[at].includes(word)));
  }

  show() {
    const found = this.matching();
    const pages = Math.max(1, Math.ceil(found.length / PAGE_ROWS));
    this.page = Math.min(Math.max(this.page, 0), pages - 1);
    const first = this.page * PAGE_ROWS;
    this.body.replaceChildren(...found.slice(first, first + PAGE_ROWS).map((at) => this.row(at)));
    this.said.textContent = found.length < this.count ? `${found.length} of ${this.count} trials` : `${this.count} trials`;
    this.turner.hidden = pages === 1;
    this.back.disabled = this.page === 0;
    this.next.disabled = this.page === pages - 1;
    this.where.textContent = `Page ${this.page + 1} of ${pages}`;
  }

  row(at) {
    const { data } = this;
    const done = data.status[at] === "done";
    const open = () => this.open(at);
    return element("tr", { class: done ? false : "undone", onclick: open },
      element("th", { scope: "row" }, element("code", {}, this.label(at))),
      element("td", { class: "number" }, String(data.seed[at])),
      element("td", {}, data.status[at]),
      ...data.numbers.map((number) => element("td", { class: "number" }, printed(number.values[at], number.digits))),
      element("td", { class: "outcome" }, done ? element("code", {}, this.text(data.outcome[at])) : this.text(data.outcome[at]) || "no result"),
      element("td", {}, element("button", { type: "button", onclick: (event) => { event.stopPropagation(); open(); },
        "aria-label": `Details of ${this.label(at)}, seed ${data.seed[at]}` }, "Details")));
  }

  open(at) {
    const { data } = this;
    const method = data.methods[data.method[at]];
    const facts = [["Trial", data.trial[at]], ["Seed", String(data.seed[at])], ["Status", data.status[at]],
      ...data.numbers.filter((number) => number.values[at] !== null).map((number) => [number.unit ? `${number.heading}, ${number.unit}` : number.heading, printed(number.values[at], number.digits)]),
      [data.status[at] === "done" ? "Architecture" : "Why there is no result", this.text(data.outcome[at]) || MISSING]];
    const command = this.command(at);
    const log = this.text(data.log[at]);
    showDrawer(`${method.label}, seed ${data.seed[at]}`,
      element("h3", {}, "Run it again"), command ? copyable(command) : element("p", {}, "No command is known."),
      element("h3", {}, "Result"), definitions(facts),
      element("h3", {}, "Course"), this.course(at),
      ...(log ? [element("h3", {}, "Log"), element("pre", { tabindex: 0 }, log)] : []),
      element("h3", {}, "Config"), element("p", { class: "small" }, `Recipe ${method.recipe}, version ${method.version}. Bold: changed from the recipe.`),
      definitions(Object.entries(method.settings), new Set(method.changed)));
  }

  course(at) {
    const course = this.data.course[at];
    if (!course) return element("p", {}, "Nothing was recorded.");
    const [clock, ends, answers] = course;
    const rows = clock.map((when, place) => element("tr", {},
      element("td", { class: "number" }, String(when)), element("td", { class: "number" }, printed(ends[place], this.data.digits)),
      element("td", {}, element("code", {}, answers.length ? this.text(answers[place]) : MISSING))));
    const head = element("tr", {}, element("th", { scope: "col", class: "number" }, this.data.clock), element("th", { scope: "col", class: "number" }, this.data.measure), element("th", { scope: "col" }, "answer"));
    return element("div", {}, sparkline(clock, ends, this.data.measure, this.data.digits),
      watchWidth(element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Course of the trial" }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)))),
      element("p", { class: "small" }, "At most twenty of the recorded points; all of them are in the study's history table."));
  }
}

function definitions(pairs, bold = new Set()) {
  return element("dl", {}, ...pairs.map(([name, value]) => element("div", { class: bold.has(name) ? "changed" : false }, element("dt", {}, name), element("dd", {}, element("code", {}, String(value))))));
}

function copyable(command) {
  const button = element("button", { type: "button", onclick: async () => {
    try { await navigator.clipboard.writeText(command); button.textContent = "Copied"; }
    catch { getSelection().selectAllChildren(text); button.textContent = "Selected: press Ctrl+C"; }
  } }, "Copy");
  const text = element("code", { class: "command" }, command);
  return element("div", { class: "copyable" }, text, button);
}

// Regret or accuracy over the clock, from zero, or the lowest where that is below, to the largest.
function sparkline(clock, ends, measure, digits) {
  const points = clock.map((when, at) => [Math.log(Math.max(when, 1e-3)), ends[at]]).filter(([, y]) => y !== null);
  if (points.length < 2) return element("p", { class: "small" }, "A single recorded point.");
  const [width, height] = [320, 70];
  const [left, right] = [points[0][0], points[points.length - 1][0]];
  const values = points.map(([, y]) => y);
  const [low, top] = [Math.min(0, ...values), Math.max(...values)];
  const reach = top - low || 1;
  const path = points.map(([x, y]) => `${((x - left) / (right - left || 1) * width).toFixed(1)},${(height - (y - low) / reach * (height - 6) - 2).toFixed(1)}`).join(" ");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("class", "spark");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${measure} from ${printed(points[0][1], digits)} to ${printed(points[points.length - 1][1], digits)}, at most ${printed(top, digits)}.`);
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  line.setAttribute("points", path);
  svg.append(line);
  return svg;
}

// --- the drawer -------------------------------------------------------------------------------

function showDrawer(title, ...content) {
  const drawer = document.getElementById("drawer");
  drawer.querySelector("h2").textContent = title;
  drawer.querySelector(".content").replaceChildren(...content);
  drawer.showModal();
  drawer.scrollTop = 0;
}
