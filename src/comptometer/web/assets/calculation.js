// Figures → training compute, where no server is: the products of claims that Python's methods form, with the same
// defaults, and reconciled by the same rules. Configurations, causes of disagreement and stages need Python.
(function () {
  "use strict";
  var page = window.comptometer, beliefs = page.beliefs;
  var TENSION = 1.0, CONFLICT = 2.5, LEAST_WEIGHT = 0.2, SIDES = 2.0, NO_CAUSE = 30.0, BETWEEN = 0.2, SMALL = 1e9, BINS = 24, SHOWN = [0.002, 0.998];
  var BARE = ["time", "peak"]; // figures that need their unit
  var SAME_THING = [["utilization", "mfu", "hfu"], ["examples", "updates"], ["macs_per_example", "flop_per_example"]];
  var TAGS = ["model", "hardware", "derived-from-hardware"], LOW_PRECISION = ["fp8", "fp4"];
  var SYNONYMS = { float32: "fp32", float16: "fp16", half: "fp16", bfloat16: "bf16", float8: "fp8", float64: "fp64" };
  var ORDER = ["hardware-time", "reported", "operations", "parameters-tokens"]; // numerators first
  var HARMLESS = ["scale_up", "backward_factor", "recompute", "precision", "peak"]; // shared without being one evidence

  function folded(name) { return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ""); }

  function chipsNamed(name, tables) {
    if (Object.prototype.hasOwnProperty.call(tables.chips.records, name)) return [name];
    var key = folded(name);
    return Object.prototype.hasOwnProperty.call(tables.chips.names, key) ? tables.chips.names[key] : null;
  }

  // What is given, read: beliefs and words by figure, and the problems by figure as { why, values }.
  function understood(given, tables) {
    var found = { values: {}, words: {}, chips: [], problems: {} };
    function refuse(name, why, values) {
      if (!found.problems[name]) found.problems[name] = { why: why, values: values || {} };
    }
    Object.keys(given).forEach(function (name) {
      var rule = tables.figures[name], text = String(given[name]);
      if (!rule || !text.trim()) return;
      if (rule.words.length) {
        var word = SYNONYMS[text.toLowerCase()] || text.toLowerCase();
        if (rule.words.indexOf(word) < 0) refuse(name, "word", { words: rule.words.join(", ") });
        else found.words[name] = word;
        return;
      }
      try { found.values[name] = page.notation.read(text, rule, BARE.indexOf(name) < 0); } catch (error) {
        if (!(error instanceof page.notation.Unread)) throw error;
        refuse(name, error.why, error.values);
      }
    });
    SAME_THING.forEach(function (names) {
      var both = names.filter(function (name) { return given[name]; });
      if (both.length > 1) refuse(both[1], "twice", { others: both.join(", ") });
    });
    if (given.chip) {
      found.chips = chipsNamed(given.chip, tables) || [];
      if (!found.chips.length) refuse("chip", "chip");
      else if (!given.chips && !given.time && !given.chip_hours) refuse("chip", "machines");
    }
    var total = point(found.values.params), active = point(found.values.active_params);
    if (total && active && active > total) refuse("active_params", "active");
    if (point(found.values.backward_factor) < 1) refuse("backward_factor", "backward");
    if (given.reported_as && !given.reported) refuse("reported_as", "tagged");
    if (given.reported_as && TAGS.indexOf(given.reported_as) < 0) refuse("reported_as", "word", { words: TAGS.join(", ") });
    return found;
  }

  function point(belief) { return belief && belief.shape === "point" ? belief.value : undefined; }

  function middle(belief) { return belief ? beliefs.at(beliefs.draw("middle", belief), 0.5) : undefined; }

  // The evidence: figures as amounts, and the rules by which one follows from others.

  function Evidence(given, tables) {
    var read = understood(given, tables);
    this.problems = read.problems;
    this.values = read.values;
    this.words = read.words;
    this.tag = given.reported_as || null;
    this.tables = tables;
    this.chips = read.chips.map(function (id) { return Object.assign({ id: id }, tables.chips.records[id]); });
    this.domain = given.domain ? [given.domain] : given.tokens ? ["language"] : [];
    this.used = {}; // how each amount that was asked for is written in a formula
    this.warnings = [];
  }

  Evidence.prototype.stated = function (name) {
    if (!(name in this.values)) return null;
    return { amount: beliefs.draw(name, this.values[name]), roots: [this.tables.figures[name].about], figures: [name] };
  };

  Evidence.prototype.assumed = function (id, belief) {
    var row = this.tables.assumptions.find(function (one) { return one.id === id; });
    return { amount: beliefs.draw("assumption:" + id, belief || row.belief), roots: [], figures: ["assumption:" + id], assumed: true };
  };

  function times(one, other, sign) {
    if (!one || !other) return null;
    return { amount: beliefs.product(one.amount, other.amount, sign), roots: one.roots.concat(other.roots),
      figures: one.figures.concat(other.figures), assumed: one.assumed || other.assumed };
  }

  function scaled(known, factor) {
    return known && Object.assign({}, known, { amount: beliefs.product(known.amount, { exact: factor, beliefs: {} }) });
  }

  Evidence.prototype.known = function (need) {
    var one = { amount: { exact: 1, beliefs: {} }, roots: [], figures: [] };
    switch (need) {
      case "flop_per_example": return this.stated("flop_per_example") || scaled(this.stated("macs_per_example"), 2);
      case "backward_factor": return this.stated("backward_factor") || this.assumed("backward-factor");
      case "examples": {
        if (this.values.examples) return this.stated("examples");
        var product = times(this.stated("updates"), this.stated("batch_size"));
        return product || times(this.stated("tokens"), this.stated("sequence_length"), -1);
      }
      case "epochs":
        if (this.values.tokens && !this.values.examples && !this.values.updates) return one;
        return this.stated("epochs") || this.assumed("epochs");
      case "active_parameters": return this.stated("active_params") || this.stated("params");
      case "chip_hours": {
        if (this.values.chip_hours) return this.stated("chip_hours");
        return scaled(times(this.stated("chips"), this.stated("time")), 1 / 3600);
      }
      case "peak": return this.stated("peak") || this.peak();
      case "utilization": return this.utilization();
      case "scale_up": return this.stated("scale_up") || one;
      default: return this.stated(need);
    }
  };

  Evidence.prototype.measured = function () {
    return ["utilization", "mfu", "hfu"].some(function (name) { return name in this.values; }, this);
  };

  Evidence.prototype.peak = function () { // the chip's dense peak in the format of the run; a 16-bit one for the defaults
    if (!this.chips.length) return null;
    var wanted = this.words.precision;
    if (wanted && LOW_PRECISION.indexOf(wanted) >= 0 && !this.measured()) wanted = null;
    var values = [];
    this.chips.forEach(function (chip) {
      (wanted ? [wanted] : chip.usual).forEach(function (format) { values.push(chip.peaks[format]); });
    });
    values = values.filter(function (value, at) { return values.indexOf(value) === at; });
    if (!values.length) return null;
    var belief = values.length > 1 ? { shape: "either", values: values.sort(function (a, b) { return a - b; }) }
      : { shape: "point", value: values[0] };
    return { amount: beliefs.draw("peak", belief), roots: ["peak"], figures: ["peak"], assumed: values.length > 1 };
  };

  Evidence.prototype.lacksPeak = function () { // a chip without the format that is asked for
    var format = this.words.precision;
    return Boolean(format && !this.values.peak) && this.chips.some(function (chip) { return !(format in chip.peaks); });
  };

  Evidence.prototype.recompute = function () { return this.assumed("recompute/" + (this.words.recompute || "full")); };

  Evidence.prototype.utilization = function () {
    if (this.values.utilization) return this.stated("utilization");
    if (this.values.mfu) return times(this.stated("mfu"), this.assumed("goodput"));
    if (this.values.hfu) return times(times(this.stated("hfu"), this.recompute(), -1), this.assumed("goodput"));
    if (!this.known("peak")) return null;
    var rows = this.tables.assumptions.filter(function (row) { return row.about === "utilization" && this.applies(row); }, this);
    var fallback = rows.find(function (row) { return row.id === "utilization/default"; });
    var chosen = rows.reduce(function (best, row) { return conditions(row) > conditions(best) ? row : best; }, rows[0]);
    if (chosen === fallback || this.settled()) return this.assumed(chosen.id);
    var heavy = chosen.belief.shape === "truncated" ? chosen.belief.inner : chosen.belief;
    var widest = { shape: "student", median: heavy.median, dex: Math.max(heavy.dex, fallback.belief.dex) };
    return this.assumed(chosen.id, widest);
  };

  function conditions(row) {
    return ["families", "kinds", "domains", "sparse", "least", "most"].filter(function (name) { return name in row; }).length;
  }

  Evidence.prototype.sparse = function () { // a mixture of experts, as far as the figures tell
    var total = middle(this.values.params), active = middle(this.values.active_params || this.values.params);
    return (middle(this.values.experts) || 1) > 1 || Boolean(total && active && active < 0.9 * total);
  };

  Evidence.prototype.applies = function (row) {
    var chips = this.chips, domain = this.domain, size = middle(this.values.active_params || this.values.params);
    function every(names, key) { return chips.length > 0 && chips.every(function (chip) { return names.indexOf(chip[key]) >= 0; }); }
    return (!row.families || every(row.families, "family")) && (!row.kinds || every(row.kinds, "kind")) &&
      (!row.domains || row.domains.some(function (name) { return domain.indexOf(name) >= 0; })) &&
      (!("sparse" in row) || row.sparse === this.sparse()) &&
      (!("least" in row || "most" in row) || (size !== undefined && (row.least || 0) <= size && size < (row.most || Infinity)));
  };

  Evidence.prototype.settled = function () { // is there one peak to which utilization is relative?
    if (this.values.peak || this.words.precision) return true;
    var peaks = [].concat.apply([], this.chips.map(function (chip) {
      return chip.usual.map(function (format) { return chip.peaks[format]; });
    }));
    return peaks.length > 0 && peaks.every(function (value) { return value === peaks[0]; });
  };

  // The methods

  var METHODS = {
    "hardware-time": {
      needs: ["chip_hours", "peak", "utilization"], scale: 3600, witness: function () { return "hardware"; },
      error: function (evidence, found) { return found.utilization.assumed && !evidence.measured() ? null : "model-error/hardware-time"; }
    },
    operations: {
      needs: ["flop_per_example", "backward_factor", "examples", "epochs"], scale: 1, witness: function () { return "count"; },
      error: function () { return "model-error/operations"; }
    },
    "parameters-tokens": {
      needs: ["backward_factor", "active_parameters", "tokens"], scale: 2, witness: function () { return "count"; },
      error: function (evidence) {
        var text = evidence.tables.textDomains.some(function (name) { return evidence.domain.indexOf(name) >= 0; });
        if ((middle(evidence.values.experts) || 1) > 1 && !evidence.values.active_params) return "model-error/parameters-tokens/all-experts";
        if (evidence.domain.length && !text) return "model-error/parameters-tokens/not-language";
        var size = middle(evidence.values.active_params || evidence.values.params);
        return (size || SMALL) < SMALL ? "model-error/parameters-tokens/small" : "model-error/parameters-tokens";
      }
    },
    reported: {
      needs: ["reported"], scale: 1, alone: true,
      witness: function (evidence) {
        return { model: "count", hardware: "count", "derived-from-hardware": "hardware" }[evidence.tag] || "statement";
      },
      error: function (evidence) { return evidence.values.reported.shape === "point" ? "model-error/reported/primary" : null; }
    }
  };

  var LACKING = { // what somebody would have to supply
    flop_per_example: function () { return "flop_per_example"; },
    examples: function (values) { return values.updates ? "batch_size" : values.batch_size ? "updates" : "examples"; },
    chip_hours: function (values) { return values.chips ? "time" : values.time ? "chips" : "chip_hours"; },
    peak: function (values, chips) { return chips.length ? "peak" : "chip"; },
    utilization: function () { return null; },
    active_parameters: function () { return "params"; }
  };

  function outcome(name, evidence) {
    var rule = METHODS[name], found = {}, missing = [];
    rule.needs.forEach(function (need) {
      found[need] = evidence.known(need);
      if (found[need]) return;
      var wanted = LACKING[need] ? LACKING[need](evidence.values, evidence.chips) : need;
      if (wanted) missing.push(wanted);
    });
    if (missing.length || rule.needs.some(function (need) { return !found[need]; })) return { missing: missing };
    var known = rule.needs.map(function (need) { return found[need]; }).reduce(function (one, other) { return times(one, other); });
    if (name === "reported" && evidence.tag === "hardware") known = times(known, evidence.recompute(), -1);
    if (!rule.alone && evidence.values.scale_up) known = times(known, evidence.known("scale_up"));
    var error = rule.error(evidence, found);
    if (error) known = times(known, evidence.assumed(error));
    known = scaled(known, rule.scale);
    return { name: name, amount: known.amount, witness: rule.witness(evidence), figures: known.figures,
      secondHand: name === "reported" && evidence.tag === "derived-from-hardware",
      roots: known.roots.filter(function (root) { return HARMLESS.indexOf(root) < 0; }), needs: rule.needs };
  }

  // Reconciling

  function verdict(z) { return z <= TENSION ? "consistent" : z <= CONFLICT ? "tension" : "conflict"; }

  function independent(one, other) {
    if (one.witness === other.witness || one.witness === "statement" || other.witness === "statement") return false;
    return !one.roots.some(function (root) { return other.roots.indexOf(root) >= 0; });
  }

  function compare(one, other) {
    var first = beliefs.logSd(one.amount), second = beliefs.logSd(other.amount);
    var rho = first && second ? beliefs.shared(one.amount, other.amount) : 0;
    var ratio = beliefs.at(one.amount, 0.5) / beliefs.at(other.amount, 0.5), distance = Math.abs(Math.log(ratio));
    var spread = Math.sqrt(Math.max(first * first + second * second - 2 * rho * first * second, 0));
    var z = spread ? distance / spread : distance < 1e-12 ? 0 : Infinity;
    return { first: one.name, second: other.name, ratio: ratio, z: z, independent: independent(one, other) };
  }

  function reconcile(parts) {
    var listed = parts.slice().sort(function (a, b) { return ORDER.indexOf(a.name) - ORDER.indexOf(b.name); });
    var comparisons = [];
    listed.forEach(function (one, at) {
      listed.slice(at + 1).forEach(function (other) { comparisons.push(compare(one, other)); });
    });
    var out = outvoted(listed);
    var witnesses = chosen(listed.filter(function (part) { return part.name !== out; }));
    if (witnesses.length === 1) {
      var alone = {};
      alone[witnesses[0].name] = 1;
      return { value: witnesses[0].amount, weights: alone, comparisons: comparisons, verdict: dependent(comparisons) };
    }
    var names = witnesses.map(function (part) { return part.name; });
    var z = Math.max.apply(null, comparisons.filter(function (pair) {
      return names.indexOf(pair.first) >= 0 && names.indexOf(pair.second) >= 0;
    }).map(function (pair) { return pair.z; }));
    var shares = weights(witnesses);
    var far = z > CONFLICT && witnesses.length === 2 && apart(witnesses[0], witnesses[1]) > Math.log(NO_CAUSE);
    if (far) shares = [0.5, 0.5];
    else if (z > CONFLICT) shares = portions(shares.map(function (share) { return Math.max(share, LEAST_WEIGHT); }));
    var found = {};
    names.forEach(function (name, at) { found[name] = shares[at]; });
    return { value: (far ? spanned : z > CONFLICT ? mixed : averaged)(witnesses, shares, z), weights: found, comparisons: comparisons,
      verdict: verdict(z) };
  }

  function apart(one, other) { return Math.abs(Math.log(beliefs.at(one.amount, 0.5) / beliefs.at(other.amount, 0.5))); }

  function outvoted(parts) { // of two in conflict the one that a stated result is far from, while it is near the other
    var stated = parts.find(function (part) { return part.name === "reported" && !part.secondHand; });
    var sides = parts.filter(function (part) { return part.name !== "reported"; }), found = null;
    if (!stated) return null;
    sides.forEach(function (one, at) {
      sides.slice(at + 1).forEach(function (other) {
        if (found || !independent(one, other) || compare(one, other).z <= CONFLICT) return;
        var near = [one, other].filter(function (side) { return apart(side, stated) <= Math.log(SIDES); });
        if (near.length === 1) found = near[0] === one ? other.name : one.name;
      });
    });
    return found;
  }

  function dependent(comparisons) { // what shares evidence can contradict, but not confirm
    var pairs = comparisons.filter(function (pair) { return pair.first === "hardware-time" && pair.second !== "reported"; });
    var worst = comparisons.reduce(function (most, pair) { return Math.max(most, pair.z); }, 0);
    return pairs.length || worst > TENSION ? verdict(worst) : "single-method";
  }

  function chosen(parts) { // from each group that shares evidence, the narrowest
    var found = [];
    parts.slice().sort(function (a, b) {
      return (a.witness === "statement") - (b.witness === "statement") || beliefs.logSd(a.amount) - beliefs.logSd(b.amount);
    }).forEach(function (part) {
      if (found.every(function (other) { return independent(part, other); })) found.push(part);
    });
    return found;
  }

  function portions(values) {
    var total = values.reduce(function (sum, value) { return sum + value; }, 0);
    return values.map(function (value) { return value / total; });
  }

  function weights(witnesses) { // of least variance; there are at most two witnesses that are independent
    var sds = witnesses.map(function (part) { return beliefs.logSd(part.amount); });
    if (sds.some(function (sd) { return !sd; })) return portions(sds.map(function (sd) { return sd ? 0 : 1; }));
    var rho = beliefs.shared(witnesses[0].amount, witnesses[1].amount), a = sds[0], b = sds[1];
    return portions([Math.max(b * b - rho * a * b, 0), Math.max(a * a - rho * a * b, 0)]);
  }

  function all(witnesses) { return Object.assign.apply(null, [{}].concat(witnesses.map(function (part) { return part.amount.beliefs; }))); }

  function valueAt(amount, world) { return amount.draws ? amount.draws[world] : amount.exact; }

  function averaged(witnesses, shares, z) {
    var found = Float64Array.from({ length: beliefs.worlds }, function (_, world) {
      return witnesses.reduce(function (sum, part, at) { return sum + shares[at] * Math.log(valueAt(part.amount, world)); }, 0);
    });
    var center = beliefs.at({ draws: found }, 0.5), wide = Math.max(TENSION, z);
    return { draws: found.map(function (log) { return Math.exp(center + (log - center) * wide); }), beliefs: all(witnesses) };
  }

  function mixed(witnesses, shares) {
    var places = beliefs.order("which-witness");
    var found = Float64Array.from({ length: beliefs.worlds }, function (_, world) {
      var reached = 0, p = beliefs.grid[places[world]];
      var at = shares.findIndex(function (share) { reached += share; return p <= reached; });
      return valueAt(witnesses[at < 0 ? witnesses.length - 1 : at].amount, world);
    });
    return { draws: found, beliefs: Object.assign(all(witnesses), { "which-witness": { shape: "uniform", low: 1e-9, high: 1 } }) };
  }

  function spanned(witnesses) { // too far apart for any usual cause: the median is the middle of the two
    var ends = witnesses.slice().sort(function (a, b) { return beliefs.at(a.amount, 0.5) - beliefs.at(b.amount, 0.5); });
    var low = Math.log(beliefs.at(ends[0].amount, 0.5)), high = Math.log(beliefs.at(ends[1].amount, 0.5));
    var places = beliefs.order("which-witness");
    var found = Float64Array.from({ length: beliefs.worlds }, function (_, world) {
      var way = (beliefs.grid[places[world]] - (0.5 - BETWEEN / 2)) / BETWEEN;
      if (way < 0) return valueAt(ends[0].amount, world);
      return way > 1 ? valueAt(ends[1].amount, world) : Math.exp(low + way * (high - low));
    });
    return { draws: found, beliefs: Object.assign(all(witnesses), { "which-witness": { shape: "uniform", low: 1e-9, high: 1 } }) };
  }

  // The answer

  function quantiles(amount) {
    return { p5: beliefs.at(amount, 0.05), p50: beliefs.at(amount, 0.5), p95: beliefs.at(amount, 0.95) };
  }

  function about(name, evidence) {
    if (name.indexOf("assumption:") === 0) return name.slice("assumption:".length).split("/")[0];
    return evidence.tables.figures[name] ? evidence.tables.figures[name].about : name;
  }

  function drivers(value, evidence) {
    var shares = {}, found = beliefs.sensitivity(value), total = 0;
    Object.keys(found).forEach(function (name) {
      var key = about(name, evidence);
      shares[key] = (shares[key] || 0) + found[name];
      total += found[name];
    });
    if (total && 1 - total > 0.02) shares.interaction = 1 - total;
    return Object.keys(shares).map(function (name) { return { about: name, share: shares[name] }; })
      .filter(function (row) { return row.share >= 0.005; }).sort(function (a, b) { return b.share - a.share; });
  }

  function density(value) {
    if (!value.draws) return [];
    var low = Math.log(beliefs.at(value, SHOWN[0])), high = Math.log(beliefs.at(value, SHOWN[1]));
    if (!(low < high)) return [];
    var counts = new Array(BINS).fill(0), step = (high - low) / BINS;
    value.draws.forEach(function (draw) {
      var at = Math.floor((Math.log(draw) - low) / step);
      if (at >= 0 && at < BINS) counts[at] += 1;
    });
    return counts.map(function (count, at) {
      return { low: Math.exp(low + at * step), high: Math.exp(low + (at + 1) * step), share: count / beliefs.worlds };
    });
  }

  // Figures as texts → the answer as the server gives it, or { problems } by figure, or { missing } by method.
  page.calculate = function (given, tables) {
    var evidence = new Evidence(given, tables), problems = evidence.problems;
    if (!Object.keys(problems).length && evidence.lacksPeak()) problems.precision = { why: "format", values: {} };
    if (Object.keys(problems).length) return { problems: problems };
    var found = Object.keys(METHODS).map(function (name) { return outcome(name, evidence); });
    var missing = {};
    Object.keys(METHODS).forEach(function (name, at) { if (found[at].missing) missing[name] = found[at].missing; });
    var parts = found.filter(function (part) { return !part.missing; });
    if (!parts.length) return { problems: {}, missing: missing };
    var together = reconcile(parts);
    var counted = ["operations", "parameters-tokens"].find(function (name) { return parts.some(function (part) { return part.name === name; }); });
    var pair = together.comparisons.find(function (one) { return one.first === "hardware-time" && one.second === counted; });
    var compute = quantiles(together.value), pfs = 8.64e19;
    return {
      compute: Object.assign({ unit: "FLOP" }, compute),
      pfs_days: { p5: compute.p5 / pfs, p50: compute.p50 / pfs, p95: compute.p95 / pfs },
      methods: parts.map(function (part) {
        var weight = together.weights[part.name];
        return Object.assign({ name: part.name, weight: weight === undefined ? null : weight, unit: "FLOP" }, quantiles(part.amount));
      }),
      missing: missing,
      ratio: pair ? pair.ratio : null,
      z: pair ? pair.z : together.comparisons.length ? Math.max.apply(null, together.comparisons.map(function (one) { return one.z; })) : null,
      counted: counted || null,
      verdict: together.verdict,
      independent: Object.keys(together.weights).length > 1,
      hypotheses: [],
      warnings: [],
      drivers: drivers(together.value, evidence),
      thresholds: tables.thresholds.map(function (row) {
        return { id: row.id, name: row.name, flop: row.flop, probability: beliefs.above(together.value, row.flop) };
      }),
      density: density(together.value)
    };
  };
  page.understood = understood;
})();
