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
field.type = "search";
field.addEventListener("input", () => {
  const sought = field.value.toLowerCase();
  for (const part of document.querySelectorAll(".cause, .clause")) {
    part.hidden = !part.textContent.toLowerCase().includes(sought);
  }
});
const label = document.createElement("label");
label.className = "search";
label.append("Show causes and clauses containing ", field);
document.querySelector("nav").append(label);
