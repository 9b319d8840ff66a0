// My place: a name is looked for, and the nearest chargers of that spot are told. Nothing is sent anywhere.
(function () {
  "use strict";
  const finder = window.kwevPlaceSearch;
  const ground = window.kwevPlaceRoads;
  const MOST = 8;
  const OTHERS = 3;
  const LEVELS = [
    { name: "Level 2", mode: "walk", how: "on foot" },
    { name: "Level 3", mode: "drive", how: "by car" }
  ];
  const part = (id) => document.getElementById(id);
  const input = part("place-input");
  const list = part("place-list");
  const answer = part("place-answer");
  const state = { options: [], active: -1, shown: "" };
  let index = null;

  function make(tag, attributes, ...children) {
    const made = document.createElement(tag);
    Object.entries(attributes || {}).forEach(([name, value]) => made.setAttribute(name, value));
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  function say(text) { part("place-status").textContent = text; }

  function ready() {
    index = index || Promise.all([kwev.take("place-names"), kwev.take("place-chargers")])
      .then(([names, chargers]) => Object.assign(finder.indexOf(names, chargers), { names: names, chargers: chargers }));
    return index;
  }

  let network = null;
  function roadsReady() {
    network = network || Promise.all([kwev.take("place-roads"), kwev.take("place-shapes")]).then(([roads, shapes]) => {
      const made = new ground.Roads(roads);
      return { roads: made, shapes: new ground.Shapes(shapes, made) };
    });
    return network;
  }

  // -- What is told of a spot.

  function metres(cm) {
    if (!Number.isFinite(cm)) { return "no way along the roads"; }
    const far = Math.round(cm / 1000) * 10;
    if (far < 1000) { return `${far} m`; }
    return `${(cm / 100000).toFixed(cm < 1000000 ? 1 : 0).replace(".0", "")} km`;
  }

  function nearestOf(found, chargers, roads, level) {
    const { mode } = LEVELS[level];
    const way = roads.from(mode, found.spots[mode]);
    const places = chargers.places.map((row) => {
      const spot = mode === "drive" && row[7] !== 0 ? row[7] : row[6];
      return { row: row, cm: spot && row[8] & (21 << level) ? roads.to(mode, found.spots[mode], way, spot) : Infinity };
    });
    const first = (bit) => places.filter((one) => one.row[8] & (bit << level) && Number.isFinite(one.cm)).sort((a, b) => a.cm - b.cm);
    return { today: first(1)[0] || null, plan: first(4)[0] || null, others: first(16).slice(0, OTHERS) };
  }

  function charger(one, level, is_new) {
    const row = one.row;
    const parts = [make("span", {}, row[1])];
    if (row[2]) { parts.push(make("span", { class: "note" }, ` (${row[2]})`)); }
    if (is_new && row.length > 9) {
      const [month, id] = level ? [row[11], row[12]] : [row[9], row[10]];
      parts.push(make("br"), make("span", {}, `New: open by the end of month ${month}. `));
      parts.push(make("a", { href: `../sites/${encodeURIComponent(id)}.html` }, "The site's page"));
    }
    return parts;
  }

  function card(level, near, radius) {
    const { name, how } = LEVELS[level];
    const within = (one) => one && one.cm <= radius * 100;
    const rows = [["Today", near.today, false], ["With the plan", near.plan, true]].map(([when, one, planned]) => {
      const is_new = planned && one !== null && !(one.row[8] & (1 << level));
      const same = planned && one && near.today && one.row === near.today.row;
      const attributes = { class: within(one) ? "in" : "out", "data-level": String(level), "data-when": planned ? "plan" : "today" };
      if (one) { attributes["data-metres"] = (one.cm / 100).toFixed(2); attributes["data-id"] = one.row[0]; }
      return make("div", attributes,
        make("dt", {}, when),
        make("dd", {},
          make("b", { class: "big" }, one ? metres(one.cm) : "none"),
          make("span", { class: "mark" }, !one ? "No way along the roads leads to one" : `${within(one) ? "✓ within" : "✕ beyond"} the plan's ${metres(radius * 100)}`),
          make("p", {}, ...(!one ? [] : same ? ["The same as today."] : charger(one, level, is_new)))));
    });
    return make("section", { class: "card" }, make("h3", {}, `${name}, ${how}`), make("dl", {}, ...rows));
  }

  function others(nears) {
    const rows = nears.flatMap((near, level) => near.others.map((one) => make("tr", {},
      make("td", {}, LEVELS[level].name), make("td", {}, one.row[1], one.row[2] ? make("span", { class: "note" }, ` (${one.row[2]})`) : ""),
      make("td", { class: "n", "data-metres": (one.cm / 100).toFixed(2) }, `${metres(one.cm)} ${LEVELS[level].how}`))));
    if (!rows.length) { return null; }
    return make("section", {}, make("h3", {}, "What else could stand near here"),
      make("p", {}, "These candidate sites are nearest, and the plan takes none of them."),
      make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Candidate sites" }, make("table", {},
        make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Level"), make("th", { scope: "col" }, "Site"), make("th", { scope: "col", class: "n" }, "Along the roads"))),
        make("tbody", {}, ...rows))));
  }

  function area(item, radius) {
    if (!item.shares) { return null; }
    const people = Number(item.people.toPrecision(3)).toLocaleString("en-CA");
    const [l2, l2_plan, l3, l3_plan] = item.shares;
    return make("p", { class: "area" }, `Of the ${people} people there, ${l2} % have Level 2 within ${metres(radius[0] * 100)} on foot today, and ${l2_plan} % with the plan. ` +
      `Level 3 is within ${metres(radius[1] * 100)} by car for ${l3} % today, and for ${l3_plan} % with the plan.`);
  }

  function sentence(found, nears) {
    const told = nears.map((near, level) => {
      const { name, how } = LEVELS[level];
      if (!near.plan) { return `No ${name} charger can be reached.`; }
      const now = near.today ? `${metres(near.today.cm)} today` : "none today";
      return `The nearest ${name} charger is ${metres(near.plan.cm)} away ${how} with the plan; ${now}.`;
    });
    return `${found.label}. ${told.join(" ")}`;
  }

  function frame(found, known, shapes) {
    const [lat, lon] = shapes.place(found.spots.walk, found.side);
    const month = Math.max(0, ...known.chargers.places.flatMap((row) => (row.length > 9 ? [row[9], row[11]] : [])));
    const where = `lat=${lat}&lon=${lon}&zoom=15&month=${month}&layers=l2,l3&pin=${lat},${lon}`;
    return make("section", {}, make("h3", {}, "Around it"),
      make("iframe", { src: `map.html?embed=1#${where}`, title: `Map around ${found.label}`, loading: "lazy", height: "420", "data-lat": String(lat), "data-lon": String(lon) }),
      make("p", {}, make("a", { href: `map.html#${where}` }, "Open this map in full")));
  }

  function show(found, known, net) {
    const { radius, along } = known.chargers;
    const nears = LEVELS.map((_, level) => nearestOf(found, known.chargers, net.roads, level));
    answer.replaceChildren(
      make("h2", { id: "place-heading" }, found.label),
      ...found.notes.map((note) => make("p", { class: "said" }, note)),
      area(found.item, radius) || "",
      make("div", { class: "cards" }, ...nears.map((near, level) => card(level, near, radius[level]))),
      make("p", { class: "note" }, along ? "All ways are along the roads. The book counts homes by cell of its grid, so its shares may call a home at the edge otherwise."
        : "All ways here are along the roads; the plan's own radius is measured in a straight line."),
      others(nears) || "",
      frame(found, known, net.shapes));
    say(sentence(found, nears));
  }

  // -- From a name to a spot.

  function spotOf(choice, known) {
    const { item, number } = choice;
    const found = { item: item, label: choice.label, notes: [], side: 0 };
    const at = (spot, drive) => Object.assign(found, { spots: { walk: spot, drive: drive || spot } });
    if (item.kind !== "street") {
      if (item.shares || item.kind === "settlement") { found.notes.push("This is an area: the answer is for one spot near its middle. Search for a street for a nearer answer."); }
      if (!item.spot && !item.drive) { return Promise.resolve(null); }
      return Promise.resolve(at(item.spot || item.drive, item.drive));
    }
    const { shard } = known.names;
    return kwev.take(`place-numbers-${Math.floor(item.id / shard)}`).then((texts) => {
      const runs = ground.runsOf(texts[item.id % shard]);
      const spot = number === null ? null : ground.spotOf(runs, number);
      if (spot === null) {
        found.notes.push(number === null ? "No number is given, so this is the middle of the street. Write a number before the name for a nearer answer."
          : "The lists have no numbers on this street, so this is its middle.");
        found.label = finder.label(item, null) + ", middle of the street";
        return at(item.middle);
      }
      if (spot.number !== number) { found.notes.push(`The lists have no number ${number} there. Number ${spot.number}, the nearest that is listed, stands for it.`); }
      found.side = spot.offset;
      return at([spot.edge, spot.along * 100, Math.abs(spot.offset) * 100]);
    });
  }

  function addressOf(choice, known) {
    const { item } = choice;
    const one = item.kind === "station" || item.kind === "site" ? { id: known.chargers.places[item.id][0] } : { at: choice.label };
    return new URLSearchParams(one).toString();
  }

  function take(choice, known) {
    close();
    input.value = choice.label;
    state.shown = addressOf(choice, known);
    if (location.hash.slice(1) !== state.shown) { location.hash = state.shown; }
    return Promise.all([spotOf(choice, known), roadsReady()]).then(([found, net]) => {
      if (found) { show(found, known, net); } else { unreachable(choice.label); }
    }).catch(failed);
  }

  function unreachable(label) {
    const text = `${label} is too far from every road in the data, so no way can be told.`;
    answer.replaceChildren(make("p", { class: "said" }, text));
    say(text);
  }

  function failed(error) {
    const text = `The data of this page did not load (${error.message}). Are the files beside it complete?`;
    answer.replaceChildren(make("p", { class: "said" }, text));
    say(text);
  }

  function nothing(text, known) {
    const near = finder.nearest(known, text, 5);
    const words = text.trim() ? `Nothing in the lists is called “${text.trim()}”.` : "Write an address, a street, a postal code or the name of a place.";
    answer.replaceChildren(make("p", { class: "said" }, words));
    if (near.length) {
      const buttons = near.map((choice) => {
        const button = make("button", { type: "button" }, choice.label);
        button.addEventListener("click", () => take(choice, known));
        return make("li", {}, button);
      });
      answer.append(make("p", {}, "Spelt nearest to it:"), make("ul", { class: "near" }, ...buttons));
    } else if (text.trim()) {
      answer.append(make("p", {}, "Try the street without its number, or the first three characters of the postal code."));
    }
    say(words + (near.length ? ` ${near.length} names are spelt nearly so.` : ""));
  }

  function find() {
    const text = input.value;
    return ready().then((known) => {
      const chosen = state.active >= 0 ? state.options[state.active] : finder.search(known, text, 1)[0];
      close();
      return chosen ? take(chosen, known) : nothing(text, known);
    }).catch(failed);
  }

  // -- The box with its list (combobox of the ARIA practices).

  function close() {
    state.options = [];
    state.active = -1;
    list.hidden = true;
    list.replaceChildren();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function point(at) {
    state.active = at;
    Array.from(list.children).forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    if (at < 0) { input.removeAttribute("aria-activedescendant"); return; }
    input.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  }

  function hint(choice) {
    const { item, number } = choice;
    if (item.kind !== "street") { return item.kind; }
    const numbers = item.low < item.high ? `numbers ${item.low} to ${item.high}` : `number ${item.low}`;
    if (number === null) { return item.low ? `middle of the street; ${numbers}` : "middle of the street"; }
    return number >= item.low && number <= item.high ? "" : item.low ? numbers : "street without numbers";
  }

  function open() {
    const text = input.value;
    return ready().then((known) => {
      if (text !== input.value) { return; }
      close();
      state.options = text.trim().length > 1 ? finder.search(known, text, MOST) : [];
      if (!state.options.length) { return; }
      list.replaceChildren(...state.options.map((choice, i) => {
        const option = make("li", { role: "option", id: `place-option-${i}`, "aria-selected": "false" }, choice.label, make("span", { class: "note" }, ` ${hint(choice)}`));
        option.addEventListener("mousedown", (event) => event.preventDefault());
        option.addEventListener("click", () => take(choice, known));
        return option;
      }));
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
    }).catch(failed);
  }

  function key(event) {
    const count = state.options.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (!count) { open().then(() => { if (state.options.length) { point(step > 0 ? 0 : state.options.length - 1); } }); return; }
      const next = state.active + step;
      point(next >= count ? -1 : next < -1 ? count - 1 : next);
    } else if (event.key === "Escape") {
      if (count) { close(); } else { input.value = ""; }
    } else if (event.key === "Enter") {
      event.preventDefault();
      find();
    }
  }

  function restore() {
    const hash = location.hash.slice(1);
    if (!hash || hash === "main" || hash === state.shown) { return; }
    const said = new URLSearchParams(hash);
    ready().then((known) => {
      const id = said.get("id");
      const text = said.get("at") || "";
      const item = id ? known.items.find((one) => (one.kind === "station" || one.kind === "site") && known.chargers.places[one.id][0] === id) : null;
      const found = item ? { item: item, number: null, label: finder.label(item, null) } : finder.search(known, text, MOST).find((one) => one.label === text) || finder.search(known, text, 1)[0];
      input.value = found ? found.label : text || id || "";
      return found ? take(found, known) : nothing(input.value, known);
    }).catch(failed);
  }

  input.addEventListener("input", open);
  input.addEventListener("keydown", key);
  input.addEventListener("focus", () => { ready().catch(failed); });
  input.addEventListener("blur", close);
  part("place-form").addEventListener("submit", (event) => { event.preventDefault(); find(); });
  // sent before this script listens, a form would load the page anew and lose what was written
  document.querySelector("#place-form button").disabled = false;
  window.addEventListener("hashchange", restore);
  restore();
})();
