// A figure in a window of its own: wheel, buttons and keys zoom, dragging and arrows move.
function startZoom() {
  const dialog = document.getElementById("zoom");
  const stage = dialog.querySelector(".stage");
  let svg = null;
  let whole = null;
  let box = null;

  const apply = () => svg.setAttribute("viewBox", box.join(" "));
  const scale = (factor, at = [0.5, 0.5]) => {
    const size = Math.min(Math.max(box[2] * factor, whole[2] / 20), whole[2]);
    const grown = size / box[2];
    box = [box[0] + box[2] * (1 - grown) * at[0], box[1] + box[3] * (1 - grown) * at[1], size, box[3] * grown];
    if (size === whole[2]) box = [...whole];
    apply();
  };
  const move = (dx, dy) => { box[0] += dx * box[2]; box[1] += dy * box[3]; apply(); };
  const reset = () => { box = [...whole]; apply(); };

  const open = (picture, title) => {
    svg = picture.cloneNode(true);
    svg.removeAttribute("style");
    whole = svg.getAttribute("viewBox").split(" ").map(Number);
    dialog.querySelector("h2").textContent = title;
    stage.replaceChildren(svg);
    dialog.showModal();
    reset();
    stage.focus();
  };
  document.querySelectorAll("figure .pictures svg[role=img]").forEach((picture) => {
    const title = picture.closest("figure").querySelector(".head").firstChild.textContent.trim();
    const button = element("button", { type: "button", class: "enlarge", "aria-label": `Enlarge: ${title}`, onclick: () => open(picture, title) }, "⤢ Enlarge");
    const frame = element("div", { class: "framed" });
    picture.replaceWith(frame);
    frame.append(picture, button);
  });

  dialog.querySelector("[data-zoom=in]").addEventListener("click", () => scale(0.7));
  dialog.querySelector("[data-zoom=out]").addEventListener("click", () => scale(1 / 0.7));
  dialog.querySelector("[data-zoom=all]").addEventListener("click", reset);
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    const rectangle = svg.getBoundingClientRect();
    scale(event.deltaY > 0 ? 1.2 : 1 / 1.2, [(event.clientX - rectangle.left) / rectangle.width, (event.clientY - rectangle.top) / rectangle.height]);
  }, { passive: false });
  stage.addEventListener("keydown", (event) => {
    const act = { "+": () => scale(0.7), "=": () => scale(0.7), "-": () => scale(1 / 0.7), 0: reset, ArrowLeft: () => move(-0.1, 0),
      ArrowRight: () => move(0.1, 0), ArrowUp: () => move(0, -0.1), ArrowDown: () => move(0, 0.1) }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  stage.addEventListener("pointerdown", (event) => stage.setPointerCapture(event.pointerId));
  stage.addEventListener("pointermove", (event) => {
    if (!stage.hasPointerCapture(event.pointerId)) return;
    const rectangle = svg.getBoundingClientRect();
    move(-event.movementX / rectangle.width, -event.movementY / rectangle.height);
  });
}
