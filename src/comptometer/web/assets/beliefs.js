// Beliefs about one number, and what follows when they are multiplied: possible worlds as Python has them, but more of
// them, so that what differs is Python's own sampling. The shapes are those of `comptometer.distribution`.
(function () {
  "use strict";
  var page = window.comptometer;
  var WORLDS = 1 << 16, BINS = 64, Z90 = 1.6448536269514722;
  var grid = Float64Array.from({ length: WORLDS }, function (_, at) { return (at + 0.5) / WORLDS; });
  var kept = { orders: {}, shapes: {} };

  // Quantiles of the standard normal: Wichura 1988, algorithm AS 241 (Applied Statistics 37, 477).
  var NEAR = [[2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
    13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608],
  [5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867, 5394.1960214247511077,
    687.1870074920579083, 42.313330701600911252, 1]];
  var MIDDLE = [[7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
    3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734],
  [1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
    0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1]];
  var FAR = [[2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
    0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772],
  [2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
    0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1]];

  function ratio(parts, r) {
    function horner(found, coefficient) { return found * r + coefficient; }
    return parts[0].reduce(horner, 0) / parts[1].reduce(horner, 0);
  }

  function normal(p) {
    var q = p - 0.5;
    if (Math.abs(q) <= 0.425) return q * ratio(NEAR, 0.180625 - q * q);
    var r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
    var x = r <= 5 ? ratio(MIDDLE, r - 1.6) : ratio(FAR, r - 5);
    return q < 0 ? -x : x;
  }

  // Of Student's t with three degrees of freedom: with w = t/√3 the distribution is ½ + [w/(1+w²) + arctan w]/π.
  function student(p) {
    var upper = Math.min(p, 1 - p);
    var w = -Math.cbrt(2 / (3 * Math.PI * upper)) + Math.cbrt(4 / (3 * Math.PI));
    for (var turn = 0; turn < 60; turn += 1) {
      var square = 1 + w * w;
      var step = (0.5 + (w / square + Math.atan(w)) / Math.PI - upper) * Math.PI * square * square / 2;
      w = Math.min(w - step, 0);
      if (Math.abs(step) <= 1e-14 * (1 + Math.abs(w))) break;
    }
    return Math.sqrt(3) * (p < 0.5 ? w : -w);
  }

  var QUANTILES = {
    point: function (b) { return b.value; },
    lognormal: function (b, p) { return b.median * Math.exp(b.sigma * normal(p)); },
    split: function (b, p) { var z = normal(p); return b.median * Math.exp((z < 0 ? b.below : b.above) * z); },
    uniform: function (b, p) { return b.low + (b.high - b.low) * p; },
    loguniform: function (b, p) { return b.low * Math.exp(Math.log(b.high / b.low) * p); },
    student: function (b, p) { return b.median * Math.pow(10, b.dex * student(p)); },
    truncated: function (b, p) {
      if (b.inner.shape === "point") return b.inner.value;
      if (!b.reach) Object.defineProperty(b, "reach", { value: [reached(b.inner, b.low), reached(b.inner, b.high)] });
      var value = quantile(b.inner, b.reach[0] + (b.reach[1] - b.reach[0]) * p);
      return Math.min(Math.max(value, b.low), b.high);
    },
    either: function (b, p) { return b.values[Math.min(Math.floor(p * b.values.length), b.values.length - 1)]; }
  };

  function quantile(belief, p) { return QUANTILES[belief.shape](belief, p); }

  function reached(belief, x) { // the probability of a value up to x, by halving
    var low = 0, high = 1;
    for (var turn = 0; turn < 60; turn += 1) {
      var middle = (low + high) / 2;
      if (quantile(belief, middle) <= x) low = middle; else high = middle;
    }
    return low;
  }

  function support(belief) { // ends of the 90% interval; hard bounds where they are hard, and of those 0 is allowed
    if (belief.shape === "uniform") return [belief.low || belief.high * 1e-9, belief.high];
    return [quantile(belief, 0.05), quantile(belief, 0.95)];
  }

  // The order in which a name visits the worlds: always the same for a name.
  function order(name) {
    if (kept.orders[name]) return kept.orders[name];
    var seed = 2166136261;
    for (var at = 0; at < name.length; at += 1) seed = Math.imul(seed ^ name.charCodeAt(at), 16777619);
    function random() { // mulberry32
      seed = (seed + 0x6d2b79f5) | 0;
      var t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    }
    var found = Uint32Array.from({ length: WORLDS }, function (_, place) { return place; });
    for (var last = WORLDS - 1; last > 0; last -= 1) {
      var other = Math.floor(random() * (last + 1)), moved = found[last];
      found[last] = found[other];
      found[other] = moved;
    }
    kept.orders[name] = found;
    return found;
  }

  function ordered(belief) {
    var key = JSON.stringify(belief);
    if (!kept.shapes[key]) {
      if (Object.keys(kept.shapes).length > 40) kept.shapes = {}; // half a megabyte each
      kept.shapes[key] = grid.map(function (p) { return quantile(belief, p); });
    }
    return kept.shapes[key];
  }

  // An amount: possible values, and the beliefs that they rest on by name. One that is exact has one value.
  function draw(name, belief) {
    var beliefs = {};
    if (belief.shape === "point") return { exact: belief.value, beliefs: beliefs };
    beliefs[name] = belief;
    var values = ordered(belief), places = order(name);
    return { draws: Float64Array.from(places, function (place) { return values[place]; }), beliefs: beliefs };
  }

  function product(one, other, sign) {
    var beliefs = Object.assign({}, one.beliefs, other.beliefs), power = sign || 1;
    function times(x, y) { return power > 0 ? x * y : x / y; }
    if (one.draws && other.draws) {
      return { draws: one.draws.map(function (x, at) { return times(x, other.draws[at]); }), beliefs: beliefs };
    }
    if (one.draws) return { draws: one.draws.map(function (x) { return times(x, other.exact); }), beliefs: beliefs };
    if (other.draws) return { draws: other.draws.map(function (y) { return times(one.exact, y); }), beliefs: beliefs };
    return { exact: times(one.exact, other.exact), beliefs: beliefs };
  }

  function sorted(amount) {
    if (!amount.sorted) amount.sorted = amount.draws.slice().sort();
    return amount.sorted;
  }

  function at(amount, p) { // by the rule for midpoints of strata
    if (!amount.draws) return amount.exact;
    var values = sorted(amount), place = Math.min(Math.max(p * WORLDS - 0.5, 0), WORLDS - 1);
    var below = Math.floor(place), above = Math.min(below + 1, WORLDS - 1);
    return values[below] + (values[above] - values[below]) * (place - below);
  }

  function logSd(amount) {
    return amount.draws ? Math.log(at(amount, 0.95) / at(amount, 0.05)) / (2 * Z90) : 0;
  }

  function above(amount, value) {
    if (!amount.draws) return amount.exact > value ? 1 : 0;
    return amount.draws.reduce(function (count, draw) { return count + (draw > value); }, 0) / WORLDS;
  }

  function correlation(x, y) {
    var n = x.length, mx = 0, my = 0, xx = 0, yy = 0, xy = 0, i;
    for (i = 0; i < n; i += 1) { mx += x[i] / n; my += y[i] / n; }
    for (i = 0; i < n; i += 1) {
      xx += (x[i] - mx) * (x[i] - mx); yy += (y[i] - my) * (y[i] - my); xy += (x[i] - mx) * (y[i] - my);
    }
    return xx && yy ? xy / Math.sqrt(xx * yy) : 0;
  }

  function logs(amount) { return amount.draws.map(Math.log); }

  function shared(one, other) { // correlation of the logarithms; none where they share nothing uncertain
    var common = Object.keys(one.beliefs).some(function (name) { return name in other.beliefs; });
    return common && one.draws && other.draws ? correlation(logs(one), logs(other)) : 0;
  }

  // Share of the variance of the logarithm that each belief carries: by correlation, or in bins of its worlds.
  function sensitivity(amount) {
    if (!amount.draws) return {};
    var target = logs(amount), found = {}, total = 0;
    Object.keys(amount.beliefs).forEach(function (name) {
      var own = logs(draw(name, amount.beliefs[name]));
      found[name] = Math.max(Math.pow(correlation(own, target), 2), binned(name, target));
      total += found[name];
    });
    Object.keys(found).forEach(function (name) { found[name] /= Math.max(total, 1); });
    return found;
  }

  function binned(name, target) {
    var size = WORLDS / BINS, places = order(name), sums = new Float64Array(BINS), squares = new Float64Array(BINS);
    var mean = 0, spread = 0, within = 0, between = 0;
    target.forEach(function (value) { mean += value / WORLDS; });
    target.forEach(function (value, world) {
      var bin = Math.floor(places[world] / size), off = value - mean;
      sums[bin] += off; squares[bin] += off * off; spread += off * off / WORLDS;
    });
    for (var bin = 0; bin < BINS; bin += 1) {
      within += (squares[bin] - sums[bin] * sums[bin] / size) / (size - 1) / BINS;
      between += Math.pow(sums[bin] / size, 2) / (BINS - 1);
    }
    return Math.max(between - within / size, 0) / spread;
  }

  page.beliefs = {
    worlds: WORLDS, grid: grid, order: order, support: support, draw: draw, product: product, at: at, logSd: logSd,
    above: above, shared: shared, logs: logs, sensitivity: sensitivity, sorted: sorted
  };
})();
