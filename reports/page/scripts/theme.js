// Light, dark, or what the system says; remembered where the browser allows it.
function startTheme() {
  const button = document.getElementById("theme");
  const order = ["auto", "light", "dark"];
  const remember = (value) => { try { localStorage.setItem("nasharness-theme", value); } catch { /* private mode */ } };
  const recall = () => { try { return localStorage.getItem("nasharness-theme"); } catch { return null; } };
  const apply = (value) => {
    if (value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
    button.textContent = `Theme: ${value}`;
    button.dataset.value = value;
  };
  apply(order.includes(recall()) ? recall() : "auto");
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = order[(order.indexOf(button.dataset.value) + 1) % order.length];
    apply(next);
    remember(next);
  });
}
