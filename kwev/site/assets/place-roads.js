// The roads in the page: where a street number is, and how far every charger is from it.
// The same as kwev/site/place_address.py and kwev/model/network.py; lengths are whole centimetres.
(function () {
  "use strict";
  const numbers = (text) => text.split(" ").map(Number);
  const mixed = (one, other, share) => Math.floor(one + share * (other - one) + 0.5);

  function running(steps) {
    let sum = 0;
    return Int32Array.from(steps, (step) => (sum += step));
  }

  // sides of a street: "road,numbers,metres along,metres from;..."
  function runsOf(text) {
    return text ? text.split(";").map((part) => {
      const cells = part.split(",");
      return { edge: Number(cells[0]), numbers: numbers(cells[1]), alongs: numbers(cells[2]), offsets: numbers(cells[3]) };
    }) : [];
  }

  function between(run, number) {
    const after = run.numbers.findIndex((mark) => mark >= number);
    const before = run.numbers[after] === number ? after : after - 1;
    const span = run.numbers[after] - run.numbers[before];
    const share = span ? (number - run.numbers[before]) / span : 0;
    const at = (values) => (values.length === 1 ? values[0] : mixed(values[before], values[after], share));
    return { edge: run.edge, along: at(run.alongs), offset: at(run.offsets), number: number };
  }

  // where a number is reached (metres); null without numbers. See spot_of in place_address.py
  function spotOf(runs, number) {
    let best = null;
    runs.forEach((run) => {
      const low = run.numbers[0];
      const high = run.numbers[run.numbers.length - 1];
      if (low % 2 === number % 2 && low <= number && number <= high && (best === null || high - low < best.span)) { best = { run: run, span: high - low }; }
    });
    if (best) { return between(best.run, number); }
    let near = null;
    runs.forEach((run) => run.numbers.forEach((mark) => {
      const off = Math.abs(mark - number);
      if (near === null || off < near.off || (off === near.off && mark < near.mark)) { near = { run: run, mark: mark, off: off }; }
    }));
    return near ? between(near.run, near.mark) : null;
  }

  function Roads(data) {
    this.nodes = data.nodes;
    this.start = running(data.start);
    this.end = Int32Array.from(data.end, (step, i) => this.start[i] + step);
    this.cm = Int32Array.from(data.cm);
    this.go = Uint8Array.from(data.go, Number);
    this.arcs = { walk: this.arcsOf(1, 1), drive: this.arcsOf(2, 4) };
  }

  // arcs by tail: `first` of each node, then head and length
  Roads.prototype.arcsOf = function (ahead, back) {
    const first = new Int32Array(this.nodes + 1);
    const each = (take) => {
      for (let i = 0; i < this.cm.length; i += 1) {
        if (this.go[i] & ahead) { take(this.start[i], this.end[i], this.cm[i]); }
        if (this.go[i] & back) { take(this.end[i], this.start[i], this.cm[i]); }
      }
    };
    each((tail) => { first[tail + 1] += 1; });
    for (let i = 0; i < this.nodes; i += 1) { first[i + 1] += first[i]; }
    const head = new Int32Array(first[this.nodes]);
    const cm = new Int32Array(first[this.nodes]);
    const next = first.slice();
    each((tail, to, length) => { const at = next[tail]; next[tail] += 1; head[at] = to; cm[at] = length; });
    return { first: first, head: head, cm: cm, ahead: ahead, back: back };
  };

  // ways from a spot [road, cm along, cm to it] to all junctions
  Roads.prototype.from = function (mode, spot) {
    const arcs = this.arcs[mode];
    const [edge, along, offset] = spot;
    const way = new Float64Array(this.nodes).fill(Infinity);
    const heap = [];
    const reach = (node, cm) => { if (cm < way[node]) { way[node] = cm; push(heap, [cm, node]); } };
    if (this.go[edge] & arcs.back || along === 0) { reach(this.start[edge], offset + along); }
    if (this.go[edge] & arcs.ahead || along === this.cm[edge]) { reach(this.end[edge], offset + this.cm[edge] - along); }
    while (heap.length) {
      const [cm, node] = pop(heap);
      if (cm > way[node]) { continue; }
      for (let i = arcs.first[node]; i < arcs.first[node + 1]; i += 1) { reach(arcs.head[i], cm + arcs.cm[i]); }
    }
    return way;
  };

  // way on to another spot, given the ways to all junctions
  Roads.prototype.to = function (mode, spot, way, target) {
    const arcs = this.arcs[mode];
    const [edge, along, offset] = target;
    const ahead = this.go[edge] & arcs.ahead;
    const back = this.go[edge] & arcs.back;
    let best = Infinity;
    if (ahead || along === 0) { best = way[this.start[edge]] + along + offset; }
    if (back || along === this.cm[edge]) { best = Math.min(best, way[this.end[edge]] + this.cm[edge] - along + offset); }
    const step = along - spot[1];
    if (edge === spot[0] && ((ahead && step >= 0) || (back && step <= 0) || step === 0)) { best = Math.min(best, spot[2] + Math.abs(step) + offset); }
    return best;
  };

  function push(heap, entry) {
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (heap[above][0] <= entry[0]) { break; }
      heap[at] = heap[above];
      at = above;
    }
    heap[at] = entry;
  }

  function pop(heap) {
    const top = heap[0];
    const last = heap.pop();
    if (heap.length) {
      let at = 0;
      for (;;) {
        let below = 2 * at + 1;
        if (below >= heap.length) { break; }
        if (below + 1 < heap.length && heap[below + 1][0] < heap[below][0]) { below += 1; }
        if (heap[below][0] >= last[0]) { break; }
        heap[at] = heap[below];
        at = below;
      }
      heap[at] = last;
    }
    return top;
  }

  // where a spot is on the ground: along the road's bends, then to its side (metres; left is positive)
  function Shapes(data, roads) {
    this.lon = running(data.lon);
    this.lat = running(data.lat);
    this.bends = new Map(data.bends.map((row) => [row[0], row.slice(1)]));
    this.roads = roads;
  }

  Shapes.prototype.place = function (spot, side) {
    const [edge, along] = spot;
    const { start, end, cm } = this.roads;
    const at = [[this.lon[start[edge]], this.lat[start[edge]]]];
    const bends = this.bends.get(edge) || [];
    for (let i = 0; i < bends.length; i += 2) { at.push([at[0][0] + bends[i], at[0][1] + bends[i + 1]]); }
    at.push([this.lon[end[edge]], this.lat[end[edge]]]);
    const wide = Math.cos(at[0][1] / 1e5 * Math.PI / 180);
    const lengths = at.slice(1).map((one, i) => Math.hypot((one[0] - at[i][0]) * wide, one[1] - at[i][1]));
    let left = lengths.reduce((sum, length) => sum + length, 0) * along / cm[edge];
    let i = 0;
    while (i < lengths.length - 1 && left > lengths[i]) { left -= lengths[i]; i += 1; }
    const share = lengths[i] ? Math.min(left / lengths[i], 1) : 0;
    const way = [(at[i + 1][0] - at[i][0]) * wide, at[i + 1][1] - at[i][1]];
    const off = lengths[i] ? side / 1.112 / lengths[i] : 0;
    const lon = at[i][0] + (at[i + 1][0] - at[i][0]) * share - way[1] * off / wide;
    const lat = at[i][1] + (at[i + 1][1] - at[i][1]) * share + way[0] * off;
    return [Math.round(lat) / 1e5, Math.round(lon) / 1e5];
  };

  window.kwevPlaceRoads = { runsOf: runsOf, spotOf: spotOf, Roads: Roads, Shapes: Shapes };
})();
