// What is wider than its place says so, as long as it is.
const watchWidths = new ResizeObserver((seen) => {
  new Set(seen.map(({ target }) => target.closest(".scroll"))).forEach((place) => {
    if (place) place.classList.toggle("wider", place.scrollWidth > place.clientWidth + 1);
  });
});

function watchWidth(place) {
  watchWidths.observe(place);
  [...place.children].forEach((child) => watchWidths.observe(child));
  return place;
}

function startSideways() {
  document.querySelectorAll(".scroll").forEach(watchWidth);
}
