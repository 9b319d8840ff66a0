// Two plans beside each other: the choice stands in the address, and the maps move together.
(function () {
  "use strict";
  const SIDES = ["left", "right"];
  const choose = (side) => document.querySelector(`[data-side="${side}"]`);
  const frame = (side) => document.querySelector(`[data-frame="${side}"]`);
  const layers = () => document.querySelector('[name="layers"]:checked').value;
  let view = "";

  function show(side) {
    const one = choose(side), name = one.options[one.selectedIndex].textContent;
    const said = `#plan=${encodeURIComponent(one.value)}&layers=${layers()}${view}`;
    frame(side).title = "Map: " + name;
    if (frame(side).dataset.said !== said) {
      frame(side).dataset.said = said;
      frame(side).src = "map.html?embed=1" + said;
    }
  }
  function read() {
    const said = new URLSearchParams(location.hash.slice(1));
    SIDES.forEach((side) => {
      const wanted = said.get(side);
      if ([...choose(side).options].some((one) => one.value === wanted)) { choose(side).value = wanted; }
    });
    const wanted = said.get("layers");
    const radio = [...document.querySelectorAll('[name="layers"]')].find((one) => one.value === wanted);
    if (radio) { radio.checked = true; }
    SIDES.forEach(show);
  }
  function write() {
    const said = SIDES.map((side) => `${side}=${encodeURIComponent(choose(side).value)}`);
    if (layers()) { said.push("layers=" + layers()); }
    window.history.replaceState(null, "", "#" + said.join("&"));
  }
  document.querySelectorAll("[data-side], [name=layers]").forEach((input) => input.addEventListener("change", () => {
    write();
    SIDES.forEach(show);
  }));
  // what one map shows, the other shows too
  window.addEventListener("message", (event) => {
    const from = SIDES.find((side) => frame(side).contentWindow === event.source), said = event.data;
    if (!from || !said || said.kwev !== "map") { return; }
    view = `&lat=${Number(said.lat)}&lon=${Number(said.lon)}&zoom=${Number(said.zoom)}`;
    frame(from === "left" ? "right" : "left").contentWindow.postMessage(said, "*");
  });
  window.addEventListener("hashchange", read);
  read();
})();
