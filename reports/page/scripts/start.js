document.documentElement.classList.add("scripted");
startTheme();
startTabs();
startSwitches();
startSideways();
startTables();
startTrials();
startZoom();
document.querySelectorAll("dialog").forEach((dialog) => {
  dialog.querySelector(".close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
});
