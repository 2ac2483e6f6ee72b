const field = document.createElement("input");
const count = document.createElement("output");
const lines = [...document.querySelectorAll(".names li")];
field.type = "search";
field.addEventListener("input", () => {
  const sought = field.value.toLowerCase();
  let found = 0;
  for (const line of lines) {
    line.hidden = !line.textContent.toLowerCase().includes(sought);
    if (!line.hidden) found += 1;
  }
  for (const block of document.querySelectorAll(".block")) {
    block.hidden = !block.querySelector("li:not([hidden])");
  }
  count.textContent = sought && ` ${found} found`;
});
const label = document.createElement("label");
label.className = "search";
label.append("Filter by name or result ", field, count);
document.querySelector("nav").append(label);
