for (const lines of document.querySelectorAll(".curl pre, .paste pre")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(lines.textContent);
    button.textContent = "Copied";
  });
  lines.before(button);
}
const field = document.createElement("input");
const count = document.createElement("output");
field.type = "search";
field.addEventListener("input", () => {
  const sought = field.value.toLowerCase();
  const parts = [...document.querySelectorAll(".cause, .clause")];
  for (const part of parts) part.hidden = !part.textContent.toLowerCase().includes(sought);
  for (const group of document.querySelectorAll(".group, .area")) {
    group.hidden = !group.querySelector(".cause:not([hidden]), .clause:not([hidden])");
    if (group.matches(".area")) group.open = sought !== "";
  }
  const found = parts.filter((part) => !part.hidden);
  const causes = found.filter((part) => part.matches(".cause")).length;
  count.textContent = sought && ` ${causes} causes, ${found.length - causes} clauses`;
});
const label = document.createElement("label");
label.className = "search";
const subjects = document.querySelector(".cause") ? "causes and clauses" : "clauses";
label.append(`Filter ${subjects} `, field, count);
if (document.querySelector(".cause, .clause")) document.querySelector("nav").append(label);
