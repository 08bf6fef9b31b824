"use strict";
(() => {
  const PAGE = 200;
  const data = JSON.parse(document.getElementById("data").textContent);
  const texts = data.texts;
  const form = document.querySelector("form");
  const total = document.getElementById("total");
  const groups = [...document.querySelectorAll("details[data-group]")];
  const all = data.findings.map((f) => ({
    group: f[0], name: texts[f[1]], region: texts[f[2]], arn: texts[f[3]],
    reasons: f[4].map((i) => texts[i]), who: f[5].map((i) => texts[i]),
    note: texts[f[6]], command: texts[f[7]].split("\u0001").join(texts[f[1]]), uid: f[8],
    status: texts[f[9]], severity: texts[f[10]],
  }));
  for (const one of all) {
    one.search = [one.name, one.region, one.arn, one.uid, one.note, ...one.reasons, ...one.who].join("\n").toLowerCase();
  }
  const byGroup = groups.map(() => []);
  let shown = byGroup;
  const add = (parent, name, text) => {
    const node = document.createElement(name);
    if (text !== undefined) node.textContent = text;
    parent.append(node);
    return node;
  };
  const row = (one) => {
    const tr = document.createElement("tr");
    tr.id = "f-" + one.uid;
    const name = add(tr, "td");
    add(name, "code", one.name).title = one.arn;
    add(tr, "td", one.region || "–");
    const why = add(add(tr, "td"), "ul");
    for (const reason of one.reasons) add(why, "li", reason);
    if (one.note) add(why, "li", one.note).className = "dim";
    add(tr, "td", one.who.join(", ") || "–");
    const fix = add(tr, "td");
    if (one.command) {
      const more = add(fix, "details");
      add(more, "summary", "command");
      add(more, "pre", one.command);
    } else add(fix, "span", "–");
    return tr;
  };
  const render = (index, count) => {
    const details = groups[index];
    const rows = details.querySelector("tbody");
    const list = shown[index];
    rows.replaceChildren(...list.slice(0, count).map(row));
    details.dataset.rendered = "yes";
    details.querySelector("button")?.remove();
    if (list.length > count) {
      const more = add(details.querySelector(".body"), "button", `Show ${Math.min(PAGE, list.length - count)} more of ${list.length - count}`);
      more.type = "button";
      more.addEventListener("click", () => render(index, count + PAGE));
    }
  };
  const filter = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const region = form.elements.region.value;
    const status = form.elements.status.value;
    const severities = new Set([...form.querySelectorAll("[name=severity]:checked")].map((one) => one.value));
    shown = groups.map(() => []);
    let count = 0;
    for (const one of all) {
      const is = severities.has(one.severity) && (!region || one.region === region) &&
        (!status || one.status === status) && words.every((word) => one.search.includes(word));
      if (is) { shown[one.group].push(one); count += 1; }
    }
    groups.forEach((details, index) => {
      const length = shown[index].length;
      details.hidden = length === 0;
      details.querySelector(".count").textContent = length.toLocaleString("en");
      details.dataset.rendered = "";
      if (details.open && length > 0) render(index, PAGE);
    });
    total.textContent = `${count.toLocaleString("en")} of ${all.length.toLocaleString("en")} findings`;
  };
  groups.forEach((details, index) => {
    details.addEventListener("toggle", () => {
      if (details.open && !details.dataset.rendered) render(index, PAGE);
    });
  });
  const jump = () => {
    const uid = location.hash.replace(/^#(f-)?/, "");
    const one = uid && all.find((one) => one.uid === uid);
    if (!one) return;
    form.reset();
    // After the filter that the reset starts.
    setTimeout(() => {
      render(one.group, shown[one.group].indexOf(one) + PAGE);
      groups[one.group].open = true;
      const target = document.getElementById("f-" + one.uid);
      target.className = "target";
      target.scrollIntoView({ block: "center" });
    });
  };
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", jump);
  addEventListener("beforeprint", () => groups.forEach((details, index) => {
    if (!details.hidden) { details.open = true; if (!details.dataset.rendered) render(index, PAGE); }
  }));
  filter();
  jump();
})();
