// Keys for those who read many traces; every page works without.
"use strict";
(() => {
  const rows = () => [...document.querySelectorAll("td.trace > a")];
  const move = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))].focus();
  };
  const follow = (rel) => document.querySelector(`a[rel~="${rel}"]`)?.click();
  const fold = () => {
    const all = [...document.querySelectorAll("details.thinking")];
    const open = all.some((one) => !one.open);
    all.forEach((one) => { one.open = open; });
  };
  const keys = {
    "/": () => document.querySelector('input[name="words"]')?.focus(),
    j: () => move(1), k: () => move(-1), n: () => follow("next"), p: () => follow("prev"), u: () => follow("up"), t: fold,
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
})();
