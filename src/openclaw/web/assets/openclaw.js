"use strict";
// What carries data-refresh is fetched again every half minute while somebody looks; filters apply as they change. Without this script the
// pages do the same on a click.

const times = (root) => root.querySelectorAll("time").forEach((t) => {
  t.title += ` (${new Date(t.dateTime).toLocaleString()} here)`;
});

async function swap(address, ids) {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ids) {
    const [before, after] = [document.getElementById(id), fresh.getElementById(id)];
    if (!before || !after || before.contains(document.activeElement)) continue;
    if (before.textContent === after.textContent) continue;
    before.replaceWith(document.adoptNode(after));
    times(after);
  }
}

const live = () => [...document.querySelectorAll("[data-refresh]")].map((part) => part.id);

async function refresh() {
  if (document.hidden) return;
  try {
    await swap(location.href, live());
  } catch {
    const line = document.getElementById("heartbeat");
    line.className = "heartbeat late";
    line.textContent = "This page cannot be refreshed: what it shows is as old as its times say.";
  }
}

document.querySelectorAll("form[data-swap]").forEach((form) => form.addEventListener("change", () => {
  const asked = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  const address = `${form.action}?${asked}`;
  history.replaceState(null, "", address);
  swap(address, [form.dataset.swap]).catch(() => location.assign(address));
}));

times(document);
setInterval(refresh, 30000);
document.addEventListener("visibilitychange", refresh);
