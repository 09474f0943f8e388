"use strict";
for (const part of document.querySelectorAll(".decisions")) {
  const rows = [...part.querySelectorAll("tr[data-row]")];
  const button = part.querySelector("button");
  const told = part.querySelector("output");
  for (const element of part.querySelectorAll("[hidden]")) element.hidden = false;
  const decided = () => rows.filter((row) => row.querySelector("select").value);
  const count = () => { told.textContent = `${decided().length} of ${rows.length} decided`; };
  const line = (row) => {
    const decision = row.querySelector("select").value;
    const label = decision === "relabel" ? row.querySelector("input").value : "";
    return JSON.stringify({ ...JSON.parse(row.dataset.row), decision, label }) + "\n";
  };
  part.addEventListener("change", (event) => {
    const row = event.target.closest("tr");
    if (event.target.matches("input")) row.querySelector("select").value = "relabel";
    count();
  });
  button.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(decided().map(line), { type: "application/jsonl" }));
    link.download = part.dataset.file;
    link.click();
    URL.revokeObjectURL(link.href);
  });
  count();
}
