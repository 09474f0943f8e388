"use strict";
for (const part of document.querySelectorAll(".decisions")) {
  const body = part.querySelector("tbody");
  const lines = [...body.rows];
  const rows = lines.filter((row) => row.dataset.row);
  const [find, order] = part.querySelectorAll(".tools input, .tools select");
  const told = part.querySelector("output");
  const labels = [...part.querySelectorAll("datalist option")].map((one) => one.value);
  const facts = new Map(rows.map((row) => [row, JSON.parse(row.dataset.row)]));
  const choice = (row) => row.querySelector("select");
  const named = (row) => row.querySelector("input");
  const decided = () => rows.filter((row) => choice(row).value);
  const undone = [];
  let here = null, saved = true;
  for (const element of part.querySelectorAll("[hidden]")) element.hidden = false;

  const count = () => {
    told.textContent = `${decided().length} of ${rows.length} decided`;
    for (const row of rows) row.classList.toggle("decided", choice(row).value !== "");
  };
  const line = (row) => {
    const decision = choice(row).value;
    const label = decision === "relabel" ? named(row).value.trim() : "";
    return JSON.stringify({ ...facts.get(row), decision, label }) + "\n";
  };
  const go = (row) => {
    here?.classList.remove("here");
    here = row;
    row?.classList.add("here");
    row?.scrollIntoView({ block: "nearest" });
  };
  const shown = () => [...body.rows].filter((row) => row.dataset.row && !row.hidden);
  const next = () => {
    const all = shown();
    const after = all.slice(all.indexOf(here) + 1);
    go(after.find((row) => !choice(row).value) ?? after[0] ?? here);
  };
  const decide = (row, decision, label) => {
    undone.push([row, choice(row).value, named(row).value]);
    choice(row).value = decision;
    if (label !== undefined) named(row).value = label;
    saved = false;
    count();
  };
  const undo = () => {
    const last = undone.pop();
    if (!last) return;
    [choice(last[0]).value, named(last[0]).value] = last.slice(1);
    go(last[0]);
    count();
  };
  const arrange = () => {
    const words = find.value.trim().toLowerCase();
    const by = order.value;
    const key = (row) => (by === "open" ? (choice(row).value ? "1" : "0") : facts.get(row)[by]);
    const sorted = by ? [...rows].sort((a, b) => key(a).localeCompare(key(b))) : lines;
    body.append(...sorted);
    const plain = !words && !by;
    for (const row of lines) {
      row.hidden = row.dataset.row ? !row.textContent.toLowerCase().includes(words) : !plain;
    }
  };

  part.addEventListener("input", (event) => { if (event.target === find) arrange(); });
  part.addEventListener("change", (event) => {
    if (event.target === find) return;
    if (event.target === order) { arrange(); return; }
    const row = event.target.closest("tr");
    if (event.target.matches("input")) choice(row).value = "relabel";
    saved = false;
    count();
  });
  body.addEventListener("click", (event) => go(event.target.closest("tr[data-row]") ?? here));
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = here ?? shown()[0];
    const label = labels.length < 10 ? labels[event.key - 1] : undefined;
    if (event.key === "u") undo();
    else if (!row) return;
    else if (event.key === "s") { here ??= row; next(); }
    else if (event.key === "k") { go(row); decide(row, "keep"); next(); }
    else if (event.key === "x") { go(row); decide(row, "drop"); next(); }
    else if (event.key === "r") { go(row); decide(row, "relabel", facts.get(row).suggested); next(); }
    else if (label === undefined) return;
    else { go(row); decide(row, label === facts.get(row).given ? "keep" : "relabel", label); next(); }
    event.preventDefault();
  });
  part.querySelector("button").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(decided().map(line), { type: "application/jsonl" }));
    link.download = part.dataset.file;
    link.click();
    URL.revokeObjectURL(link.href);
    saved = true;
  });
  addEventListener("beforeunload", (event) => { if (!saved) event.preventDefault(); });
  count();
}
