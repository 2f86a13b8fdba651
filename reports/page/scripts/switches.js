// Figures with several axes: radio buttons choose which drawing is seen.
function startSwitches() {
  document.querySelectorAll("figure.switched").forEach((figure) => {
    const drawings = [...figure.querySelectorAll(".variant")];
    const radios = [...figure.querySelectorAll("input[type=radio]")];
    const show = () => {
      const wanted = radios.filter((radio) => radio.checked).map((radio) => radio.value);
      const matches = (drawing) => JSON.parse(drawing.dataset.choices).filter((choice, at) => choice === wanted[at]).length;
      const best = drawings.reduce((a, b) => (matches(b) > matches(a) ? b : a));
      drawings.forEach((drawing) => drawing.classList.toggle("elsewhere", drawing !== best));
    };
    radios.forEach((radio) => radio.addEventListener("change", show));
    show();
  });
}
