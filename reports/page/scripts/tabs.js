// One study at a time; without this script all of them stand one below the other.
function startTabs() {
  const bar = document.getElementById("tabs");
  if (!bar) return;
  const tabs = [...bar.querySelectorAll("a")];
  const panel = (tab) => document.getElementById(tab.hash.slice(1));
  bar.setAttribute("role", "tablist");
  tabs.forEach((tab) => {
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", tab.hash.slice(1));
    panel(tab).setAttribute("role", "tabpanel");
    panel(tab).setAttribute("aria-label", tab.textContent.trim());
  });
  const select = (chosen, focus) => {
    tabs.forEach((tab) => {
      const on = tab === chosen;
      tab.setAttribute("aria-selected", on);
      tab.tabIndex = on ? 0 : -1;
      panel(tab).classList.toggle("elsewhere", !on);
    });
    if (focus) chosen.focus();
  };
  const follow = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const tab = target && tabs.find((candidate) => panel(candidate).contains(target));
    if (!tab) return false;
    select(tab, false);
    target.scrollIntoView();
    return true;
  };
  bar.addEventListener("click", (event) => {
    const tab = event.target.closest("a");
    if (!tab) return;
    event.preventDefault();
    select(tab, true);
    history.replaceState(null, "", tab.hash);
  });
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
    const next = event.key === "Home" ? 0 : event.key === "End" ? tabs.length - 1 : step ? (at + step + tabs.length) % tabs.length : -1;
    if (next < 0) return;
    event.preventDefault();
    select(tabs[next], true);
    history.replaceState(null, "", tabs[next].hash);
  });
  window.addEventListener("hashchange", follow);
  if (!follow()) select(tabs[0], false);
}
